"""Which names an experiment may have."""

import pytest

from services.orchestrator.names import checked_name
from services.runtime.errors import InvalidInputError


@pytest.mark.parametrize(
    "name",
    ["a", "my-voice_2", "声音", "Голос", "صوتي", "हिन्दी", "ไทย", "한국어", "𠀀" * 64, "a" * 64, "-", "٣"],
)
def test_letters_of_any_script_are_allowed(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a" * 65, "𠀀" * 65, "a/b", "../x", "a b", "a\nb", "a\0", "a.b", "😀", "a'b", "½", "\u200bab", "\u0301a"],
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked_name(name)
    assert refused.value.code == "INVALID_REQUEST"


def test_name_is_composed_before_it_is_measured() -> None:
    assert checked_name("e\u0301" * 64) == "\u00e9" * 64
