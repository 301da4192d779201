"""The results' JSON schemas, for readers in other languages (`crayfish schema`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .manifest import Manifest
from .model import RunResult

if TYPE_CHECKING:
    from pydantic import BaseModel


def results_schema(kind: Literal["run", "manifest"]) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of `run.json` or `manifest.json`."""
    models: dict[str, type[BaseModel]] = {"run": RunResult, "manifest": Manifest}
    return models[kind].model_json_schema(mode="serialization")
