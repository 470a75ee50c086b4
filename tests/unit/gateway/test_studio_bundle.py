"""The committed bundle of the studio page is what its sources make, small enough, and every text of it exists."""

import gzip
import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from gateway.messages import LANGUAGES, catalogue

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "studio"
BUNDLE = ROOT / "gateway" / "static" / "studio"
FIRST_LOAD_BYTES = 300_000
# Keys that are put together: t(`status.${status}`).
_USED = re.compile(r"""\bt\(\s*(?:[^"'`()]*\?\s*)?["']([a-z_0-9.]+)["'](?:\s*:\s*["']([a-z_0-9.]+)["'])?""")
_FAMILY = re.compile(r"\bt\(\s*`([a-z_0-9.]+)\.\$\{")


def source_digest() -> str:
    """As studio/build.mjs makes it."""
    hashed = hashlib.sha256()
    paths = {
        str(path.relative_to(SOURCES)): path
        for path in SOURCES.rglob("*")
        if path.is_file() and "node_modules" not in path.parts and path.name != "README.md"
    }
    for name in sorted(paths):
        content = paths[name].read_bytes()
        hashed.update(f"{name}:{len(content)}\n".encode())
        hashed.update(content)
    return hashed.hexdigest()


def typescript() -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in (SOURCES / "src").rglob("*.ts")}


def test_the_bundle_was_built_from_these_sources() -> None:
    built = json.loads((BUNDLE / "build.json").read_text())
    assert built["sources"] == source_digest(), "run `make studio`"


def test_the_libraries_are_pinned() -> None:
    package = json.loads((SOURCES / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert versions
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_the_first_load_is_small() -> None:
    built = json.loads((BUNDLE / "build.json").read_text())
    page = (BUNDLE.parent / "studio.html").read_bytes()
    files = [BUNDLE / built["script"], BUNDLE / built["style"]]
    texts = json.dumps({**catalogue("zh"), **catalogue("zh", "studio")}, ensure_ascii=False).encode()
    total = sum(len(gzip.compress(part)) for part in (page, texts, *(path.read_bytes() for path in files)))
    assert total < FIRST_LOAD_BYTES


def test_every_text_that_the_page_uses_exists() -> None:
    known = catalogue("en", "studio")
    used = {key for text in typescript().values() for found in _USED.findall(text) for key in found if key}
    assert len(used) > 20, "no text found: the pattern is wrong"
    assert {key for key in used if key not in known} == set()
    families = {found for text in typescript().values() for found in _FAMILY.findall(text)}
    assert {family for family in families if not any(key.startswith(f"{family}.") for key in known)} == set()


def test_no_text_is_written_into_the_sources() -> None:
    """Chinese outside the catalogue: only the sentence for when there is no catalogue, and the name of the language."""
    found = {
        (Path(name).name, line.strip())
        for name, text in typescript().items()
        for line in text.splitlines()
        if re.search(r"[\u3400-\u9fff]", line) and not line.strip().startswith(("//", "*", "/*"))
    }
    assert len(found) == 2, found


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_lie_in_tables_and_say_something(language: str) -> None:
    path = ROOT / "gateway" / "messages" / f"studio_{language}.toml"
    assert tomllib.loads(path.read_text(encoding="utf-8"))
    assert all(text.strip() for text in catalogue(language, "studio").values())  # type: ignore[arg-type]
