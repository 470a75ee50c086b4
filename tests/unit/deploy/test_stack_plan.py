"""Which programs a stack on one machine consists of, and with which settings."""

import re
from pathlib import Path

import pytest

from deploy.local.stack import (
    SERVICES,
    WORKERS,
    Layout,
    Program,
    environment,
    orchestrator_names,
    programs,
    write_nats_config,
)
from deploy.local.webhook_secret import SETTING, webhook_secret

PORTS = {name: 20000 + index for index, name in enumerate(["nats", *SERVICES, "gateway"])}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


@pytest.fixture
def stack(layout: Layout) -> dict[str, Program]:
    return {program.name: program for program in programs(layout, Path("/pack"), PORTS, {"PATH": "/bin"})}


def test_broker_and_orchestrator_start_before_the_workers_and_the_gateway_last(stack: dict[str, Program]) -> None:
    order = [program.name for program in sorted(stack.values(), key=lambda program: program.rank)]
    assert order[:2] == ["nats", "orchestrator"]
    assert order[-1] == "gateway"
    assert len(order) == 8


def test_every_program_has_a_port_of_its_own_and_is_told_so(stack: dict[str, Program]) -> None:
    for name, program in stack.items():
        assert program.port == PORTS[name]
        if name != "nats":
            assert program.environment["VOICELOOM_PORT"] == str(PORTS[name])
    assert len({program.port for program in stack.values()}) == len(stack)


def test_all_services_learn_all_addresses(stack: dict[str, Program]) -> None:
    for name in SERVICES:
        assert stack["gateway"].environment[f"VOICELOOM_{name.upper()}_ADDRESS"] == f"127.0.0.1:{PORTS[name]}"


def test_several_orchestrators_share_everything_and_everybody_knows_them_all(layout: Layout) -> None:
    names = orchestrator_names(3)
    assert names == ["orchestrator", "orchestrator-2", "orchestrator-3"]
    ports = {name: 20000 + index for index, name in enumerate(["nats", *names, *WORKERS, "gateway"])}
    stack = {program.name: program for program in programs(layout, Path("/pack"), ports, {})}
    assert {name: stack[name].port for name in names} == {name: ports[name] for name in names}
    assert len({stack[name].environment["VOICELOOM_DATABASE_URL"] for name in names}) == 1
    for name in (*WORKERS, "gateway"):
        address = stack[name].environment["VOICELOOM_ORCHESTRATOR_ADDRESS"]
        assert address == "127.0.0.1:20001,127.0.0.1:20002,127.0.0.1:20003"


def test_everything_that_is_kept_lies_below_the_data_folder(stack: dict[str, Program], layout: Layout) -> None:
    environ = stack["orchestrator"].environment
    for setting in ("ARTIFACTS_URL", "SCRATCH_DIR", "DATABASE_URL"):
        assert str(layout.data) in environ[f"VOICELOOM_{setting}"]


def test_the_users_own_settings_win_over_the_defaults_but_not_over_the_addresses(layout: Layout) -> None:
    base = {"VOICELOOM_HEAVY_SLOTS": "3", "VOICELOOM_NATS_URL": "nats://elsewhere:4222"}
    environ = environment(base, layout, Path("/pack"), PORTS)
    assert environ["VOICELOOM_HEAVY_SLOTS"] == "3"
    assert environ["VOICELOOM_NATS_URL"] == f"nats://127.0.0.1:{PORTS['nats']}"


def test_rows_and_artifacts_may_be_kept_elsewhere(layout: Layout) -> None:
    base = {"VOICELOOM_DATABASE_URL": "postgresql+asyncpg://u:p@db/v", "VOICELOOM_ARTIFACTS_URL": "s3://bucket"}
    environ = environment(base, layout, Path("/pack"), PORTS)
    assert {name: environ[name] for name in base} == base
    unset = environment(dict.fromkeys(base, ""), layout, Path("/pack"), PORTS)
    assert all(str(layout.data) in unset[name] for name in base)


def test_secrets_are_told_only_to_those_who_need_them(layout: Layout) -> None:
    base = {"VOICELOOM_DATABASE_URL": "postgresql+asyncpg://u:dbword@db/v", "VOICELOOM_ARTIFACTS_SECRET": "s3word"}
    for program in programs(layout, Path("/pack"), PORTS, base):
        known = " ".join(program.environment.values())
        assert ("dbword" in known) == (program.name == "orchestrator")
        assert ("s3word" in known) == (program.name in SERVICES)


@pytest.mark.parametrize("given", [{}, {"no_proxy": "example.org"}, {"NO_PROXY": "example.org"}])
def test_loopback_traffic_never_goes_through_a_proxy(layout: Layout, given: dict[str, str]) -> None:
    bypass = environment({"http_proxy": "http://proxy:3128", **given}, layout, Path("/pack"), PORTS)["no_proxy"]
    assert "127.0.0.1" in bypass.split(",")
    assert ("example.org" in bypass.split(",")) == bool(given)


def test_nothing_is_fetched_at_run_time(layout: Layout) -> None:
    environ = environment({}, layout, Path("/pack"), PORTS)
    assert environ["HF_HUB_OFFLINE"] == environ["TRANSFORMERS_OFFLINE"] == "1"


def test_the_broker_writes_through_and_listens_on_loopback_only(tmp_path: Path) -> None:
    layout = Layout(tmp_path / 'a "quoted" folder')
    layout.create()
    write_nats_config(layout, 4321)
    config = (layout.nats / "nats.conf").read_text()
    assert "sync_interval: always" in config
    assert 'listen: "127.0.0.1:4321"' in config
    assert r'store_dir: "' in config
    assert r"\"quoted\"" in config


def test_creating_the_folders_throws_away_half_made_files_and_keeps_the_rest(layout: Layout) -> None:
    layout.create()
    (layout.scratch / "half").write_text("x")
    (layout.artifacts / "kept").write_text("x")
    layout.create()
    assert not (layout.scratch / "half").exists()
    assert (layout.artifacts / "kept").exists()
    assert layout.data.stat().st_mode & 0o077 == 0, "other users of the machine cannot look inside"


def test_only_the_orchestrator_learns_the_secret_of_the_webhooks(layout: Layout) -> None:
    base = {SETTING: "whsec_x"}
    stack = {program.name: program for program in programs(layout, Path("/pack"), PORTS, base)}
    assert [name for name in stack if "whsec_x" in stack[name].environment.values()] == ["orchestrator"]


def test_secret_of_the_webhooks_is_made_once_and_nobody_else_may_read_it(layout: Layout) -> None:
    layout.data.mkdir()
    secret = webhook_secret(layout.webhook_secret)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert layout.webhook_secret.stat().st_mode & 0o777 == 0o600
    assert webhook_secret(layout.webhook_secret) == secret
    assert [path.name for path in layout.data.iterdir()] == ["webhook_secret"]
