"""The pure parts of `voiceloom up`: arguments, checks, ports, back-off, what is written and said."""

import json
import os
from pathlib import Path

import pytest

from deploy.local import __main__ as up
from deploy.local.stack import Layout, Program
from deploy.local.supervisor import Child, describe_end, pause_before_restart
from tests.stack import NANO


def test_restarts_wait_longer_and_longer_but_never_longer_than_half_a_minute() -> None:
    assert [pause_before_restart(deaths) for deaths in (1, 2, 3, 4, 5, 6, 60)] == [1, 2, 4, 8, 16, 30, 30]


def test_ends_are_described_for_people() -> None:
    assert describe_end(-9) == "killed by SIGKILL"
    assert describe_end(3) == "ended with exit code 3"


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(up.UpError, match="no voice pack at"):
        up.check(up.Arguments(0, tmp_path / "data", tmp_path))


def test_a_file_in_the_place_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(up.UpError, match="is a file"):
        up.check(up.Arguments(0, tmp_path / "data", NANO))


def test_numbers_that_are_no_port_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        up.parse(["--port", "65536"])
    assert ended.value.code == 2
    assert "is no port" in capsys.readouterr().err


def test_as_many_orchestrators_as_make_sense_may_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert up.parse([]).orchestrators == 1
    assert up.parse(["--orchestrators", "3"]).orchestrators == 3
    with pytest.raises(SystemExit):
        up.parse(["--orchestrators", "0"])
    assert "makes no sense" in capsys.readouterr().err


def test_one_data_folder_serves_one_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "LOCK_WAIT_S", 0.2)
    layout = Layout(tmp_path)
    held = up.lock(layout)
    layout.state.write_text(json.dumps({"url": "http://127.0.0.1:8000", "pid": 42}))
    with pytest.raises(up.UpError, match=r"http://127\.0\.0\.1:8000, process 42") as refused:
        up.lock(layout)
    assert refused.value.exit_code == 4
    os.close(held)
    os.close(up.lock(layout))


def test_the_state_file_says_what_runs_where(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    children = [Child(Program("asr", ("python",), 20001, 2, {}), restarts=3)]
    up.write_state(layout, up.Arguments(8000, tmp_path, NANO), children, "starting")
    facts = json.loads(layout.state.read_text())
    assert facts["url"] == "http://127.0.0.1:8000"
    assert facts["pid"] == os.getpid()
    assert facts["programs"] == {"asr": {"pid": None, "port": 20001, "restarts": 3}}


def test_the_end_of_a_log_is_shown_and_a_missing_log_is_no_error(tmp_path: Path) -> None:
    log = tmp_path / "asr.log"
    assert up.last_lines(log) == ""
    log.write_text("\n".join(str(number) for number in range(100)))
    assert up.last_lines(log, 3) == "97\n98\n99"
