"""A voice is trained with the rows in a PostgreSQL and the artifacts in a bucket, as named in the environment."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.rest import Rest
from tests.stack import BARE_MACHINE, start_stack
from tests.support.postgres import Postgres
from tests.support.s3 import Bucket

SAMPLE = Path(__file__).parents[2] / "samples" / "bella_25s.flac"


def test_stack_keeps_rows_and_artifacts_where_the_environment_says(
    postgres: Postgres, empty_postgres_url: str, bucket: Bucket, tmp_path: Path
) -> None:
    settings = {f"VOICELOOM_{name.upper()}": value for name, value in bucket.settings.items()}
    environment = {**BARE_MACHINE, **settings, "VOICELOOM_DATABASE_URL": empty_postgres_url}
    stack = start_stack(tmp_path / "data", environment=environment)
    try:
        with Rest(stack.base_url) as rest:
            file_id = rest.upload(SAMPLE)
            assert rest.http.get(f"/files/{file_id}/download").content == SAMPLE.read_bytes()
            task_id = rest.create("elsewhere", file_id, inference={"enabled": False})
            assert rest.events(task_id)[-1].name == "completed"
            models = rest.http.get(f"/tasks/{task_id}/outputs").json()["models"]
            assert {model["kind"] for model in models} == {"sovits", "gpt"}
    finally:
        stack.stop()
    name = empty_postgres_url.rpartition("/")[2]
    assert postgres.execute(name, "SELECT state FROM tasks") == "completed\n"
    assert not (tmp_path / "data" / "voiceloom.db").exists()
    assert not [path for path in (tmp_path / "data" / "artifacts").rglob("*") if path.is_file()]
    logs = "".join(path.read_text() for path in (tmp_path / "data" / "logs").iterdir())
    assert bucket.secret not in logs
    assert "p%40ss" not in logs
