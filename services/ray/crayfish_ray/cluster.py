"""The driver's side of Ray: the connection to the head node, and the actors of one run.

The driver is a Ray Client: a thin connection to the head, which keeps a process for it there. To be
a node of its own (without CPUs) would cost it a raylet and two agents for each run, and the cluster
would remember every one of them as a dead node.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

import ray
from ray.exceptions import GetTimeoutError, RayError

from .actors import Chain, Progress, Scorer, Sink, Source
from .errors import ActorsError, ClusterError
from .ports import CLIENT_PORT, HEAD, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crayfish_contract.runconfig import RunConfig

    from .options import RayOptions

_POLL_S: Final = 0.2
_ASK_S: Final = 0.7
"""Progress is asked for by a scrape, which gives up after a second."""


def connect(workers: int, deadline_s: float) -> None:
    """Wait for the head node, become its client, and wait for the nodes with CPUs.

    Raises:
        ClusterError: if there is none within `deadline_s` seconds.
    """
    end = time.monotonic() + deadline_s
    wait_for_port(HEAD, CLIENT_PORT, deadline_s)
    while not ray.is_initialized():
        try:
            ray.init(f"ray://{HEAD}:{CLIENT_PORT}", logging_level="WARNING", log_to_driver=False)
        except (ConnectionError, RuntimeError, RayError) as error:
            if time.monotonic() > end:
                raise ClusterError(f"{HEAD}:{CLIENT_PORT}: {error}") from None
            time.sleep(_POLL_S)
    while (joined := _with_cpus()) < workers:
        if time.monotonic() > end:
            raise ClusterError(
                f"{joined} of {workers} worker nodes joined {HEAD} within {deadline_s:.0f} s"
            )
        time.sleep(_POLL_S)


def _with_cpus() -> int:
    """Nodes that are alive and run actors."""
    return sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())


@contextlib.contextmanager
def _calls() -> Iterator[None]:
    """Whatever Ray raises, as one error."""
    try:
        yield
    except (RayError, ConnectionError) as error:
        raise ActorsError(str(error)) from None


class Actors:
    """The actors of a run, from their making to their end.

    Raises:
        ClusterError: if the connection to the head is lost.
        ActorsError: if Ray refuses.
    """

    def __init__(self, config: RunConfig, options: RayOptions) -> None:
        self._others: list[Any] = []
        self._readers: list[Any] = []
        self._runs: list[Any] = []
        try:
            self._make(config, options)
        except ConnectionError as error:
            raise ClusterError(f"{HEAD}:{CLIENT_PORT}: {error}") from None
        except RayError as error:
            self.kill()
            raise ActorsError(str(error)) from None

    def _make(self, config: RunConfig, options: RayOptions) -> None:
        parallelism = config.parallelism
        if _fused(config):
            chain = _remote(Chain, threads=2)
            self._readers = [
                chain.remote(config, options, index) for index in range(parallelism.source)
            ]
        else:
            sink, source = _remote(Sink), _remote(Source, threads=2)
            # Of a server several batches wait at once; a library computes one after the other.
            scorer = _remote(Scorer, options.in_flight if config.call.mode == "async" else 1)
            scorers = [scorer.remote(config) for _ in range(parallelism.scorer)]
            sinks = [sink.remote(config, options) for _ in range(parallelism.sink)]
            self._others = [*scorers, *sinks]
            self._readers = [
                source.remote(config, options, index, scorers, sinks, ray.get)
                for index in range(parallelism.source)
            ]

    def ready(self, asked: Callable[[], bool], deadline_s: float) -> bool:
        """Wait until all are made and have their model; False if `asked` to stop before.

        Raises:
            ClusterError: if they are not within `deadline_s` seconds.
            ActorsError: if one cannot be made.
        """
        end = time.monotonic() + deadline_s
        with _calls():
            waiting = [actor.__ray_ready__.remote() for actor in (*self._others, *self._readers)]
            while waiting:
                done, waiting = ray.wait(waiting, timeout=_POLL_S)
                ray.get(done)
                if asked():
                    return False
                if waiting and time.monotonic() > end:
                    break
        if waiting:
            raise ClusterError(f"{len(waiting)} actors not ready within {deadline_s:.0f} s")
        return True

    def start(self) -> None:
        """Begin to read.

        Raises:
            ActorsError: if one cannot be told to.
        """
        with _calls():
            self._runs = [reader.run.remote() for reader in self._readers]

    def watch(self, timeout_s: float) -> None:
        """Wait for `timeout_s`, or until an actor's end: none ends before it is told to.

        Raises:
            ActorsError: with what ended it.
        """
        with _calls():
            done, _ = ray.wait(self._runs, timeout=timeout_s)
            ray.get(done)

    def progress(self) -> list[Progress]:
        """How far each reader has come; empty if they do not answer now."""
        try:
            asked = [reader.progress.remote() for reader in self._readers]
            answers: list[Progress] = ray.get(asked, timeout=_ASK_S)
        except (RayError, ConnectionError):
            return []
        return answers

    def stop(self, timeout_s: float) -> int:
        """Tell all to settle what is under way, and wait for it.

        Returns:
            Records scored.

        Raises:
            ActorsError: if one cannot, or has not within `timeout_s`.
        """
        with _calls():
            for reader in self._readers:
                reader.stop.remote()
            try:
                return sum(ray.get(self._runs, timeout=timeout_s))
            except GetTimeoutError:
                raise ActorsError(f"still under way after {timeout_s:.0f} s") from None

    def kill(self) -> None:
        """End their processes."""
        with contextlib.suppress(RayError, ConnectionError):
            for actor in (*self._readers, *self._others):
                ray.kill(actor)


def _fused(config: RunConfig) -> bool:
    parallelism = config.parallelism
    same = parallelism.source == parallelism.scorer == parallelism.sink
    return parallelism.chained and same


def _remote(kind: type, threads: int = 1) -> Any:
    """An actor class, spread over the nodes. Ray restarts none by itself: see `supervisor`."""
    return ray.remote(max_restarts=0, max_concurrency=threads, scheduling_strategy="SPREAD")(kind)
