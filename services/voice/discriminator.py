"""Tell real waveforms from decoded ones: a discriminator on the raw signal, others on the signal folded by a period.

From HiFi-GAN (arXiv 2010.05646) and MelGAN (arXiv 1910.06711); defaults and state-dict keys are GPT-SoVITS v2's.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.layers import WeightNormConv1d, WeightNormConv2d

_SLOPE = 0.1


@dataclass(frozen=True, kw_only=True)
class DiscriminatorConfig:
    """Sizes of the discriminators. Channels are those after each convolution."""

    scale_channels: Sequence[int] = (16, 64, 256, 1024, 1024, 1024)
    """Of the discriminator on the raw signal; empty leaves it out."""
    periods: Sequence[int] = (2, 3, 5, 7, 11)
    period_channels: Sequence[int] = (32, 128, 512, 1024, 1024)

    def __post_init__(self) -> None:
        if len(self.scale_channels) not in (0, 6) or len(self.period_channels) != 5:
            raise ValueError("scale_channels has six entries or none, period_channels five")
        if any(channels % 4 for channels in self.scale_channels[:4]):
            raise ValueError("scale_channels must be multiples of 4: its convolutions are grouped by fours")

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "DiscriminatorConfig":
        """Builds a config from plain values, such as a pack's table; an unknown name raises ValueError."""
        unknown = sorted(set(values) - {f.name for f in dataclasses.fields(cls)})
        if unknown:
            raise ValueError(f"the discriminator has no setting called {', '.join(unknown)}")
        frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(**frozen)  # type: ignore[arg-type]


Judgement = tuple[list[Tensor], list[list[Tensor]]]


class ScaleDiscriminator(nn.Module):
    """Grouped, strided convolutions over the raw signal."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        widths = list(channels)
        self.convs = nn.ModuleList(
            [
                WeightNormConv1d(1, widths[0], 15, padding=7),
                *(
                    WeightNormConv1d(widths[i], widths[i + 1], 41, stride=4, groups=widths[i] // 4, padding=20)
                    for i in range(4)
                ),
                WeightNormConv1d(widths[4], widths[5], 5, padding=2),
            ]
        )
        self.conv_post = WeightNormConv1d(widths[5], 1, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), _SLOPE)
            features.append(x)
        x = self.conv_post(x)
        return x.flatten(1), [*features, x]


class PeriodDiscriminator(nn.Module):
    """Strided convolutions along time over the signal folded into rows of `period` samples."""

    def __init__(self, period: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.period = period
        widths = [1, *channels]
        self.convs = nn.ModuleList(
            WeightNormConv2d(widths[i], widths[i + 1], (5, 1), stride=(3 if i < 4 else 1, 1), padding=(2, 0))
            for i in range(5)
        )
        self.conv_post = WeightNormConv2d(widths[5], 1, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = F.pad(x, (0, -x.shape[2] % self.period), mode="reflect").unflatten(2, (-1, self.period))
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), _SLOPE)
            features.append(x)
        x = self.conv_post(x)
        return x.flatten(1), [*features, x]


class Discriminator(nn.Module):
    """All of them. `Discriminator(DiscriminatorConfig())` is GPT-SoVITS v2's."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        judges: list[nn.Module] = [ScaleDiscriminator(config.scale_channels)] if config.scale_channels else []
        judges += [PeriodDiscriminator(period, config.period_channels) for period in config.periods]
        self.discriminators = nn.ModuleList(judges)

    def forward(self, wav: Tensor) -> Judgement:
        """(B, 1, N) -> per discriminator its scores (B, n) and its feature maps, the last of which is the score."""
        scores, features = [], []
        for judge in self.discriminators:
            score, maps = judge(wav)
            scores.append(score)
            features.append(maps)
        return scores, features
