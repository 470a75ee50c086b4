"""Says whether requests can be served, and which part is missing when they cannot."""

from gateway.clients import SERVICES, Clients

# Part -> the service that knows about it, and the name under which its health check does.
_CHECKS = {name: (name, "") for name in SERVICES} | {
    "broker": ("orchestrator", "broker"),
    "storage": ("orchestrator", "storage"),
}
# Nothing can be served without these; the others only have to have come up once, because a worker that restarts
# later costs no request.
_REQUIRED = ("orchestrator", "broker", "storage", "preprocessing")


class Readiness:
    """Asks every part for its health, and remembers which ones have been seen."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._seen: set[str] = set()

    async def parts(self) -> dict[str, bool]:
        """Each part, and whether it serves now."""
        answers = await self._clients.all_healthy(_CHECKS.values())
        parts = dict(zip(_CHECKS, answers, strict=True))
        if not parts["orchestrator"]:
            # Nobody is there who could speak for these.
            parts["broker"] = parts["storage"] = False
        self._seen.update(name for name, serves in parts.items() if serves)
        return parts

    def ready(self, parts: dict[str, bool]) -> bool:
        """Whether requests can be served with these parts."""
        return all(serves or (name in self._seen and name not in _REQUIRED) for name, serves in parts.items())
