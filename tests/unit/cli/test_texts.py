"""The command line's own sentences: both languages have all of them, and every key that code uses exists."""

import ast
import re
import string
from pathlib import Path

from cli.options import Status
from cli.texts import LANGUAGES, catalogue, text

CLI = Path(__file__).resolve().parents[3] / "cli"
# First parts of keys whose rest is a word of the REST contract.
FAMILIES = {
    "status": set(Status.__args__),  # type: ignore[attr-defined]
    "stage_status": {"pending", "running", "completed", "failed", "cancelled", "skipped"},
    "outlook": {"unusable", "poor", "fair", "good"},
    "report": {"usable", "clips", "snr", "clipping", "loudness", "sampling"},
    "estimate": {"history", "measured"},
}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def strings() -> set[str]:
    """Every string constant of the code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in CLI.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_both_languages_say_the_same_things() -> None:
    zh, en = (catalogue(language) for language in LANGUAGES)
    assert {key: placeholders(sentence) for key, sentence in zh.items()} == {
        key: placeholders(sentence) for key, sentence in en.items()
    }
    assert not [key for key, sentence in en.items() if re.search(r"[\u3000-\u9fff]", sentence)]
    assert all(zh.values())


def test_every_sentence_is_used_and_every_used_one_exists() -> None:
    known, used = set(catalogue("en")), strings()
    by_word = {f"{family}.{word}" for family, words in FAMILIES.items() for word in words}
    assert by_word <= known
    families = {key.partition(".")[0] for key in known}
    keys = {name for name in used if re.fullmatch(r"[a-z_]+\.(?!json|toml)[A-Za-z_]+", name)}
    assert {key for key in keys if key.partition(".")[0] in families} - known == set()
    unused = {key for key in known if key not in used and key.removeprefix("error.") not in used} - by_word
    assert unused == set()


def test_a_sentence_is_made_of_its_arguments() -> None:
    assert text("en", "error.NO_SUCH_CLIP", clip="0007") == "The task has no clip 0007"
