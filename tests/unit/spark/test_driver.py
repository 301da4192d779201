"""The driver watches its query, lets a batch finish when asked, and says why it cannot begin."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_contract.options import OptionError
from crayfish_contract.runconfig import RunConfig
from crayfish_contract.service import ServiceExit
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_spark import driver
from crayfish_spark.options import SparkOptions
from crayfish_spark.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(driver, "_POLL_S", 0.01)
    # Its own writes to the stdout that it was imported under.
    monkeypatch.setattr(driver, "_log", logging.getLogger("of-this-test"))
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


class LastProgress(dict[str, Any]):
    """As pyspark hands it out."""

    @property
    def json(self) -> str:
        return json.dumps(self)


class ScriptedQuery:
    """A query whose batches end when it is looked at often enough."""

    def __init__(self, looks_until_batch_ends: int | None = 0, error: str | None = None) -> None:
        self._left = looks_until_batch_ends
        self._error = error
        self.looks = 0
        self.stopped = False

    @property
    def isActive(self) -> bool:  # noqa: N802
        return self._error is None

    @property
    def status(self) -> dict[str, Any]:
        return {"isTriggerActive": True}

    @property
    def lastProgress(self) -> LastProgress:  # noqa: N802
        self.looks += 1
        batch = int(self._left is not None and self.looks > self._left)
        offsets = {"in": {"0": 10 * (batch + 1)}}
        source = {"endOffset": offsets, "latestOffset": offsets}
        return LastProgress(batchId=batch, durationMs={}, sources=[source])

    def exception(self) -> Exception | None:
        return Exception(self._error)

    def stop(self) -> None:
        self.stopped = True


def already_asked() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def test_a_query_that_ends_by_itself_is_a_failure_with_its_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    query = ScriptedQuery(error="Job aborted\nCaused by: ScorerError: no model")
    assert driver.watch(query, Progress(), threading.Event(), 5.0) == ServiceExit.BUG
    assert caplog.messages == ["the query has ended: ScorerError: no model"]


def test_the_batch_under_way_ends_before_the_query_does(caplog: pytest.LogCaptureFixture) -> None:
    query, progress = ScriptedQuery(looks_until_batch_ends=4), Progress()
    assert driver.watch(query, progress, already_asked(), 5.0) == ServiceExit.OK
    assert query.stopped
    assert query.looks > 4
    assert progress._rows == 20
    assert [record.levelname for record in caplog.records if record.levelno > logging.INFO] == []


def test_a_batch_that_does_not_end_in_time_is_cut_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    query = ScriptedQuery(looks_until_batch_ends=None)
    assert driver.watch(query, Progress(), already_asked(), 0.05) == ServiceExit.OK
    assert query.stopped
    assert "cut off" in caplog.text


def test_a_real_time_batch_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    query = ScriptedQuery(looks_until_batch_ends=None)
    assert driver.watch(query, Progress(), already_asked(), 0.0) == ServiceExit.OK
    assert query.stopped
    assert "cut off" not in caplog.text


@pytest.mark.parametrize(
    ("shape", "fits"), [((2, 2, 2), True), ((1, 2, 1), False), ((1, 1, 2), False)]
)
def test_real_time_needs_all_operators_in_the_same_tasks(
    shape: tuple[int, int, int], fits: bool
) -> None:
    picked = choices(experiment="input-rate", processors=("spark",), parallelism=shape)
    plan = make_plan(load_catalog(ROOT), picked)
    made = run_config(plan, plan.runs[0], Points("random", 5))
    driver.check_shape(made, SparkOptions())
    if fits:
        driver.check_shape(made, SparkOptions(mode="real-time"))
    else:
        with pytest.raises(OptionError, match="all three equal"):
            driver.check_shape(made, SparkOptions(mode="real-time"))


def test_real_time_does_not_put_records_together() -> None:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", processors=("spark",)))
    content = json.loads(run_config(plan, plan.runs[0], Points("random", 5)).model_dump_json())
    content["call"] = {"mode": "batched", "records": 4}
    made = RunConfig.model_validate(content)
    driver.check_shape(made, SparkOptions())
    with pytest.raises(OptionError, match=r"call\.mode: batched"):
        driver.check_shape(made, SparkOptions(mode="real-time"))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the run config that the driver finds, with changes."""

    def write(change: Callable[[dict[str, Any]], object]) -> None:
        plan = make_plan(
            load_catalog(ROOT), choices(experiment="input-rate", processors=("spark",))
        )
        made = run_config(plan, plan.runs[0], Points("random", 5))
        content = json.loads(made.model_dump_json())
        content["model"]["path"] = str(ROOT / content["model"]["path"].lstrip("/"))
        change(content)
        path = tmp_path / "run.json"
        path.write_text(json.dumps(content))
        monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(path))

    return write


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("kafka"), "kafka"),
        (lambda c: c["processor"].update(options={"triger": 1}), "triger"),
        (lambda c: c["processor"].update(options={"mode": "real-time"}), "choose runtime jvm"),
        (lambda c: c["processor"].update(runtime="jvm"), "processor.runtime: jvm"),
        (lambda c: c["tool"].update(name="nothing"), "nothing"),
        (lambda c: c["tool"].update(options={"treads": 1}), "treads"),
        (lambda c: c["model"].update(path="/no/model.onnx"), "/no/model.onnx"),
        (lambda c: c["model"].update(output_shape=[3]), "output.shape"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_asked(
    config: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    change: Callable[[dict[str, Any]], object],
    said: str,
) -> None:
    config(change)
    assert driver.main() == ServiceExit.BAD_CONFIG
    (message,) = caplog.messages
    assert said in message
