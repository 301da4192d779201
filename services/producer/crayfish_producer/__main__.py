"""`python -m crayfish_producer` runs the mounted run config; `... perf` measures the loop alone."""

from __future__ import annotations

import signal
import sys
import threading

from confluent_kafka import KafkaException

from crayfish_contract.kafka import exit_of
from crayfish_contract.runconfig import RunConfigError, load_run_config
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_contract.topics import BrokerUnreachableError
from crayfish_load.payloads import PointsError, RecordSizeError

from .consumer_api import ConsumerUnreachableError
from .producers import FurtherProducerError
from .run import ProducerRun


def main() -> int:
    """Returns the exit code; expected failures are one log line."""
    if sys.argv[1:2] == ["perf"]:
        from .perf import main as perf  # noqa: PLC0415  not part of a run

        return perf(sys.argv[2:])
    log = json_logger("producer")
    stop = threading.Event()
    # Until there is something to bring to an end: whoever waits for a broker looks at no event.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))

    def connected() -> None:
        signal.signal(signal.SIGTERM, lambda *_: stop.set())

    try:
        return ProducerRun(load_run_config(), stop)(connected)
    except (RunConfigError, PointsError, RecordSizeError) as error:
        log.error(str(error))  # noqa: TRY400  the message is for people
        return ServiceExit.BAD_CONFIG
    except (BrokerUnreachableError, ConsumerUnreachableError) as error:
        log.error(str(error))  # noqa: TRY400
        return ServiceExit.UNREACHABLE
    except FurtherProducerError as error:
        log.error(str(error))  # noqa: TRY400
        return ServiceExit.BUG
    except KafkaException as error:
        log.error("Kafka: %s", error)  # noqa: TRY400
        return exit_of(error)


sys.exit(main())
