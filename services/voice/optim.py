"""ScaledAdam, the optimiser that GPT-SoVITS trains its GPT with (Zipformer, arXiv 2310.11230, section 3.4).

Adam whose steps are proportional to the size of each parameter, plus a slower Adam-like update of that size itself.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer


class ScaledAdam(Optimizer):
    """Adam with steps relative to the parameters' root mean square.

    Args:
        lr: relative change per step; 0.002 is what GPT-SoVITS really uses.
        betas: decay of the momentum and of the squared gradients.
        clipping_scale: gradients are scaled down when their norm exceeds this times the median of recent norms.
        clipping_update_period: over how many steps that median is taken; nothing is clipped before.
        size_update_period: steps between updates of a parameter's size.
        scalar_lr_scale: learning rate of sizes and of scalar parameters, relative to lr.
    """

    def __init__(
        self,
        params: Iterable[torch.nn.Parameter] | Iterable[dict[str, object]],
        lr: float = 0.002,
        betas: tuple[float, float] = (0.9, 0.95),
        *,
        clipping_scale: float = 2.0,
        clipping_update_period: int = 1000,
        size_update_period: int = 4,
        scalar_lr_scale: float = 0.1,
        eps: float = 1e-8,
        min_rms: float = 1e-5,
        max_rms: float = 3.0,
        scalar_max: float = 10.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "clipping_scale": clipping_scale,
            "clipping_update_period": clipping_update_period,
            "size_update_period": size_update_period,
            "scalar_lr_scale": scalar_lr_scale,
            "eps": eps,
            "min_rms": min_rms,
            "max_rms": max_rms,
            "scalar_max": scalar_max,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update from the gradients; parameters without a gradient stay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            moving = [p for p in group["params"] if p.grad is not None]
            if not moving:
                continue
            clip = self._clipping(group, moving)
            for parameter in moving:
                self._update(group, parameter, clip)
        return loss

    def _clipping(self, group: dict, moving: list[torch.nn.Parameter]) -> float:
        """Factor on all gradients of the group; recent norms live in the state of its first parameter."""
        first = self.state[moving[0]]
        if not first:
            return 1.0
        period: int = group["clipping_update_period"]
        squares = [
            (p.grad * self.state[p]["param_rms"] if p.numel() > 1 and self.state[p] else p.grad).square().sum()
            for p in moving
            if p.grad is not None
        ]
        norm = torch.stack(squares).sum().sqrt()
        if "model_norms" not in first:
            first["model_norms"] = torch.zeros(period, device=norm.device)
        first["model_norms"][first["step"] % period] = norm
        if first["step"] % period == 0:
            median = first["model_norms"].sort().values[min(period - 1, period // 4 * 2)]
            first["norm_limit"] = median * group["clipping_scale"]
        if first["step"] < period:
            return 1.0
        return min(1.0, float(first["norm_limit"] / (norm + 1e-20)))

    def _update(self, group: dict, parameter: torch.nn.Parameter, clip: float) -> None:
        assert parameter.grad is not None
        state = self.state[parameter]
        if not state:
            self._start(group, parameter, state)
        grad = parameter.grad if clip == 1.0 else parameter.grad * clip
        step: int = state["step"]
        state["delta"].mul_(group["betas"][0])
        if parameter.numel() == 1:
            self._step_scalar(group, parameter, grad, state)
        else:
            period: int = group["size_update_period"]
            state["scale_grads"][step % period] = (parameter * grad).sum()
            if step % period == period - 1:
                state["param_rms"].copy_(_rms(parameter))
                self._resize(group, parameter, state)
            self._step_tensor(group, parameter, grad, state)
        state["step"] = step + 1

    @staticmethod
    def _start(group: dict, parameter: torch.nn.Parameter, state: dict) -> None:
        state["step"] = 0
        state["delta"] = torch.zeros_like(parameter)
        state["exp_avg_sq"] = torch.zeros_like(parameter)
        if parameter.numel() > 1:
            state["param_rms"] = _rms(parameter)
            state["scale_exp_avg_sq"] = torch.zeros_like(state["param_rms"])
            state["scale_grads"] = state["param_rms"].new_zeros(group["size_update_period"])

    @staticmethod
    def _resize(group: dict, parameter: torch.nn.Parameter, state: dict) -> None:
        """Adds to the pending change one that makes the whole parameter larger or smaller."""
        beta1, beta2 = group["betas"]
        period: int = group["size_update_period"]
        size_lr = group["lr"] * group["scalar_lr_scale"]
        decay = beta2**period
        grads, average = state["scale_grads"], state["scale_exp_avg_sq"]
        average.mul_(decay).add_(grads.square().mean(), alpha=1 - decay)
        correction = (1 - decay ** ((state["step"] + 1) // period)) ** 0.5
        change = -size_lr * correction * grads.sum() / (average.sqrt() + group["eps"])
        # Too small: do not shrink further. Too large: shrink, whatever the gradient says.
        change = torch.where(state["param_rms"] < group["min_rms"], torch.zeros_like(change), change)
        change = torch.where(state["param_rms"] > group["max_rms"], torch.full_like(change, -size_lr * period), change)
        state["delta"].add_(parameter * change, alpha=1 - beta1)

    @staticmethod
    def _step_tensor(group: dict, parameter: torch.nn.Parameter, grad: Tensor, state: dict) -> None:
        beta1, beta2 = group["betas"]
        average = state["exp_avg_sq"]
        average.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        correction = 1 - beta2 ** (state["step"] + 1)
        denominator = (average / correction if correction < 0.99 else average).sqrt().add_(group["eps"])
        size = state["param_rms"].clamp(min=group["min_rms"])
        state["delta"].add_(grad / denominator * size, alpha=-group["lr"] * (1 - beta1))
        parameter.add_(state["delta"])

    @staticmethod
    def _step_scalar(group: dict, parameter: torch.nn.Parameter, grad: Tensor, state: dict) -> None:
        beta1, beta2 = group["betas"]
        average = state["exp_avg_sq"]
        average.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        denominator = (average / (1 - beta2 ** (state["step"] + 1))).sqrt() + group["eps"]
        lr = group["lr"] * group["scalar_lr_scale"]
        state["delta"].add_(grad / denominator, alpha=-lr * (1 - beta1))
        parameter.clamp_(-group["scalar_max"], group["scalar_max"])
        parameter.add_(state["delta"])


def _rms(parameter: Tensor) -> Tensor:
    return parameter.detach().square().mean().sqrt()
