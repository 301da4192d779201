"""The sending loop alone against a broker: what `make perf` compares with Kafka's own tool."""

from __future__ import annotations

import argparse
import io
import json
import sys
import threading
import time

import numpy as np

from crayfish_contract.arrays import SENT
from crayfish_contract.codec import HEADER_BYTES, RecordFormat, Segment
from crayfish_contract.runconfig import (
    ConstantArrivals,
    KafkaConfig,
    MaxArrivals,
    ProducerClient,
    StopRule,
)
from crayfish_contract.topics import ensure_topics
from crayfish_load.arrivals import arrival_process
from crayfish_load.payloads import raw_values, writer

from .sender import Sender, make_client, precise_sleeps
from .sentlog import SentLog
from .summary import of_rows

_POOL = 64
_DEADLINE_S = 60.0


def main(arguments: list[str]) -> int:
    """Send and print one JSON line with rate, lag and CPU time."""
    parser = argparse.ArgumentParser(prog="crayfish_producer perf", description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--record-bytes", type=int, default=3200)
    parser.add_argument("--records", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rate", type=float, help="records/s; as fast as possible if left out")
    parser.add_argument("--acks", default="1")
    parser.add_argument("--linger-ms", type=float, default=0)
    parser.add_argument("--batch-bytes", type=int, default=1_000_000)
    parser.add_argument("--compression", default="none")
    options = parser.parse_args(arguments)
    kafka = KafkaConfig(
        bootstrap=options.bootstrap,
        input_topic=options.topic,
        output_topic=f"{options.topic}-unused",
        input_partitions=1,
        output_partitions=1,
    )
    ensure_topics(kafka, _DEADLINE_S)
    precise_sleeps()
    client = make_client(
        kafka,
        ProducerClient(
            acks=options.acks,
            linger_ms=options.linger_ms,
            batch_bytes=options.batch_bytes,
            compression=options.compression,
        ),
    )
    values = (options.record_bytes - HEADER_BYTES) // 4
    random = np.random.default_rng(0)
    pool = [raw_values(random.random(values, dtype=np.float32)) for _ in range(_POOL)]
    rows = io.BytesIO()
    log = SentLog(rows)
    sender = Sender(client, kafka, log, threading.Event())
    arrivals = MaxArrivals() if options.rate is None else ConstantArrivals(rate=options.rate)
    client.poll(0.1)
    cpu, start = time.process_time(), time.time_ns()
    sender.send(
        Segment.MEASURED,
        arrival_process(arrivals),
        StopRule(seconds=options.seconds, count=options.records),
        writer(Segment.MEASURED, RecordFormat.BINARY, pool, 1, values),
        start,
    )
    client.flush(_DEADLINE_S)
    seconds = (time.time_ns() - start) / 1e9
    log.close()
    sent = np.frombuffer(rows.getvalue(), dtype=SENT)
    told = of_rows(sent)
    json.dump(
        {
            "records": len(sent),
            "delivered": log.delivered,
            "seconds": seconds,
            "records_per_s": len(sent) / seconds,
            "mb_per_s": len(sent) * (HEADER_BYTES + 4 * values) / seconds / 1e6,
            "sent_records_per_s": told.rate,
            "schedule_lag_ms": told.schedule_lag_ms,
            "cpu_seconds": time.process_time() - cpu,
        },
        sys.stdout,
    )
    sys.stdout.write("\n")
    return 0 if log.delivered == len(sent) else 1
