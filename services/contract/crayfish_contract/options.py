"""A processor's knobs (`processor.options` of a run config): typed, and a typo is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .runconfig import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

AtLeastOne = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]


class OptionError(ValueError):
    """An option that the processor does not know, or of a wrong type or value."""


class ProcessorOptions(BaseModel):
    """What a processor derives its own options from; a field per option, with its default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self:
        """Typed options.

        Raises:
            OptionError: naming each wrong option, and those there are.
        """
        try:
            return cls.model_validate(dict(options))
        except ValidationError as error:
            raise OptionError(
                f"{describe(error, 'processor.options')}; there are {', '.join(cls.model_fields)}"
            ) from None


class KafkaOptions(ProcessorOptions):
    """What every processor's Kafka clients have, under one name and with one default.

    A difference between two processors' figures is then the processors', and not that of a setting
    which one of them happens to have otherwise; durations in milliseconds.
    """

    sink_linger_ms: NotNegative = 0
    """How long a result may wait for company."""
    sink_batch_bytes: AtLeastOne = 262_144
    """The most that one request carries of a partition."""
    progress_interval_ms: NotNegative = 5000
    """Between two times at which it is written down how far the input has been worked off."""
    poll_records: AtLeastOne = 500
    """Records that are taken from the client at a time; nobody waits for more."""
    fetch_max_wait_ms: AtLeastOne = 500
    """How long the broker may hold an empty fetch; it answers at once on data."""
