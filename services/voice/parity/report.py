"""A vector as files, and the table of comparisons that a run prints."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

# JSON entries that describe a vector rather than record an output.
_DESCRIPTIONS = {
    "kind",
    "family",
    "salt",
    "tolerance",
    "config",
    "manifest",
    "tensors",
    "notes",
    "inputs_not_stored",
    "state_keys",
    "min_top1_top2_margin",
    "packages",
    "stubs",
}


class NotImplementedVectorError(Exception):
    """A vector, or a part of one, that this library has no code for; the text says what."""


class Vector:
    """One NAME.json with its tensors. Remembers which recorded outputs were asked for, so that none is passed over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self.json: dict = json.loads(path.read_text(encoding="utf-8"))
        self._used: set[str] = set()

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        stored = self.path.with_suffix(".safetensors")
        return load_file(stored) if stored.is_file() else {}

    @property
    def salt(self) -> int:
        return int(self.json.get("salt", 0))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """State-dict keys and shapes of the manifest."""
        return {key: tuple(entry["shape"]) for key, entry in self.json["manifest"].items()}

    def tolerance(self, kind: str) -> float:
        """`tensor_rel_max` or `grad_norm_rel`."""
        return float(self.json["tolerance"][kind])

    def input(self, name: str) -> Tensor:
        return self.tensors[f"in.{name}"]

    def output(self, name: str) -> Tensor:
        """A recorded tensor, now counted as looked at."""
        self._used.add(name)
        return self.tensors[name]

    def has(self, name: str) -> bool:
        """Whether an output is recorded, as a tensor or as a JSON entry."""
        return name in self.tensors or name in self.json

    def record(self, name: str) -> object:
        """A recorded JSON entry, now counted as looked at."""
        self._used.add(name)
        return self.json[name]

    def groups(self, prefix: str) -> list[str]:
        """Names up to the last dot of the tensors that begin with `prefix`, such as "decode.one"."""
        names = (name.rsplit(".", 1)[0] for name in self.tensors if name.startswith(prefix))
        return list(dict.fromkeys(names))

    def left(self) -> list[str]:
        """Recorded outputs that nobody looked at."""
        tensors = [name for name in self.tensors if not name.startswith(("in.", "sd."))]
        entries = [
            name for name, value in self.json.items() if isinstance(value, dict | list) and name not in _DESCRIPTIONS
        ]
        return [name for name in tensors + entries if name not in self._used]


