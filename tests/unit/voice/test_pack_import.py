"""`voiceloom packs import`: packs from folders and archives, whole or not at all."""

import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from services.voice.errors import PackError
from services.voice.pack_check import main as check
from services.voice.pack_import import import_pack, main

NANO = Path(__file__).parents[3] / "packs" / "nano"


@pytest.fixture(params=["folder", "zip", "tar"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The nano pack in each form that can be taken in."""
    if request.param == "folder":
        return NANO
    made = shutil.make_archive(str(tmp_path / "nano"), request.param, NANO.parent, "nano")
    return Path(made)


def test_a_pack_is_taken_in_once(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = tmp_path / "packs"
    for _ in range(2):
        assert main([str(source), "--into", str(into), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["path"] == str(into / "nano")
    assert [path.name for path in into.iterdir()] == ["nano"]
    names = {path.name for path in (into / "nano").iterdir()}
    assert names == {"pack.toml", "sovits.safetensors", "gpt.safetensors", "discriminator.safetensors"}
    assert check([str(into / "nano"), "--build", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["sound"] is True


def test_another_pack_of_the_name_is_only_replaced_with_force(tmp_path: Path) -> None:
    into, other = tmp_path / "packs", tmp_path / "other"
    import_pack(NANO, into)
    shutil.copytree(NANO, other)
    (other / "pack.toml").write_text((NANO / "pack.toml").read_text().replace('version = "1"', 'version = "2"'))
    with pytest.raises(PackError, match="another pack"):
        import_pack(other, into)
    assert import_pack(other, into, force=True).version == "2"
    assert [path.name for path in into.iterdir()] == ["nano"]


def changed(tmp_path: Path, old: str, new: str) -> Path:
    folder = tmp_path / "changed"
    shutil.copytree(NANO, folder)
    text = (folder / "pack.toml").read_text()
    assert old in text
    (folder / "pack.toml").write_text(text.replace(old, new))
    return folder


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"gpt.safetensors" = "', '"../gpt.safetensors" = "', "not the name of a file"),
        ('"gpt.safetensors" = "', '"none.safetensors" = "', "lacks its file"),
        ('name = "nano"', 'name = "../nano"', "not one that a folder may have"),
        ("dim = 32\n", "dim = 48\n", "gpt"),
        ("n_heads = 2\n", 'n_heads = "two"\n', "describe no models|do not fit|not fit"),
        ('name = "nano"', "name = ", "not valid TOML"),
    ],
)
def test_what_is_no_sound_pack_leaves_nothing(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(PackError, match=complaint):
        import_pack(changed(tmp_path, old, new), tmp_path / "packs")
    assert list((tmp_path / "packs").iterdir()) == []


def test_damage_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(NANO, folder)
    (folder / "gpt.safetensors").write_bytes(b"damage")
    assert main([str(folder), "--into", str(tmp_path / "packs")]) == 1
    assert "is damaged" in capsys.readouterr().err
    assert main([str(tmp_path / "none"), "--into", str(tmp_path / "packs")]) == 1


def test_only_what_pack_toml_names_leaves_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in NANO.iterdir():
            made.write(path, path.name)
        made.writestr("../evil.txt", "evil")
    import_pack(archive, tmp_path / "packs")
    assert not list(tmp_path.rglob("evil.txt"))
    with zipfile.ZipFile(archive, "a") as made:
        made.writestr("second/pack.toml", "")
    with pytest.raises(PackError, match="holds 2 files named"):
        import_pack(archive, tmp_path / "packs")


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as made:
        for path in NANO.iterdir():
            if path.name != "gpt.safetensors":
                made.add(path, path.name)
        link = tarfile.TarInfo("gpt.safetensors")
        link.type, link.linkname = tarfile.SYMTYPE, str(NANO / "gpt.safetensors")
        made.addfile(link, io.BytesIO())
    with pytest.raises(PackError, match=r"lacks its file 'gpt\.safetensors'"):
        import_pack(archive, tmp_path / "packs")


def test_a_damaged_archive_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "nano"), "gztar", NANO))
    content = bytearray(archive.read_bytes())
    content[len(content) // 2 :] = b""
    archive.write_bytes(content)
    assert main([str(archive), "--into", str(tmp_path / "packs")]) == 1
    assert capsys.readouterr().err.startswith(f"{archive}: ")
    assert list((tmp_path / "packs").iterdir()) == []
