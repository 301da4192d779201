"""How a worker tells TorchServe's frontend what it counts: by lines of its log.

The frontend parses them. `ts.metrics` would write such a line for each request as well, and is
silenced for that (`handler.handle`); these are written past it, and few.
"""

from __future__ import annotations

import logging
import socket
import time
from typing import TYPE_CHECKING

from crayfish_serving import EXECUTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)


def teller(model: str) -> Callable[[Mapping[int, int]], None]:
    """Adds to the frontend's counters, which all workers of a model share.

    The line is that of `ts.metrics.caching_metric.CachingMetric.emit_metrics`, TorchServe 0.12.
    """
    _log.setLevel(logging.INFO)  # the root's level is WARNING
    host = socket.gethostname()

    def tell(news: Mapping[int, int]) -> None:
        now = int(time.time())
        for bound, grown in news.items():
            _log.info(
                "[METRICS]%s.Count:%d|#model_name:%s,le:%d|#type:COUNTER|#hostname:%s,%d",
                *(EXECUTIONS, grown, model, bound, host, now),
            )

    return tell
