"""What a run says at its end: what was broken, how the tasks ended, and everything that should not have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MOST_OF_A_KIND = 20


@dataclass
class Violations:
    """What should not have been, by the rule that it breaks."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, rule: str, what: str) -> None:
        """Note one."""
        self.found.append((rule, what))

    def __len__(self) -> int:
        return len(self.found)

    def lines(self) -> list[str]:
        """For people; many of one kind are cut short."""
        by_rule: dict[str, list[str]] = {}
        for rule, what in self.found:
            by_rule.setdefault(rule, []).append(what)
        lines = []
        for rule, breaches in by_rule.items():
            lines += [f"  {rule}: {what}" for what in breaches[:_MOST_OF_A_KIND]]
            if len(breaches) > _MOST_OF_A_KIND:
                lines.append(f"  {rule}: and {len(breaches) - _MOST_OF_A_KIND} more")
        return lines


@dataclass
class Report:
    """The whole of a run."""

    seed: int
    faults: int
    seconds: float = 0.0
    injected: Counter[tuple[str, str]] = field(default_factory=Counter)
    not_possible: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    violations: Violations = field(default_factory=Violations)

    def text(self) -> str:
        """For people."""
        lines = [f"seed {self.seed}, {self.faults} faults, {self.seconds:.0f} s", "", "faults injected"]
        by_kind: dict[str, Counter[str]] = {}
        for (kind, target), count in self.injected.items():
            by_kind.setdefault(kind, Counter())[target] += count
        for kind, targets in sorted(by_kind.items()):
            lines.append(_row(kind, targets.total(), ", ".join(f"{name} {n}" for name, n in sorted(targets.items()))))
        lines.append(_row("in all", sum(self.injected.values())))
        lines += [_row(kind, count, "not possible on this machine") for kind, count in self.not_possible.items()]
        lines += ["", "tasks by end", *_table(self.ends), "", "counted", *_table(self.counts)]
        lines += ["", f"violations: {len(self.violations)}", *self.violations.lines()]
        return "\n".join(lines)


def _table(rows: Mapping[str, int]) -> Iterable[str]:
    return [_row(name, count) for name, count in sorted(rows.items())]


def _row(name: str, count: int, rest: str = "") -> str:
    return f"  {name:<28}{count:>7}  {rest}".rstrip()
