"""The published schemas are those of the code."""

from __future__ import annotations

import json
from pathlib import Path

from crayfish_contract.runconfig import RunConfig

ROOT = Path(__file__).parents[2]


def test_the_published_run_config_schema_is_current() -> None:
    published = json.loads((ROOT / "docs/schemas/run-config.json").read_text())
    assert published == RunConfig.model_json_schema(), (
        "crayfish schema > docs/schemas/run-config.json"
    )
