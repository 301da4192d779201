"""The published schemas are those of the code."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from crayfish_contract.runconfig import RunConfig
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config

ROOT = Path(__file__).parents[2]


def test_the_published_run_config_schema_is_current() -> None:
    published = json.loads((ROOT / "docs/schemas/run-config.json").read_text())
    assert published == RunConfig.model_json_schema(), (
        "crayfish schema > docs/schemas/run-config.json"
    )


def test_what_the_controller_writes_keeps_the_published_schema() -> None:
    published = json.loads((ROOT / "docs/schemas/run-config.json").read_text())
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", rates=(5.0, "max")))
    for run in plan.runs:
        config = json.loads(run_config(plan, run, Points("random", 5)).model_dump_json())
        jsonschema.validate(config, published, jsonschema.Draft202012Validator)

        del config["workload"]["stop"]
        with pytest.raises(jsonschema.ValidationError, match="'stop' is a required property"):
            jsonschema.validate(config, published, jsonschema.Draft202012Validator)