@dataclass
class Report:
    """Rows of file, tensor, error and tolerance; what was not implemented, and what differs on purpose."""

    rows: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    deliberate: list[str] = field(default_factory=list)
    compared: int = 0
    exceeded: int = 0

    def add(self, vector: Vector, what: str, error: float, tolerance: float, note: str = "") -> None:
        """Records one comparison and prints it."""
        passed = error <= tolerance  # NaN is not
        self.compared += 1
        self.exceeded += not passed
        verdict = "ok" if passed else "EXCEEDED"
        line = f"{vector.name:<16} {what:<34} {error:>9.2e} {tolerance:>9.0e}  {verdict}{'  ' + note if note else ''}"
        self.rows.append(line)
        print(line, flush=True)

    def fail(self, vector: Vector, reason: str) -> None:
        """Records that a vector could not be run at all."""
        self.exceeded += 1
        print(f"{vector.name:<16} {'(could not run)':<34} {'':>9} {'':>9}  EXCEEDED  {reason}", flush=True)

    def skip(self, name: str, reason: str) -> None:
        """Records something that is not implemented, which never counts as passed."""
        self.missing.append(f"{name}: {reason}")

    def differ(self, name: str, reason: str) -> None:
        """Records what we do otherwise than the official code on purpose; it is neither passed nor missing."""
        self.deliberate.append(f"{name}: {reason}")

    def tensor(self, vector: Vector, name: str, actual: Tensor, label: str = "", note: str = "") -> None:
        """Compares with a recorded tensor: integers exactly, floats relative to its largest value."""
        self.against(vector, label or name, actual, vector.output(name), note)

    def against(self, vector: Vector, label: str, actual: Tensor, expected: Tensor, note: str = "") -> None:
        """The same with the expected tensor at hand."""
        tolerance = vector.tolerance("tensor_rel_max") if expected.is_floating_point() else 0.0
        self.add(vector, label, tensor_error(actual, expected), tolerance, note)

    def number(self, vector: Vector, label: str, actual: float, expected: float) -> None:
        """Compares a recorded scalar, relative to itself."""
        self.add(vector, label, number_error(actual, expected), vector.tolerance("tensor_rel_max"))

    def exact(self, vector: Vector, label: str, actual: Sequence[object], expected: Sequence[object]) -> None:
        """Compares lists entry by entry: the error is how many differ."""
        differing = sum(a != b for a, b in zip(actual, expected, strict=False)) + abs(len(actual) - len(expected))
        self.add(vector, label, float(differing), 0.0)

    def state_keys(self, vector: Vector, module: torch.nn.Module) -> None:
        """Compares the module's state-dict keys and shapes with the manifest, and our weights with its samples."""
        ours = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
        differing = ours.items() ^ vector.shapes.items()
        note = f"{len(ours)} keys" if not differing else f"for example {sorted(key for key, _ in differing)[0]}"
        self.add(vector, "state-dict keys and shapes", float(len(differing)), 0.0, note)

    def gradients(self, vector: Vector, entry: str, module: torch.nn.Module) -> None:
        """Compares the norm of every parameter's gradient with a recorded table; the worst one is the error.

        A recorded norm under 1e-7 of the largest is the rounding of a gradient that is exactly zero (the bias of an
        attention key cancels in the softmax); ours must then be negligible too.
        """
        expected = vector.record(entry)
        assert isinstance(expected, dict)
        actual = {name: parameter.grad for name, parameter in module.named_parameters()}
        largest = max(norm for norm in expected.values() if norm is not None)
        worst, error = "", 0.0
        for name, norm in expected.items():
            distance = _norm_error(actual.get(name), norm, largest)
            if distance >= error:
                worst, error = name, distance
        note = f"{len(expected)} norms, worst: {worst}"
        self.add(vector, entry, error, vector.tolerance("grad_norm_rel"), note)

    def summary(self, vector: Vector, label: str, actual: Tensor, expected: Mapping[str, object]) -> None:
        """Compares shape, mean, deviation, largest and first values of a tensor too big to store."""
        values = actual.detach().double()
        shape = expected.get("shape")
        if (shape is not None and list(actual.shape) != shape) or actual.numel() != expected["n"]:
            self.add(vector, label, math.inf, 0.0, f"shape {list(actual.shape)}")
            return
        ours = np.array([values.mean(), values.std(), values.abs().max(), *values.flatten()[:8]])
        first = expected["first8"]
        assert isinstance(first, list)
        theirs = np.array([expected["mean"], expected["std"], expected["absmax"], *first], dtype=np.float64)
        error = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
        self.add(vector, label, error, vector.tolerance("tensor_rel_max"))


def tensor_error(actual: Tensor, expected: Tensor) -> float:
    """Largest difference over the largest expected value; for integers how many differ; infinite when shapes differ."""
    if actual.shape != expected.shape:
        return math.inf
    if not expected.is_floating_point():
        return float((actual.long() != expected.long()).sum())
    difference = float((actual.detach().double() - expected.double()).abs().max())
    scale = float(expected.double().abs().max())
    return difference / scale if scale else difference


def _norm_error(grad: Tensor | None, norm: float | None, largest: float) -> float:
    """Relative difference of a gradient's norm from the recorded one, which is None where there is no gradient."""
    if grad is None or norm is None:
        return 0.0 if grad is None and norm is None else math.inf
    ours = float(grad.double().norm())
    if norm < 1e-7 * largest:
        return 0.0 if ours < 1e-6 * largest else math.inf
    return abs(ours - norm) / norm


def number_error(actual: float, expected: float) -> float:
    """Relative difference; absolute when zero is expected."""
    return abs(actual - expected) / abs(expected) if expected else abs(actual)
