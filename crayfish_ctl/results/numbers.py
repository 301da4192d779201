"""The numbers of a run. Latencies are milliseconds, times Unix nanoseconds."""

from __future__ import annotations

from .frozen import Frozen


class CallFacts(Frozen):
    """Calls of a model server that were under way at a time."""

    under_way: float
    """Mean over the time in which there were any: their rate times their mean duration."""
    allowed: int
    """How many there may be: calls under way for each scorer, times scorers."""


class BatchSizes(Frozen):
    """Executions of the model by how much the server put into one of them."""

    of: str = "requests"
    """What the sizes count: requests or points."""
    bounds: tuple[int | None, ...]
    """Upper bounds, ascending; a size belongs to the first that is not smaller. None: no bound."""
    counts: tuple[int, ...]
    """Executions of each."""

    @property
    def executions(self) -> int:
        """All of them."""
        return sum(self.counts)

    @property
    def together(self) -> bool:
        """Whether anything was put together: an execution had more than one."""
        return any(
            count for bound, count in zip(self.bounds, self.counts, strict=True) if bound != 1
        )


class ServerFacts(Frozen):
    """What a model server says of a run's calls; null where it does not count."""

    requests_per_s: float | None = None
    requests_per_execution: float | None = None
    """How many requests it put into one execution of the model, in the mean."""
    batch_sizes: BatchSizes | None = None
    """The same, not in the mean."""
    queue_ms: float | None = None
    """Mean wait of a request in the server."""
    compute_ms: float | None = None
    """Mean time that a request was with the model."""
    total_ms: float | None = None
    """Mean time that a request was in the server, as far as the server sees it."""


class FailedCalls(Frozen):
    """Records whose call to a model server gave no prediction, by why (`codec.Reason`)."""

    deadline: int = 0
    unavailable: int = 0
    exhausted: int = 0
    bad_output: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.model_dump().values())

    @property
    def text(self) -> str:
        """`12 deadline, 3 unavailable`; empty if there are none."""
        found = self.model_dump().items()
        return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found if count)


class Counts(Frozen):
    """Records of the measured segment, by what became of them.

    sent = ok + failed + lost + unfinished + undelivered.
    """

    sent: int
    delivered: int
    """Acknowledged by the broker (with acks=0: handed to it without an error)."""
    received: int
    """Ids with at least one result: ok + failed."""
    ok: int
    failed: int
    """Came back with status failed."""
    failed_calls: FailedCalls = FailedCalls()
    """Of these, those whose call to a model server failed."""
    lost: int
    """Delivered, and no result although the run waited until nothing came any more."""
    unfinished: int
    """Delivered, and still without a result when the run's time was over."""
    undelivered: int
    """The broker refused them, or did not answer."""
    duplicates: int
    """Results beyond the first of an id."""
    undecodable: int
    """Messages of the output topic from which not even an id could be read; of the whole run."""
    points: int
    """Points in the ok records."""


class Percentiles(Frozen):
    """A distribution over all records, nearest-rank percentiles (Hyndman and Fan, type 1)."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p99_9: float
    max: float


class Window(Frozen):
    """The measured window."""

    start_ns: int
    """The first measured record was due."""
    sending_end_ns: int
    """The schedule was over, or the last record was sent, whichever came later."""
    last_result_ns: int | None
    schedule_seconds: float
    """How long the schedule of the measured segment is (for `max`: how long sending took)."""


class Capacity(Frozen):
    """How fast the results came while there was always work waiting, records/s."""

    records_per_s: float
    """Over the middle 80 % of all results."""
    sharing_records_per_s: float | None
    """While the producer was still sending, so everything shared the machine."""
    drain_records_per_s: float | None
    """After the producer had finished: the pipeline has the machine to itself."""
    lower_bound: bool
    """The backlog never grew: the pipeline could have done more than it was offered."""


class Throughput(Frozen):
    """Rates of the measured segment."""

    offered_records_per_s: float | None
    """What the schedule asked for; None for `max`, which asks for everything at once."""
    sent_records_per_s: float
    achieved_records_per_s: float
    """Ok results in a window of the schedule's length that opens with the first result."""
    achieved_points_per_s: float
    capacity: Capacity | None = None
    """Only for goal saturate."""
    processor_records_per_s: float | None = None
    """By the processor's own counter (configs/processors), over the same time as the capacity."""


class ProducerShare(Frozen):
    """What one of several producers did with its share of the schedule."""

    number: int
    """From 1."""
    records: int
    due_records_per_s: float | None
    """From its first to its last due time; None for `max`."""
    sent_records_per_s: float
    schedule_lag_ms: Percentiles
    late_records: int
    """Sent later after their due time than the verdict allows for the p99."""


class Efficiency(Frozen):
    """What the system under test (processor and model server) pays for its results."""

    cpu_seconds: float
    records_per_cpu_second: float
    drain_records_per_cpu_second: float | None
    """The same, after the producer had finished."""
    cpu_seconds_per_million_points: float


class Correctness(Frozen):
    """Do the results say what the model says?"""

    checked: int
    """Records whose outputs were compared with the reference."""
    max_deviation: float | None
    """Largest |output - reference| of all of them."""
    tolerance: float | None
    beyond_tolerance: int
    """Records that deviate by more than the tolerance."""
    end_to_end_accuracy: float | None
    """Share of points whose class is their label, in the results."""
    offline_accuracy: float | None
    """The same by the reference predictions, over exactly the points of those records."""
    test_set_accuracy: float | None
    """The same, once over each point of the file."""


class Backlog(Frozen):
    """Records sent and not yet back."""

    max: int
    at_sending_end: int
    slope_records_per_s: float
    """Of a straight line through it while the producer was sending."""
    slope_p_value: float
    """Probability of such a slope, upwards, if there were no trend (one-sided)."""


class Warmed(Frozen):
    """How long the system was warmed up before the window."""

    seconds: float
    """From the first warm-up record to the window, drain included."""
    settle_seconds: float | None = None
    """Of these, at the workload's own rate while the latency was watched; None: it was not."""
    settled: bool | None = None
    """Whether the latency fell no more when the window began."""


class Trend(Frozen):
    """Is the latency of the second half of the window that of the first?"""

    first_half_p50_ms: float
    second_half_p50_ms: float


class Steady(Frozen):
    """Mann-Kendall test for a trend in the medians of equal blocks of the window."""

    steady: bool
    p_value: float
    """Probability of such an order of the blocks if there were no trend (two-sided)."""
    change: float
    """Theil-Sen slope times the window, relative to the median: 0.1 is 10 % more at the end."""


class Burst(Frozen):
    """One burst of a bursty workload, and how the pipeline came back from it."""

    start_ns: int
    end_ns: int
    peak_backlog: int
    peak_latency_ms: float
    band_ms: float
    """Upper end of the base's band: the p99 of the latency before the first burst."""
    recovered_ns: int | None
    """From here on the latency is within the base's band; None: not before the next burst."""
    recovery_seconds: float | None
    """recovered_ns - end_ns; 0 if the band was never left."""
