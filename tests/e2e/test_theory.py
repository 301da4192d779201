"""The measurement against queueing theory: M/D/1, one server with a fixed service time.

With Poisson arrivals at utilisation rho and service time D the mean wait is
rho D / (2 (1 - rho)) (Pollaczek and Khinchine; e.g. Kleinrock, "Queueing Systems", volume 1,
section 5.6). The server here is `noop` with a service time, inside the whole pipeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .conftest import Finished

pytestmark = pytest.mark.e2e

BATCHES = 20


def waits_ms(main_job: Finished, part: str) -> tuple[NDArray[np.float64], float, float]:
    """Each record's latency without its service, in order; the service time and the cycle.

    The cycle is what the server really takes for a record: from one receipt to the next while
    another record is waiting. It is the service time and what the processor does around it.
    """
    records = main_job.records(part).sort("received_ns")
    due, got, scored, consumed = (
        records[name].to_numpy() / 1e6
        for name in ("intended_ns", "received_ns", "scored_ns", "consumed_ns")
    )
    service = scored - got
    waiting = due[1:] < got[:-1] - 1.0  # due a millisecond before its predecessor was begun
    cycles = np.diff(got)[waiting]
    cycle = float(np.median(cycles)) if cycles.size else float(np.median(service))
    return consumed - due - service, float(service.mean()), cycle


def lindley_ms(due: NDArray[np.float64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The wait of each of these arrivals: W[n+1] = max(0, W[n] + D[n] - gap[n]) (Lindley, 1952)."""
    waits = np.zeros(len(due))
    for position, gap in enumerate(np.diff(due), start=1):
        waits[position] = max(0.0, waits[position - 1] + cycles[position - 1] - gap)
    return waits


@pytest.mark.parametrize(("part", "utilisation"), [("rho-0.5", 0.5), ("rho-0.8", 0.8)])
def test_the_mean_wait_is_that_of_theory(main_job: Finished, part: str, utilisation: float) -> None:
    floors = waits_ms(main_job, "floor")[0]
    floor = float(floors.mean())
    measured, service, cycle = waits_ms(main_job, part)
    assert service == pytest.approx(5.0, abs=0.3)

    rate = main_job.run(part)["spec"]["cell"]["arrivals"]["rate"] / 1000  # per ms
    rho = rate * cycle
    assert rho == pytest.approx(utilisation, abs=0.05)
    theory = rho * cycle / (2 * (1 - rho))

    # Neighbours wait together, so the interval is that of batch means, not of records.
    means = [float(batch.mean()) for batch in np.array_split(measured, BATCHES)]
    half = stats.t.ppf(0.975, BATCHES - 1) * np.std(means, ddof=1) / np.sqrt(BATCHES)
    wait = float(measured.mean()) - floor
    said = (
        f"wait {wait:.2f} ms +- {half:.2f}, M/D/1 {theory:.2f} ms at rho {rho:.3f}, "
        f"service {service:.3f} ms, cycle {cycle:.3f} ms, floor {floor:.2f} ms"
    )
    assert abs(wait - theory) <= half + floor, said

    # Without the chance of arrivals and of services: Lindley's recursion knows the wait of each
    # record from what those before it took. What is left is the floor; by its median, because one
    # stall of the machine moves a mean.
    records = main_job.records(part).sort("received_ns")
    due, got, scored = (
        records[name].to_numpy() / 1e6 for name in ("intended_ns", "received_ns", "scored_ns")
    )
    between = max(0.0, cycle - float(np.median(scored - got)))
    left = float(np.median(measured - lindley_ms(due, scored - got + between)))
    # By a tenth of the wait, because what lies between two records is known in the median only;
    # and the floor, measured in a run of its own, may be twice as high where a neighbour came.
    lowest = float(np.median(floors))
    allowed = max(1.0, 0.1 * theory) + lowest
    assert left == pytest.approx(lowest, abs=allowed), f"{said}, left {left:.2f}"
