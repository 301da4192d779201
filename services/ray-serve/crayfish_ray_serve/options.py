"""What Ray Serve is told, and where it listens; Ray reads some of it when it is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_serving import size_bounds

if TYPE_CHECKING:
    from crayfish_serving import Settings

GRPC_PORT: Final = 9000
HTTP_PORT: Final = 8000
METRICS_PORT: Final = 8080
_PORTS: Final = 256
"""Of each protocol, for the replicas' own."""
_QUIET_PROXY: Final = 10_000
"""What is added to the proxy's ports where nobody is to use it."""


@dataclass(frozen=True)
class ServeOptions:
    """Of the tool, in bounds."""

    replicas: int
    direct: bool
    """Whether requests go to a replica's own port, and not through the proxy."""
    max_ongoing: int
    """Requests that a replica has in hand at most."""
    batch_size: int
    """Requests in one forward call."""
    batch_delay_ms: float
    threads: int


def serve_options(settings: Settings) -> ServeOptions:
    """Of the container's settings.

    Raises:
        SettingError: naming one that is out of its bounds.
    """
    return ServeOptions(
        replicas=settings.whole("replicas", 1, 1, 64),
        direct=settings.choice("ingress", ("proxy", "direct")) == "direct",
        max_ongoing=settings.whole("max_ongoing_requests", 100, 1, 100_000),
        batch_size=settings.whole("batch_size", 1, 1, 4096),
        batch_delay_ms=settings.number("batch_delay_ms", 0.0, 0, 60_000),
        threads=settings.whole("threads", 1, 1, 1024),
    )


def proxy_ports(options: ServeOptions) -> tuple[int, int]:
    """Of the proxy, HTTP and gRPC: those that clients use are the replicas' if they are direct."""
    aside = _QUIET_PROXY if options.direct else 0
    return HTTP_PORT + aside, GRPC_PORT + aside


def environment(options: ServeOptions) -> dict[str, str]:
    """Variables that Ray reads when it is imported, in every process."""
    common = {
        "RAY_SERVE_LOG_TO_STDERR": "0",
        # Of its histogram of how many requests were scored together.
        "RAY_SERVE_BATCH_SIZE_BUCKETS": ",".join(map(str, size_bounds(options.batch_size))),
    }
    if not options.direct:
        return common
    return {
        **common,
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(HTTP_PORT),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(HTTP_PORT + _PORTS - 1),
        "RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT": str(GRPC_PORT),
        "RAY_SERVE_DIRECT_INGRESS_MAX_GRPC_PORT": str(GRPC_PORT + _PORTS - 1),
        # A load balancer, which is not there, would have half a minute to turn away.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0",
    }
