"""The sentences: both languages have all of them, and every key that code uses exists."""

import ast
import re
import string
from pathlib import Path

import pytest

from gateway import messages
from gateway.errors import STATUS_OF_CODE
from gateway.messages import LANGUAGES, catalogue
from gateway.schemas import StageName

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [path for folder in ("services", "gateway") for path in (ROOT / folder).rglob("*.py")]
# Models and text know codes, but no sentences.
KEY_SOURCES = [path for path in SOURCES if not path.is_relative_to(ROOT / "services" / "voice")]
STAGES = StageName.__args__  # type: ignore[attr-defined]
# First parts of keys that code passes on as plain strings.
FAMILIES = {"task", "stage", "train", "report", "verdict", "clip", *STAGES}
# Codes that never reach a person: a retry or the edge turns them into another one.
INTERNAL_CODES = {"STORAGE_UNAVAILABLE", "BROKER_UNAVAILABLE", "ARTIFACT_NOT_FOUND", "RUN_NOT_FOUND"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("family", ["", "api", "studio"])
def test_both_languages_have_the_same_keys(family: str) -> None:
    zh, en = (catalogue(language, family) for language in LANGUAGES)
    assert set(zh) == set(en)


def test_both_languages_use_the_same_arguments() -> None:
    # The Chinese sentence of an epoch names the model as well; the arguments are the same.
    zh, en = (catalogue(language) for language in LANGUAGES)
    assert {key: placeholders(zh[key]) for key in zh} == {key: placeholders(en[key]) for key in en}


def test_no_sentence_is_empty_or_left_in_the_other_language() -> None:
    for family in ("", "api", "studio"):
        assert all(sentence.strip() for sentence in catalogue("zh", family).values())
        for key, sentence in catalogue("en", family).items():
            assert not re.search(r"[\u3000-\u9fff]", sentence), key


def test_every_code_of_the_gateway_has_a_sentence() -> None:
    assert all(messages.has(f"error.{code}") for code in STATUS_OF_CODE)


def _strings(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _raised_codes(path: Path) -> set[str]:
    """First arguments like "AUDIO_SILENT" of calls to something named ...Error, and what classes call their code."""
    codes = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["code"]:
            codes.update([node.value.value] if isinstance(node.value, ast.Constant) else [])
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            code = node.args[0].value
            if name.endswith("Error") and isinstance(code, str) and re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", code):
                codes.add(code)
    return codes


def test_every_key_that_code_uses_has_a_sentence() -> None:
    """Keys are written as plain strings like "asr.loading" wherever they are used."""
    used = {
        (key, path.relative_to(ROOT))
        for path in KEY_SOURCES
        for key in _strings(path)
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", key) and key.partition(".")[0] in FAMILIES
    }
    assert used, "no key found: the pattern is wrong"
    # Names of files and attributes look alike: only those that some family of sentences claims are keys.
    missing = {(key, str(path)) for key, path in used if not messages.has(key) and not key.endswith((".py", ".pb"))}
    assert not missing


def test_every_code_that_code_raises_has_a_sentence() -> None:
    raised = {(code, path.relative_to(ROOT)) for path in SOURCES for code in _raised_codes(path)}
    assert raised
    missing = {(c, str(p)) for c, p in raised if c not in INTERNAL_CODES and not messages.has(f"error.{c}")}
    assert not missing


def test_arguments_are_filled_in_and_never_read_as_a_pattern() -> None:
    assert messages.text("zh", "error.NAME_TAKEN", {"exp_name": "{a}{b}"}).startswith("实验名称 '{a}{b}'")


def test_words_among_the_arguments_are_translated() -> None:
    assert "GPT 训练" in messages.text("zh", "task.interrupted", {"stage": "gpt_train"})
    args = {"language": "zh", "languages": "en,ja"}
    assert messages.text("en", "error.LANGUAGE_UNSUPPORTED", args).endswith("Chinese; it speaks: English, Japanese")


def test_missing_argument_or_key_raises_nothing() -> None:
    assert "?" in messages.text("en", "error.AUDIO_TOO_SHORT", {})
    assert messages.text("en", "no.such.key") == ""


def test_words_of_the_contract_are_exact() -> None:
    expected = {
        "error.NAME_TAKEN": "实验名称 'x' 已存在,请使用不同的名称",
        "error.FILE_NOT_FOUND": "音频文件不存在: f",
        "error.TASK_NOT_FOUND": "任务不存在",
        "error.TASK_NOT_CANCELLABLE": "任务无法取消(可能已完成或已取消)",
        "error.OUTPUT_NOT_FOUND": "任务或文件不存在",
        "task.cancelled": "任务已取消",
        "task.completed": "训练完成",
    }
    assert {key: messages.text("zh", key, {"exp_name": "x", "file_id": "f"}) for key in expected} == expected
    assert messages.text("en", "sovits_train.epoch", {"epoch": "8", "epochs": "16"}) == "Epoch 8/16"
