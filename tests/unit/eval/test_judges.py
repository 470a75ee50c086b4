"""The networks of the second judges: features and shapes (their weights are not part of the usual set-up)."""

import numpy as np
import torch

from eval.judges import ears, listeners
from eval.res2net import N_CEPSTRA, N_MELS, Res2Net, cosines, mel_triangles


def test_the_cosine_transform_is_orthonormal() -> None:
    assert torch.allclose(cosines() @ cosines().T, torch.eye(N_CEPSTRA), atol=1e-5)


def test_every_mel_band_hears_something_and_none_more_than_all() -> None:
    filters = mel_triangles()
    assert filters.shape[0] == N_MELS
    assert filters.min() >= 0
    assert 0 < filters.max(1).values.min() <= filters.max() <= 1


def test_the_second_speaker_encoder_makes_unit_vectors_of_any_length_of_speech() -> None:
    torch.manual_seed(0)
    network = Res2Net().eval()
    with torch.inference_mode():
        vectors = [network(torch.randn(1, 1, frames, N_CEPSTRA)) for frames in (40, 401)]
    assert [tuple(vector.shape) for vector in vectors] == [(1, 512)] * 2
    assert np.allclose([float(vector.norm()) for vector in vectors], 1.0, atol=1e-5)


def test_the_second_speaker_encoder_has_as_many_weights_as_its_file() -> None:
    # The file holds 1,884,025 numbers, 1211 x 512 of which are the classes of its training.
    assert sum(tensor.numel() for tensor in Res2Net().state_dict().values()) == 1_884_025 - 1211 * 512


def test_the_built_in_judges_are_always_there_and_come_first() -> None:
    assert "built in" in listeners()[0].name
    assert "built in" in ears()[0].name
