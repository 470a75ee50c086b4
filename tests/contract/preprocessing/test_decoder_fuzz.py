"""A short walk with the fuzzer: the same inputs every time, through the service's functions and its decoding child."""

from pathlib import Path

from tests.fuzz.decoder import fuzzer

INPUTS = 60


def test_bad_recordings_end_in_facts_or_in_a_typed_refusal(tmp_path: Path) -> None:
    with fuzzer(seed=20, saved=tmp_path / "saved") as run:
        for number in range(INPUTS):
            run.run(number)
        found = run.summary
    assert found.violations == []
    assert found.inputs == INPUTS == found.accepted + found.refused
    assert found.accepted > 0, "what is only scratched must still be read, or nothing was tested"
    assert found.refused > 0


def test_what_once_broke_the_child_is_read_or_refused(tmp_path: Path) -> None:
    with fuzzer(seed=1, saved=tmp_path / "saved") as run:
        run.run(194)  # a sample table that sends FFmpeg to a place before the beginning
    assert run.summary.child_crashes == 0
    assert run.summary.violations == []


def test_the_fuzzer_notices_what_must_not_be(tmp_path: Path) -> None:
    with fuzzer(seed=20, saved=tmp_path / "saved") as run:
        run.decode = untyped
        run.run(0)
    assert run.summary.violations == ["input 0: untyped ZeroDivisionError('no')"]
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["seed20-0.bin"]


def untyped(*_: object, **__: object) -> None:
    raise ZeroDivisionError("no")
