"""Errors keep what they carry, and become the right status."""

import pickle

import pytest

from services.runtime.errors import (
    InvalidInputError,
    NotReadyError,
    StageFailedError,
    StoppedError,
    TooLargeError,
    UnavailableError,
    VoiceloomError,
)
from services.runtime.grpc_errors import from_failure, to_failure


def test_arguments_become_text_and_the_key_follows_from_the_code() -> None:
    error = InvalidInputError("AUDIO_TOO_SHORT", detail="secret", seconds=2.5)
    assert (error.key, error.params, error.retryable) == ("error.AUDIO_TOO_SHORT", {"seconds": "2.5"}, False)


def test_absence_is_retryable_unless_told_otherwise() -> None:
    assert UnavailableError("X").retryable
    assert not UnavailableError("X", retryable=False).retryable
    assert StageFailedError("X", retryable=True).retryable


@pytest.mark.parametrize("error", [TooLargeError(limit=1), StoppedError(), NotReadyError("X", detail="d", a=1)])
def test_errors_cross_process_borders(error: VoiceloomError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.code, copy.detail, copy.params) == (type(error), error.code, error.detail, error.params)


def test_detail_does_not_travel() -> None:
    failure = to_failure(InvalidInputError("X", detail="/secret/path", a=1))
    assert "secret" not in str(failure)
    assert from_failure(failure, InvalidInputError).params == {"a": "1"}
