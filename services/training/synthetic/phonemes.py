"""Text to Kokoro's phonemes: English through the espeak-ng library, Chinese with misaki's table of syllables.

Kokoro writes English with letters of its own for diphthongs and affricates (`A` for the vowel of "day"); espeak-ng
writes IPA and ties the two halves together, which makes them easy to tell from two sounds.
"""

from __future__ import annotations

import ctypes
import re
from typing import Protocol

from services.training.synthetic.errors import SyntheticError

TIE = "^"
_UTF8 = 1
_IPA_WITH_TIES = 0x02 | 0x80 | ord(TIE) << 8
_RETRIEVAL = 1  # espeak-ng's audio output mode: none is played, and we ask for none
_MARKS = re.compile(r"\s*([;:,.!?—…\"()“”]+)\s*")

_BOTH = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "e^ɪ": "A",
    "ɔ^ɪ": "Y",
    "d^ʒ": "ʤ",
    "t^ʃ": "ʧ",
    "ə^l": "ᵊl",
    "l\u0329": "ᵊl",
    "n\u0329": "ᵊn",
    "m\u0329": "ᵊm",
    "ɐ": "ə",
    "r": "ɹ",
    "x": "k",
    "ɬ": "l",
}
_AMERICAN = {
    "o^ʊ": "O",
    "ə^ʊ": "O",
    "ɜːɹ": "ɜɹ",
    "ɜː": "ɜɹ",
    "ɚɹ": "əɹ",
    "ɚ": "əɹ",
    "ɪə": "iə",
    "ɾ": "T",
    "ʔ": "t",
    "ː": "",
}
_BRITISH = {"ə^ʊ": "Q", "o^ʊ": "Q", "e^ə": "ɛː", "i^ə": "ɪə", "iə": "ɪə", "ɚ": "ə", "ɾ": "t", "ʔ": "t"}


# Tone letters to Kokoro's arrows, the longest first; syllabic consonants; and a sign for "no audible release".
_TONES = {"˧˩˧": "↓", "˧˥": "↗", "˥˩": "↘", "˥": "→", "ɻ\u0329": "ɨ", "ɹ\u0329": "ɨ", "\u032f": ""}
_CHINESE_MARKS = {"，": ", ", "、": ", ", "。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ": "}


class Phonemizer(Protocol):
    """Text to phonemes of one language."""

    def __call__(self, text: str, british: bool) -> str:
        """The phonemes, punctuation among them."""


def to_kokoro(ipa: str, british: bool) -> str:
    """IPA of espeak-ng, ties marked by `^`, to Kokoro's letters."""
    for table in (_BOTH, _BRITISH if british else _AMERICAN):
        for sound, letter in table.items():
            ipa = ipa.replace(sound, letter)
    return ipa.replace(TIE, "").replace("\u0329", "").replace("o", "ɔ").replace("e", "A").replace("_", "")


class English:
    """espeak-ng by way of its C library."""

    def __init__(self) -> None:
        import espeakng_loader  # only the extra `corpus` has it

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = str(espeakng_loader.get_data_path()).encode()
        if self._library.espeak_Initialize(_RETRIEVAL, 0, data, 0) <= 0:
            raise SyntheticError("espeak-ng cannot read its own data; install the package espeakng-loader again.")

    def __call__(self, text: str, british: bool) -> str:
        """Words between punctuation are translated one stretch at a time; espeak-ng would drop the marks."""
        voice = b"gmw/en" if british else b"gmw/en-US"  # by file: 1.52 does not find "en-gb"
        if self._library.espeak_SetVoiceByName(voice) != 0:
            raise SyntheticError(f"espeak-ng has no voice {voice.decode()}; install the package espeakng-loader again.")
        pieces = _MARKS.split(text)
        words, marks = pieces[::2], [*pieces[1::2], ""]
        sounds = (to_kokoro(self._ipa(part), british) + mark for part, mark in zip(words, marks, strict=True))
        return " ".join(sound for sound in sounds if sound)

    def _ipa(self, text: str) -> str:
        left = ctypes.c_char_p(text.encode())
        clauses = []
        while left.value:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(left), _UTF8, _IPA_WITH_TIES) or b"")
        return " ".join(clause.decode().strip() for clause in clauses)


class Chinese:
    """jieba's words, pypinyin's syllables, misaki's IPA: the way Kokoro's Mandarin was written when it was trained."""

    def __init__(self) -> None:
        import pypinyin  # only the extra `corpus` has these
        import rjieba
        from misaki.transcription import pinyin_to_ipa

        self._words, self._syllables, self._ipa = rjieba.cut, pypinyin.lazy_pinyin, pinyin_to_ipa
        self._style = pypinyin.Style.TONE3

    def __call__(self, text: str, british: bool) -> str:
        """Mandarin has one accent here, so `british` changes nothing."""
        pieces = re.split("([\u4e00-\u9fff]+)", text)
        return "".join(self._read(p) if at % 2 else self._mark(p) for at, p in enumerate(pieces)).strip()

    def _read(self, text: str) -> str:
        return " ".join("".join(map(self._sound, self._spell(word))) for word in self._words(text))

    def _spell(self, word: str) -> list[str]:
        return list(self._syllables(word, style=self._style, neutral_tone_with_five=True))

    def _sound(self, syllable: str) -> str:
        sound = "".join(next(iter(self._ipa(syllable))))
        for contour, arrow in _TONES.items():
            sound = sound.replace(contour, arrow)
        return sound

    @staticmethod
    def _mark(text: str) -> str:
        return "".join(_CHINESE_MARKS.get(mark, mark) for mark in text)


def phonemizer(language: str) -> Phonemizer:
    """The front end of a language."""
    return English() if language == "en" else Chinese()
