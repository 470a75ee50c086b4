"""Vectors of kind `text`: phonemes and symbol ids of sentences, for the languages that have a front end here."""

from services.voice.parity.report import Report, Vector
from services.voice.text import phonemize, supported

# Languages whose phonemes are counted per character.
WORD2PH_LANGUAGES = ("zh", "yue")

# Sentence -> why our phonemes differ from the official ones on purpose.
DIFFERENCES = {
    "I have 3 apples and 12 oranges.": "CMUdict has since changed the vowels of 'oranges'",
    "On January 5th, 2024, at 10:30 we met.": "half past ten is not always a.m.",
    "He ran 5km in 20min; that's 15km/h!": "official: 'kilometersh'",
    "The temperature dropped to -12°C last night.": "official glues 'to' and 'negative' into one word",
    "About 3/4 of the 1,234 people agreed.": "a number with a comma is no year; 'thirty-four' is read, not guessed",
    "Dr. Smith and Mr. Jones met Mrs. Brown on Elm St.": "official: 'Drive Smith', and a pause after every title",
    "e.g. I used OpenAI's AI tool to draw a picture.": "'used' in front of an object has a voiced s",
    "Xylorzenko visited Wrocław with Kvothe.": "official drops the letter ł and cuts names into letters",
    "Call me at 555-0123.": "a telephone number is read digit by digit",
    "wordsegmentation helloworld superlongword": "parts are looked up; official guesses 'helloworld' and 'longword'",
    "Use http://www.example.com now": "official garbles the address; an address is read with its dots",
    "Well—this is — odd…": "official glues the words around a dash; a dash is a pause",
    "1st, 2nd, 3rd & 4th @ home": "official drops & and @; they are read",
    "今天天气真不错。": "不 is neutral in 说不说, between equal syllables; in 真不错 it rises before 错",
    "2024年1月5日上午10:30开会。": "一月 is the first month, so 一 stays high",
    "这朵花儿真好看，一点儿也不贵。": "儿 takes the tone of the 花 that it colours",
    "你好好地想想，老虎跑了。": "adverbial 地 is read de; official splits 老 虎跑 and reads a place name",
    "我给你买五把小雨伞。": "a number goes with its measure word: 五把 | 小雨伞",
    "啊——但是，真的吗？": "official drops the dash; a dash is a pause",
    "我用GPT写代码。": "official drops Latin letters here; they are read in English",
    "都市里的人都很忙。": "official splits 都 市里; 都 in 都市 is no adverb",
    "地铁站的地面很滑地走。": "adverbial 地 is read de",
    "时间比分是3:2，他们赢了": "official drops the colon; a score is read 三比二",
    "一九九八年，我在北京大学读书。": "一 in a row of digits stays high",
}


def check(vector: Vector, report: Report) -> None:
    """Runs one vector: every language in it is either compared or reported as missing."""
    for language, rows in vector.json.items():
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            continue
        vector.record(language)
        if language not in supported():
            report.skip(vector.name, f"text of language {language} ({len(rows)} sentences)")
            continue
        equal = [row for row in rows if row["text"] not in DIFFERENCES]
        results = [phonemize(row["text"], language) for row in equal]
        report.exact(vector, f"{language}: phones", [list(r.phonemes) for r in results], [r["phones"] for r in equal])
        report.exact(vector, f"{language}: ids", [list(r.ids) for r in results], [r["ids"] for r in equal])
        word2ph = [list(r.word2ph) or None for r in results]
        report.exact(vector, f"{language}: word2ph", word2ph, [row["word2ph"] for row in equal])
        if language in WORD2PH_LANGUAGES:
            # Features per character follow the normalised text, so it is part of the result.
            report.exact(vector, f"{language}: norm", [r.normalized_text for r in results], [r["norm"] for r in equal])
        for row in rows:
            if row["text"] in DIFFERENCES:
                report.differ(vector.name, f"{row['text']!r}: {DIFFERENCES[row['text']]}")
