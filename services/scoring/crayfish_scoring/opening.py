"""From a run config to the scoring that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import open_scorer
from .modes import OneByOne, Scoring, Together

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig


def open_scoring(config: RunConfig) -> Scoring:
    """The run's tool with its model, called as the run config says.

    Raises:
        ScorerError: if tool or model cannot be used, or not in this mode.
    """
    if config.call.mode == "async":
        from .window import Window  # noqa: PLC0415  most runs need no event loop

        return Window(config)
    kind = Together if config.call.mode == "batched" else OneByOne
    return kind(open_scorer(config), config)
