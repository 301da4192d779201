"""What TorchServe is given to read."""

from __future__ import annotations

import json
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from crayfish_serving import SettingError, read_settings
from crayfish_torchserve.layout import HANDLER, properties, write_properties, write_store
from tests.unit.serving.test_settings import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path


def test_both_models_are_configured_alike(tmp_path: Path) -> None:
    settings = read_settings(
        {**ENVIRONMENT, "TOOL_WORKERS": "2", "TOOL_BATCH_SIZE": "16", "TOOL_BATCH_DELAY_MS": "3"}
    )
    models = json.loads(properties(settings, tmp_path)["models"])
    assert set(models) == {"ffnn", "noop"}
    for name, versions in models.items():
        assert versions["1.0"] == {
            "defaultVersion": True,
            "marName": f"{name}.mar",
            "minWorkers": 2,
            "maxWorkers": 2,
            "batchSize": 16,
            "maxBatchDelay": 3,
            "responseTimeout": 120,
        }


def test_only_inference_and_metrics_can_be_reached(tmp_path: Path) -> None:
    found = properties(read_settings(ENVIRONMENT), tmp_path)
    open_to_all = {name for name, value in found.items() if "0.0.0.0" in value}  # noqa: S104
    assert open_to_all == {"grpc_inference_address", "metrics_address"}
    assert {found[f"{name}_address"] for name in ("inference", "management")} == {
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8081",
    }


def test_what_handlers_count_is_shown_to_prometheus(tmp_path: Path) -> None:
    found = properties(read_settings(ENVIRONMENT), tmp_path)
    assert found["metrics_mode"] == "prometheus"
    assert found["model_metrics_auto_detect"] == "true"


@pytest.mark.parametrize("option", ["WORKERS", "BATCH_SIZE", "BATCH_DELAY_MS"])
def test_an_option_out_of_its_bounds_is_named(tmp_path: Path, option: str) -> None:
    settings = read_settings({**ENVIRONMENT, f"TOOL_{option}": "-1"})
    with pytest.raises(SettingError, match=f"TOOL_{option}"):
        properties(settings, tmp_path)


def test_java_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "config.properties"
    write_properties(path, {"a": "1", "models": '{"x\\\\y": 1}'})
    assert path.read_text().splitlines() == ["a=1", 'models={"x\\\\\\\\y": 1}']


def test_an_archive_names_a_handler_that_is_there(tmp_path: Path) -> None:
    assert find_spec(HANDLER)
    store = tmp_path / "store"
    write_store(store, read_settings(ENVIRONMENT).model)
    assert {path.name for path in store.iterdir()} == {"ffnn.mar", "noop.mar"}
    with zipfile.ZipFile(store / "ffnn.mar") as archive:
        manifest = json.loads(archive.read("MAR-INF/MANIFEST.json"))
    assert manifest["model"] == {"modelName": "ffnn", "modelVersion": "1.0", "handler": HANDLER}
