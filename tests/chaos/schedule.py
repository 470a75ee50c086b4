"""What is broken, in which order: a list of faults that follows from a seed and from nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

WORKERS = ("preprocessing", "asr", "features", "training", "inference")
ORCHESTRATORS = ("orchestrator", "orchestrator-2")
GATEWAYS = ("gateway", "gateway-2")
BROKER, DATABASE = "nats", "postgres"

# What goes through a link of its own: the client's name, and the server's.
WAYS = (
    *((client, BROKER) for client in (*WORKERS, *ORCHESTRATORS)),
    *((client, DATABASE) for client in ORCHESTRATORS),
    *((client, orchestrator) for client in (*WORKERS, *GATEWAYS) for orchestrator in ORCHESTRATORS),
)
# In a target: every client, or every server.
ALL = "*"

KILL, TERMINATE, KILL_CHILD, PAUSE = "kill", "terminate", "kill_child", "pause"
RESET, CUT, SWALLOW, SLOW, REFUSE = "reset", "cut", "swallow", "slow", "refuse"
DISK_FULL = "disk_full"
ON_LINKS = (RESET, CUT, SWALLOW, SLOW, REFUSE)

# A hand of cards; each is played once before any is played again, so that a short run meets every kind, too.
HAND = (
    *(KILL,) * 7,
    *(TERMINATE,) * 3,
    *(KILL_CHILD,) * 2,
    *(PAUSE,) * 4,
    RESET,
    *(CUT,) * 2,
    *(SWALLOW,) * 2,
    SLOW,
    REFUSE,
    DISK_FULL,
)
# The long stages are in training and inference, and whoever coordinates is where something could be lost.
PROGRAMS = (*WORKERS, "training", "inference", *ORCHESTRATORS, *ORCHESTRATORS, *GATEWAYS, BROKER, DATABASE)
LINKS = (
    *(f"{client}->{server}" for client, server in WAYS),
    *(f"{client}->{ALL}" for client in sorted({client for client, _ in WAYS})),
    *(f"{ALL}->{server}" for server in sorted({server for _, server in WAYS})),
)


@dataclass(frozen=True)
class Fault:
    """One thing that breaks."""

    number: int
    kind: str
    # A program, or "client->server", either of which may be "*".
    target: str
    # How long it lasts, where it lasts.
    seconds: float = 0.0
    # How many stages end between the fault before and this one (none: it follows at once).
    after_stages: int = 0
    # A worker is hit while it works, if it does within a few seconds.
    while_busy: bool = False

    def __str__(self) -> str:
        lasting = f" for {self.seconds:g} s" if self.seconds else ""
        return f"#{self.number} {self.kind} {self.target}{lasting}"


class _Deck:
    """Cards in random order, each once before any comes again."""

    def __init__(self, cards: Sequence[str], draw: random.Random) -> None:
        self._cards, self._draw = tuple(cards), draw
        self._rest: list[str] = []

    def next(self) -> str:
        """The next card."""
        if not self._rest:
            self._rest = list(self._cards)
            self._draw.shuffle(self._rest)
        return self._rest.pop()


def schedule(seed: int, count: int, *, longest_pause_s: float = 25.0) -> list[Fault]:
    """The faults of a run."""
    draw = random.Random(f"faults/{seed}")
    kinds = _Deck(HAND, draw)
    programs = {kind: _Deck(PROGRAMS, draw) for kind in (KILL, TERMINATE, PAUSE)}
    links = _Deck(LINKS, draw)
    faults = []
    for number in range(1, count + 1):
        kind = kinds.next()
        seconds = 0.0
        if kind in ON_LINKS:
            target = links.next()
        elif kind == DISK_FULL:
            target = "disk"
        elif kind == KILL_CHILD:
            target = "training"
        else:
            target = programs[kind].next()
        if kind in (PAUSE, SWALLOW):
            # Half of them short enough that nobody need notice, half of them up to far beyond a lease.
            seconds = round(draw.uniform(1, longest_pause_s if draw.random() < 0.5 else 5), 1)
        elif kind in (SLOW, REFUSE, DISK_FULL):
            seconds = round(draw.uniform(2, 10), 1)
        busy = target in WORKERS and draw.random() < 0.75
        after = draw.choices((0, 1, 2), weights=(2, 5, 3))[0]
        faults.append(Fault(number, kind, target, seconds, after, busy))
    return faults
