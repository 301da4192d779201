"""What a client is told: its own options of the tool; the others are the server's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from crayfish_scoring.base import ModelSpec, Options

NOOP: Final = "noop"
"""The model that every server of ours has beside the run's: it answers zeros without computing."""


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """How calls are made."""

    deadline_s: float = 5.0
    """Of one call; later it is a failure."""
    channels: int = 1
    """Connections to each replica."""
    retries: int = 0
    """How often a call to a server that is not there may be made again."""
    serve: str = "model"
    """Which of the server's models: the run's, or `noop`."""
    model_name: str = ""
    """What the server calls the run's model; empty: as we do."""

    @classmethod
    def parse(cls, options: Options) -> ClientOptions:
        """The client's options among a tool's; the plan has checked their types and bounds."""
        return cls(
            deadline_s=float(options.get("deadline_ms", 5000)) / 1000,
            channels=int(options.get("channels", 1)),
            retries=int(options.get("retries", 0)),
            serve=str(options.get("serve", "model")),
            model_name=str(options.get("model_name", "")),
        )

    def name_of(self, model: ModelSpec) -> str:
        """What the server calls the model that is scored with."""
        return NOOP if self.serve == NOOP else self.model_name or model.name
