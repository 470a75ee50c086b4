"""Which sampling settings a task speaks with."""

from services.inference.worker import speaking_options
from services.voice.pack import Sampling
from services.voice.synthesis import SpeakingOptions
from voiceloom.pipeline.v1.pipeline_pb2 import Synthesis


def test_the_packs_settings_hold_where_the_client_set_nothing() -> None:
    sampling = Sampling(top_k=5, top_p=0.9, temperature=0.8, repetition_penalty=1.0)
    assert speaking_options(Synthesis(seed=7, speed=1.5), sampling) == SpeakingOptions(
        top_k=5, top_p=0.9, temperature=0.8, repetition_penalty=1.0, speed=1.5, seed=7
    )


def test_what_the_client_set_wins_over_the_pack() -> None:
    sampling = Sampling(temperature=0.8, repetition_penalty=1.0)
    options = speaking_options(Synthesis(temperature=0.5), sampling)
    assert (options.temperature, options.repetition_penalty) == (0.5, 1.0)
