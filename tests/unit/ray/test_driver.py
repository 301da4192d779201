"""The driver says in words why it cannot begin, before it asks anybody."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_contract.service import ServiceExit
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_ray import driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Its own writes to the stdout that it was imported under.
    monkeypatch.setattr(driver, "_log", logging.getLogger("of-this-test"))
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the run config that the driver finds, with changes."""

    def write(change: Callable[[dict[str, Any]], object]) -> None:
        plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", processors=("ray",)))
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
        (lambda c: c["processor"].update(options={"max_bach": 1}), "max_bach"),
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
