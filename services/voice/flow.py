"""The normalising flow between the posterior's latent and the prior's: couplings, as in VITS (arXiv 2106.06103)."""

import torch
from torch import Tensor, nn

from services.voice.layers import GatedConvs


class Coupling(nn.Module):
    """Shifts the second half of the channels by a function of the first half: invertible, with unit Jacobian."""

    def __init__(self, channels: int, hidden: int, kernel: int, n_layers: int, gin_channels: int) -> None:
        super().__init__()
        self.pre = nn.Conv1d(channels // 2, hidden, 1)
        self.enc = GatedConvs(hidden, kernel, n_layers, gin_channels)
        self.post = nn.Conv1d(hidden, channels // 2, 1)
        # The flow starts as the identity (up to channel order).
        for parameter in self.post.parameters():
            nn.init.zeros_(parameter)

    def shift(self, first: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        return self.post(self.enc(self.pre(first) * mask, mask, style)) * mask


class Flow(nn.Module):
    """Couplings with the channels reversed after each; odd indices are the reversals, which have no weights."""

    def __init__(self, channels: int, hidden: int, kernel: int, n_layers: int, gin_channels: int, steps: int) -> None:
        super().__init__()
        self.flows = nn.ModuleList(
            Coupling(channels, hidden, kernel, n_layers, gin_channels) if index % 2 == 0 else nn.Identity()
            for index in range(2 * steps)
        )

    def _couplings(self) -> list[Coupling]:
        return [part for part in self.flows if isinstance(part, Coupling)]

    def forward(self, z: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Posterior samples (B, C, T) -> the prior's space."""
        for coupling in self._couplings():
            first, second = z.chunk(2, dim=1)
            second = (second + coupling.shift(first, mask, style)) * mask
            z = torch.cat([first, second], dim=1).flip(1)
        return z

    def inverse(self, z: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Prior samples (B, C, T) -> the decoder's space."""
        for coupling in reversed(self._couplings()):
            first, second = z.flip(1).chunk(2, dim=1)
            second = (second - coupling.shift(first, mask, style)) * mask
            z = torch.cat([first, second], dim=1)
        return z
