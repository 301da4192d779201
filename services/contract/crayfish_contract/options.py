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
