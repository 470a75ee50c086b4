"""The real servers behind the other tests: each test has a database and a bucket of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import httpx
import psutil
import pytest

from services.orchestrator.store import Store
from tests.support.postgres import INSTALLED, LIBRARIES, Postgres
from tests.support.s3 import Bucket, S3Server


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_database_of_its_own(postgres: Postgres, postgres_url: str, turn: int) -> None:
    name = postgres_url.rpartition("/")[2]
    assert postgres.execute(name, "SELECT count(*) FROM owners") == "0\n"
    postgres.execute(name, "INSERT INTO owners (owner, served_at) VALUES ('me', 1)")


async def test_stopped_postgres_comes_back_with_what_it_has_confirmed(own_postgres: Postgres) -> None:
    name = own_postgres.create()
    store = await Store.open(own_postgres.url(name))
    await store.close()
    own_postgres.execute(name, "INSERT INTO owners (owner, served_at) VALUES ('me', 1)")
    for end in (own_postgres.stop, own_postgres.kill):
        end()
        own_postgres.start()
        assert own_postgres.execute(name, "SELECT owner FROM owners") == "me\n"


def test_postgres_does_not_run_as_root_and_listens_on_loopback_only(own_postgres: Postgres) -> None:
    server = next(child for child in psutil.Process().children() if _listens_on(child, own_postgres.port))
    assert server.uids().effective != 0
    assert {connection.laddr.ip for connection in server.net_connections("inet")} == {"127.0.0.1"}


def test_postgres_runs_from_a_copy_where_its_programs_cannot_be_reached(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for folder in (INSTALLED.parent, INSTALLED.parents[1] / LIBRARIES):
        shutil.copytree(folder, private / folder.name, copy_function=os.link)
    server = Postgres(durable=False, installed=private / INSTALLED.parent.name / INSTALLED.name)
    try:
        server.start()
        assert server.execute("postgres", "SELECT 1") == "1\n"
    finally:
        server.remove()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_bucket_of_its_own(bucket: Bucket, turn: int) -> None:
    with httpx.Client(trust_env=False) as client:
        listed = client.get(f"{bucket.endpoint}/{bucket.name}")
        assert listed.status_code == 200
        assert "<Key>" not in listed.text
        assert client.put(f"{bucket.endpoint}/{bucket.name}/x", content=b"x").status_code == 200


def test_buckets_of_one_server_have_different_names(s3_server: S3Server) -> None:
    assert s3_server.create().name != s3_server.create().name


def _listens_on(process: psutil.Process, port: int) -> bool:
    return any(connection.laddr.port == port for connection in process.net_connections("inet"))
