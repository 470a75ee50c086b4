"""The configuration records inside official GPT-SoVITS files, to and from our own configs.

The sections and names are those that the official tools read; values that describe no model (batch sizes, paths) are
their defaults.
"""

from collections.abc import Mapping

from services.voice.gpt import GptConfig
from services.voice.sovits import SovitsConfig

# Some official files replace the zip's "PK" by two digits that name their version.
HEADER_FAMILIES = {
    b"00": "gpt-sovits-v1",
    b"01": "gpt-sovits-v2",
    b"02": "gpt-sovits-v3",
    b"03": "gpt-sovits-v3-lora",
    b"04": "gpt-sovits-v4-lora",
    b"05": "gpt-sovits-v2Pro",
    b"06": "gpt-sovits-v2ProPlus",
}

# Spectrogram bins that the style encoder reads: v1 took all, later versions leave out what 22 kHz recordings lack.
_REF_BINS_V1 = 1025
_REF_BINS = 704

_SAME_NAME = (
    "inter_channels",
    "hidden_channels",
    "filter_channels",
    "n_heads",
    "n_layers",
    "kernel_size",
    "p_dropout",
    "resblock_kernel_sizes",
    "resblock_dilation_sizes",
    "upsample_rates",
    "upsample_initial_channel",
    "upsample_kernel_sizes",
    "gin_channels",
)


class HParams:
    """Stands in for the official `utils.HParams`: a bag of attributes."""


def plain(value: object) -> object:
    """The same values in dicts and lists alone."""
    if isinstance(value, HParams):
        return plain(vars(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def sovits_from_official(config: Mapping[str, object], *, n_symbols: int) -> SovitsConfig:
    """Config of a v1 or v2 SoVITS from a file's `config`. KeyError, TypeError or ValueError when it is none."""
    model, data = config["model"], config["data"]
    if not isinstance(model, dict) or not isinstance(data, dict):
        raise TypeError("model and data are not tables")
    return sovits_from_model(
        model,
        n_symbols=n_symbols,
        sample_rate_hz=data["sampling_rate"],
        hop=data["hop_length"],
        n_fft=data["filter_length"],
        n_mels=data.get("n_mel_channels", 128),
    )


def sovits_from_model(model: Mapping[str, object], *, n_symbols: int, **sizes: int) -> SovitsConfig:
    """The same from the `model` section alone; `sizes` are further settings of SovitsConfig."""
    settings: dict[str, object] = {name: model[name] for name in _SAME_NAME} | sizes
    settings["n_symbols"] = n_symbols
    settings["mrte_channels"] = settings["gin_channels"]
    settings["ref_bins"] = _REF_BINS_V1 if n_symbols == 322 else _REF_BINS
    return SovitsConfig.from_dict(settings)


def sovits_to_official(config: SovitsConfig, *, family: str, name: str) -> dict[str, object]:
    """What a `.pth` of this model carries as its `config`."""
    version = family.removeprefix("gpt-sovits-")
    return {
        "train": {
            "log_interval": 100,
            "eval_interval": 500,
            "seed": 1234,
            "learning_rate": 1e-4,
            "betas": [0.8, 0.99],
            "eps": 1e-9,
            "lr_decay": 0.999875,
            "segment_size": config.segment_frames * config.hop,
            "c_mel": 45,
            "c_kl": 1.0,
            "text_low_lr_rate": 0.4,
            "grad_ckpt": False,
        },
        "data": {
            "max_wav_value": 32768.0,
            "sampling_rate": config.sample_rate_hz,
            "filter_length": config.n_fft,
            "hop_length": config.hop,
            "win_length": config.n_fft,
            "n_mel_channels": config.n_mels,
            "mel_fmin": 0.0,
            "mel_fmax": None,
            "add_blank": True,
            "n_speakers": 300,
            "cleaned_text": True,
        },
        "model": {key: getattr(config, key) for key in _SAME_NAME}
        | {
            "resblock": "1",
            "n_layers_q": 3,
            "use_spectral_norm": False,
            "semantic_frame_rate": "25hz",
            "freeze_quantizer": not config.learn_codebook,
            "version": version,
        },
        "content_module": "cnhubert",
        "name": name,
        "version": version,
    }


def gpt_from_official(config: Mapping[str, object]) -> GptConfig:
    """Config of an s1 model from a file's `config`. KeyError, TypeError or ValueError when it is none."""
    model = config["model"]
    if not isinstance(model, dict):
        raise TypeError("model is not a table")
    return GptConfig(
        n_symbols=model["phoneme_vocab_size"],
        codebook_size=model["vocab_size"] - 1,
        dim=model["hidden_dim"],
        n_heads=model["head"],
        n_layers=model["n_layer"],
        bert_dim=1024,
    )


def gpt_to_official(config: GptConfig) -> dict[str, object]:
    """What a `.ckpt` of this model carries as its `config`."""
    return {
        "train": {"seed": 1234, "epochs": 20, "batch_size": 8, "precision": "16-mixed", "gradient_clip": 1.0},
        "optimizer": {"lr": 0.01, "lr_init": 1e-5, "lr_end": 1e-4, "warmup_steps": 2000, "decay_steps": 40000},
        "data": {"max_eval_sample": 8, "max_sec": 54, "num_workers": 4, "pad_val": config.eos},
        "model": {
            "vocab_size": config.codebook_size + 1,
            "phoneme_vocab_size": config.n_symbols,
            "embedding_dim": config.dim,
            "hidden_dim": config.dim,
            "head": config.n_heads,
            "linear_units": 4 * config.dim,
            "n_layer": config.n_layers,
            "dropout": 0,
            "EOS": config.eos,
            "random_bert": 0,
        },
        "inference": {"top_k": 15},
    }
