"""Writes tests/contract/vectors: messages that every codec must read and write exactly.

Run it only when the record's layout gets a new version: `python tests/contract/make_vectors.py`.
index.json says of each file its format, its header and its float32 values, as bit patterns too.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from crayfish_contract.codec import (
    CODECS,
    CodecError,
    Header,
    RecordFormat,
    Segment,
    Status,
    failed,
)

FOLDER = Path(__file__).parent / "vectors"
T = 1_700_000_000_000_000_000
ODD_FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 0.0001, 0.00009999, 1e-05, 123456789.0, 16777216.0,
    999999.94, 9.9999998e15, 1e16, 1e21, 3.4028235e38, -3.4028235e38, 1.1754944e-38, 1e-45,
    1048576.25, 1048576.75, 2.0**-44, 2.0**-96, 2.0**87, 2.0**90, 5.877472e-39, 0.3, 100.0, 8.5e-44,
)  # fmt: skip


def cases() -> dict[str, tuple[Header, list[float]]]:
    """Name -> header and values."""
    request = Header(Segment.MEASURED, 7, T, T + 1500, 2, 3)
    result = request._replace(
        is_result=True, status=Status.OK, received_ns=T + 2_000_000, scored_ns=T + 3_000_001,
        outputs=2,
    )  # fmt: skip
    many = len(ODD_FLOATS)
    return {
        "request": (request._replace(batch=1), [0.5, 0.25, 1.0]),
        "request-batch": (request, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        "request-canary": (Header(Segment.CANARY, 0, T, T, 1, 1), [0.0]),
        "request-warmup": (Header(Segment.WARMUP, 2**63 + 1, T, T + 1, 1, 1), [-1.5]),
        "request-empty": (Header(Segment.MEASURED, 1, 0, 0, 0, 784), []),
        "request-floats": (Header(Segment.MEASURED, 2**64 - 1, T, -1, 1, many), list(ODD_FLOATS)),
        "result": (result._replace(batch=1), [0.75, 0.25]),
        "result-batch": (result, [0.1, 0.9, 0.2, 0.8]),
        "result-canary": (result._replace(segment=Segment.CANARY, batch=1), [1.0, 0.0]),
        "result-failed": (failed(request, T + 2_000_000, T + 2_000_007), []),
        "result-not-finite": (result, [float("nan"), float("inf"), float("-inf"), 0.0]),
    }


def main() -> None:
    """Write every case in each format that can hold it."""
    FOLDER.mkdir(exist_ok=True)
    index = []
    for name, (header, values) in cases().items():
        data = np.array(values, dtype=np.float32)
        for record_format, codec in CODECS.items():
            try:
                message = codec.encode(header, data)
            except CodecError:
                continue  # not finite, in JSON
            suffix = "bin" if record_format is RecordFormat.BINARY else "json"
            file = f"{name}.{suffix}"
            (FOLDER / file).write_bytes(message)
            index.append(
                {
                    "file": file,
                    "format": record_format,
                    "header": {
                        **header._asdict(),
                        "segment": header.segment.name.lower(),
                        "status": header.status.name.lower(),
                    },
                    "data": [str(value) for value in data],
                    "data_bits": [f"{bits:08x}" for bits in data.view(np.uint32)],
                    "hex": message.hex(),
                }
            )
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
