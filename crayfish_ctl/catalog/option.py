"""The options that a processor or a tool declares: what each takes, and what it is if not given.

The declaration is the one source of the defaults: what it says goes into the run config.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from crayfish_ctl.cells import held

from .explain import meant
from .values import WHOLE_MAX, Options, real, shown, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = bool | int | float | str
_ANY: Final = 1e15


def _declared(value: Any) -> Any:
    """`threads: 1` is short for `threads: {default: 1}`."""
    return value if isinstance(value, dict) else {"default": value}


def _scalar(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str):
        raise ValueError(f"must be a number, a text, true or false, not {shown(value)}")  # noqa: TRY004
    return value


def _number(value: Value) -> Value:
    """Of a config a number may be a text (YAML reads 1e3 so); an option comes with its type."""
    if isinstance(value, str):
        raise ValueError(f"must be a number, not {shown(value)}")  # noqa: TRY004  pydantic's way
    return value


class Option(BaseModel):
    """One option; its default says whether it is a whole number, a number, a text or a switch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Annotated[Any, BeforeValidator(_scalar)]
    min: Annotated[float, BeforeValidator(lambda v: real(v, -_ANY, _ANY, "a number"))] | None = None
    max: Annotated[float, BeforeValidator(lambda v: real(v, -_ANY, _ANY, "a number"))] | None = None
    engine: Annotated[Any, BeforeValidator(lambda v: v if v is None else _scalar(v))] = None
    """What the engine itself has where that is another: a workload with `settings: defaults`."""
    most_bytes: (
        Annotated[int, BeforeValidator(lambda v: whole(v, 1, WHOLE_MAX, "bytes"))] | None
    ) = None
    """Of a number of records that are held in memory: the default is less where records are so
    large that it would be more bytes than this. What is given stays as it is given."""
    choices: tuple[str, ...] = ()
    """Of a text: the only ones there are."""
    runtimes: dict[str, tuple[str, ...]] = {}
    """Of a text: choices that are there in these runtimes only."""
    only: dict[str, tuple[str, ...]] = {}
    """Another value than the default only where these options have one of these values."""

    @model_validator(mode="after")
    def _fits_itself(self) -> Option:
        for name, value in (("default", self.default), ("engine", self.engine)):
            try:
                if value is not None:
                    self.check(value)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None
        if self.most_bytes is not None and type(self.default) is not int:
            raise ValueError("most_bytes: only of a whole number of records")
        return self

    def default_for(self, record_bytes: int) -> Value:
        """The default, or as much less as records of that size ask for; one at least."""
        return self.check(held(self.default, self.most_bytes, record_bytes))

    def check(self, value: Value) -> Value:
        """The value, with the type of the default.

        Raises:
            ValueError: saying what it must be.
        """
        if isinstance(self.default, bool):
            if value is True or value is False:
                return value
            raise ValueError(f"must be true or false, not {shown(value)}")
        if isinstance(self.default, int):
            least = -WHOLE_MAX if self.min is None else int(self.min)
            most = WHOLE_MAX if self.max is None else int(self.max)
            return whole(_number(value), least, most, "a whole number")
        if isinstance(self.default, float):
            low = -_ANY if self.min is None else self.min
            high = _ANY if self.max is None else self.max
            return real(_number(value), low, high, "a number")
        text = value if isinstance(value, str) else shown(value)
        if self.choices and text not in self.choices:
            raise ValueError(
                f"must be {' or '.join(self.choices)}, not {shown(value)}"
                + meant(text, self.choices)
            )
        return text


KnownOptions = dict[str, Annotated[Option, BeforeValidator(_declared)]]


def defaults(known: Mapping[str, Option], record_bytes: int = 1) -> dict[str, Value]:
    """What holds for each option that is not given, with records of that size."""
    return {name: option.default_for(record_bytes) for name, option in known.items()}


def effective(
    known: Mapping[str, Option],
    given: Options,
    *,
    as_documented: bool = False,
    record_bytes: int = 1,
) -> dict[str, Value]:
    """Every option with the value that it has in a run: as given, or its default.

    Options that are not declared stay as they are; `plan.checks` refuses them.

    Args:
        known: the declared options.
        given: by flag or workload.
        as_documented: the engine's own defaults in the place of ours, where it has others.
        record_bytes: size of a record; of some options it lowers the default.
    """
    values = defaults(known, record_bytes)
    if as_documented:
        values |= {
            name: option.check(option.engine)
            for name, option in known.items()
            if option.engine is not None
        }
    for name, value in given.items():
        try:
            values[name] = known[name].check(value) if name in known else value
        except ValueError:  # refused by the plan's checks, which know whose it is
            values[name] = value
    return values
