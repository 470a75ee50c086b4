"""Which clips may become the reference, and with what words."""

from services.inference.worker import usable_clips
from voiceloom.pipeline.v1 import manifest_pb2 as manifest

WORDS = [manifest.Word(text="Good", start_s=0.2, end_s=0.9), manifest.Word(text="morning", start_s=1.0, end_s=3.4)]
SLICES = manifest.AudioSliceManifest(
    clips=[manifest.Clip(id=f"c{n}", seconds=4.0, kept=True, snr_db=30.0) for n in range(3)]
)
HEARD = manifest.AsrManifest(
    language="en",
    transcripts=[
        manifest.Transcript(
            clip_id=f"c{n}",
            text="Good morning to all of you who came here today",
            confidence=0.9,
            kept=True,
            words=WORDS,
        )
        for n in range(3)
    ],
)


def test_clips_have_the_words_that_were_heard_where_nobody_corrected_them() -> None:
    assert [clip.text for clip in usable_clips(SLICES, HEARD, None)] == [
        "Good morning to all of you who came here today"
    ] * 3


def test_clips_that_were_not_trained_on_are_left_out_and_corrected_words_win() -> None:
    trained = manifest.TextFeatureManifest(
        rows=[
            manifest.PhonemeRow(clip_id="c0", text="Good morning to all of you who came here today", kept=True),
            manifest.PhonemeRow(
                clip_id="c1", text="Good evening to all of you who came here today", kept=True, corrected=True
            ),
            manifest.PhonemeRow(
                clip_id="c2", text="Good morning to all of you who came here today", drop_reason="dropped_by_user"
            ),
        ]
    )
    heard, corrected = usable_clips(SLICES, HEARD, trained)
    assert (heard.id, heard.text, len(heard.words)) == ("c0", "Good morning to all of you who came here today", 2)
    assert (corrected.id, corrected.text, corrected.words) == (
        "c1",
        "Good evening to all of you who came here today",
        (),
    )
