"""A run config and results as a processor would write them, for tests of either end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from crayfish_contract.codec import CODECS, Header, RecordFormat, Segment, Status, failed
from crayfish_contract.runconfig import RunConfig


@dataclass
class Clock:
    """Stands for the module `time`: only asking and sleeping make it go on."""

    now_ns: int = 1_700_000_000_000_000_000

    def time_ns(self) -> int:
        self.now_ns += 1000
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def make_config(**workload: Any) -> RunConfig:
    return RunConfig.model_validate(
        {
            "run_id": "r",
            "kafka": {
                "bootstrap": "nowhere:9092",
                "input_topic": "in",
                "output_topic": "out",
                "input_partitions": 3,
                "output_partitions": 2,
            },
            "model": {
                "name": "m",
                "format": "onnx",
                "path": "/models/m",
                "input_shape": [2, 2],
                "output_shape": [3],
            },
            "tool": {"name": "noop"},
            "processor": {"name": "p", "runtime": "python"},
            "workload": {
                "arrivals": {"kind": "constant", "rate": 100},
                "stop": {"seconds": 1},
                "warmup": {"rate": 10, "seconds": 5},
                "points": {"kind": "random", "count": 5, "pool": 4},
                **workload,
            },
            "deadlines": {"ready": 100, "drain_idle": 15, "drain_total": 60},
        }
    )


def make_result(
    id_: int,
    outputs: Any = ((0.1, 0.9, 0.0),),
    segment: Segment = Segment.MEASURED,
    record_format: RecordFormat = RecordFormat.BINARY,
) -> bytes:
    """A result with `outputs` float[batch, outputs]; None: a failed one."""
    header = Header(segment, id_, 1000 + id_, 2000 + id_, 1, 4)
    if outputs is None:
        return CODECS[record_format].encode(failed(header, 3000, 4000), np.zeros(0, np.float32))
    data = np.array(outputs, dtype=np.float32)
    header = header._replace(
        is_result=True,
        status=Status.OK,
        received_ns=3000 + id_,
        scored_ns=4000 + id_,
        batch=data.shape[0],
        outputs=data.shape[1],
    )
    return CODECS[record_format].encode(header, data)
