"""Prometheus figures of this process: requests by route, open event streams, uploaded bytes."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """One registry per gateway, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "voiceloom_http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "voiceloom_http_request_seconds",
            "Seconds from a request to the end of its answer; event streams are left out",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.subscribers = Gauge("voiceloom_sse_subscribers", "Open event streams", registry=self.registry)
        self.uploaded_bytes = Counter("voiceloom_uploaded_bytes", "Bytes of recordings taken", registry=self.registry)

    def exposition(self) -> bytes:
        """The figures in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)
