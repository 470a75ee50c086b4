"""A real S3 endpoint for tests: moto's server in a process of its own, one bucket a test."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from services.runtime.object_store import BucketAccess
from tests.support.s3_front import S3Front

ROOT = Path(__file__).resolve().parents[2]
CHILD = ROOT / "deploy" / "local" / "child.py"
KEY_ID, SECRET, REGION = "voiceloom-test", "s3cret", "eu-central-1"


@dataclass(frozen=True)
class Bucket:
    """A bucket of one test, and how to get in."""

    name: str
    endpoint: str
    key_id: str = KEY_ID
    secret: str = SECRET
    region: str = REGION

    @property
    def access(self) -> BucketAccess:
        """For an ArtifactStore that does not wait long."""
        return BucketAccess(
            self.endpoint, self.region, self.key_id, self.secret, connect_timeout_s=1, timeout_s=5, retries=2, retry_s=1
        )

    @property
    def settings(self) -> dict[str, str]:
        """The settings that name this bucket."""
        return {
            "artifacts_url": self.url,
            "artifacts_endpoint": self.endpoint,
            "artifacts_region": self.region,
            "artifacts_key_id": self.key_id,
            "artifacts_secret": self.secret,
        }

    @property
    def url(self) -> str:
        """What VOICELOOM_ARTIFACTS_URL must say."""
        return f"s3://{self.name}/voiceloom"


class S3Server:
    """moto's S3 server on a loopback port; all that it keeps is in its memory."""

    def __init__(self) -> None:
        command = [sys.executable, str(CHILD), str(os.getpid()), sys.executable, "-m", "tests.support.s3_server"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        self.endpoint = self._process.stdout.readline().decode().strip()
        assert self.endpoint, f"the S3 server ended with code {self._process.wait()}"
        self._names = itertools.count(1)

    def create(self) -> Bucket:
        """A new bucket."""
        bucket = Bucket(f"voiceloom-{os.getpid()}-{next(self._names)}", self.endpoint)
        request = urllib.request.Request(f"{self.endpoint}/{bucket.name}", method="PUT")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30):
            return bucket

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """The S3 server of this session."""
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server) -> Bucket:
    """A fresh bucket."""
    return s3_server.create()


@pytest.fixture
def s3_front(s3_server: S3Server) -> Iterator[S3Front]:
    """A door in front of the S3 server, which a test can shut."""
    front = S3Front(s3_server.endpoint)
    yield front
    front.close()


@pytest.fixture
def bucket_behind_front(bucket: Bucket, s3_front: S3Front) -> Bucket:
    """A fresh bucket that is reached through the door."""
    return replace(bucket, endpoint=s3_front.endpoint)
