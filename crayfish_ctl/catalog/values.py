"""The kinds of values that configs and flags hold, with bounds that no real benchmark leaves.

YAML reads `yes` as true and `.inf` as a number, and a slip of one zero makes a run of a year. Each
kind here says in plain words what it takes, so that a refusal needs no knowledge of the program.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator

RATE_MIN: Final = 1e-4
RATE_MAX: Final = 1e7
"""records/s: from one record in three hours to more than any single producer can send."""
SECONDS_MAX: Final = 7 * 24 * 3600.0
COUNT_MAX: Final = 1_000_000_000
FACTOR_MIN: Final = 1e-4
FACTOR_MAX: Final = 1e4
"""Of a rate (bursts, ramps, shares) and of a trace's speed."""
REPETITIONS_MAX: Final = 1000
OPERATORS_MAX: Final = 1024
"""Each is a partition of a topic and a thread or process."""
SEED_MAX: Final = 2**63 - 2001
"""A repetition adds its number to it."""
_PORTS: Final = 65536
WHOLE_MAX: Final = 2**31 - 1
"""Whole numbers of options: Java reads them as int."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)?[kmg]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARALLELISM = re.compile(r"[0-9]{1,9}(-[0-9]{1,9}-[0-9]{1,9})?")


def shown(value: object) -> str:
    """A value as it stands in an error message: as YAML has it, and not longer than a line."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004


def real(value: object, least: float, most: float, what: str) -> float:
    """A number within bounds.

    Raises:
        ValueError: in words, with the bounds.
    """
    number = _number(value)
    if number is None or not least <= number <= most:
        bounds = f"from {least:,.9g} to {most:,.9g}"
        raise ValueError(f"must be {what} {bounds}, not {shown(value)}")
    return number


def whole(value: object, least: int, most: int, what: str) -> int:
    """A whole number within bounds.

    Raises:
        ValueError: in words, with the bounds.
    """
    number = value if isinstance(value, int) and not isinstance(value, bool) else _number(value)
    if number is None or number != int(number) or not least <= number <= most:
        raise ValueError(f"must be {what} from {least:,} to {most:,}, not {shown(value)}")
    return int(number)


def _number(value: object) -> float | None:
    """YAML reads 1e3 as a text; true is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _real(least: float, most: float, what: str) -> BeforeValidator:
    return BeforeValidator(lambda value: real(value, least, most, what))


def _whole(least: int, most: int, what: str) -> BeforeValidator:
    return BeforeValidator(lambda value: whole(value, least, most, what))


def rate(value: object) -> float:
    """records/s.

    Raises:
        ValueError: if it is none, or beyond what can be sent.
    """
    return real(value, RATE_MIN, RATE_MAX, "records per second")


def _workload_rate(value: object) -> object:
    if value in {"max", "capacity"} if isinstance(value, str) else value is None:
        return value
    try:
        return rate(value)
    except ValueError as error:
        raise ValueError(f"{error} (or max, or capacity)") from None


def _flag_rate(value: object) -> object:
    return value if value == "max" else rate(value)


Rate = Annotated[float, BeforeValidator(rate)]
WorkloadRate = Annotated[float | Literal["max", "capacity"] | None, BeforeValidator(_workload_rate)]
FlagRate = Annotated[float | Literal["max"], BeforeValidator(_flag_rate)]
Seconds = Annotated[float, _real(0.001, SECONDS_MAX, "seconds")]
SecondsOrNone = Annotated[float, _real(0, SECONDS_MAX, "seconds")]
"""May be 0."""
Factor = Annotated[float, _real(FACTOR_MIN, FACTOR_MAX, "a factor")]
Milliseconds = Annotated[float, _real(0.001, 1000 * SECONDS_MAX, "milliseconds")]
Share = Annotated[float, _real(0.0001, 0.9999, "a share")]
Unit = Annotated[float, _real(0, 1, "a number")]
Tolerance = Annotated[float, _real(1e-12, 1e6, "a number")]
Count = Annotated[int, _whole(1, COUNT_MAX, "a whole number")]
Batch = Annotated[int, _whole(1, 1_000_000, "a number of points")]
Repetitions = Annotated[int, _whole(1, REPETITIONS_MAX, "a whole number")]
Cpus = Annotated[float, _real(0.01, 4096, "a number of cores")]
Weight = Annotated[int, _whole(2, 262_144, "a CPU weight")]
"""The kernel's own bounds of cpu.shares."""
Seed = Annotated[int, _whole(0, SEED_MAX, "a whole number")]
Dimension = Annotated[int, _whole(1, COUNT_MAX, "a whole number")]


def operators(value: object) -> int:
    """How many of one operator.

    Raises:
        ValueError: if it is no such number.
    """
    return whole(value, 1, OPERATORS_MAX, "a number of operators")


Operators = Annotated[int, BeforeValidator(operators)]


def _parallelism(value: object) -> object:
    if value is None or isinstance(value, int):
        return None if value is None else operators(value)
    if not (isinstance(value, str) and _PARALLELISM.fullmatch(value)):
        raise ValueError(f"must be N, or SOURCE-SCORER-SINK like 1-2-1, not {shown(value)}")
    for part in value.split("-"):
        operators(part)
    return value


WorkloadParallelism = Annotated[int | str | None, BeforeValidator(_parallelism)]


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"{shown(value)}: a name has small letters a-z, digits and hyphens, begins and ends "
            "with a letter or a digit, and has at most 40 of them"
        )
    return value


def _address(value: str) -> str:
    host, sign, port = value.rpartition(":")
    if not sign or not host or not port.isdecimal() or not 0 < int(port) < _PORTS:
        raise ValueError(f"must be HOST:PORT, like 10.0.0.7:8500, not {shown(value)}")
    if host in {"localhost", "0.0.0.0", "[::1]"} or host.startswith("127."):  # noqa: S104
        raise ValueError(
            f"{host} is each container itself: give this machine's address in a network that "
            "containers reach (`hostname -I` lists them)"
        )
    return value


def _addresses(value: str) -> str:
    """Several by commas; twice is once."""
    words = [word.strip() for word in value.split(",")]
    return ",".join(dict.fromkeys(_address(word) for word in words))


def _memory(value: str) -> str:
    if not _MEMORY.fullmatch(value):
        raise ValueError(f"must be a size such as 512m or 2g, not {shown(value)}")
    return value


def _sha256(value: str) -> str:
    if not _SHA256.fullmatch(value):
        raise ValueError("must be the 64 hexadecimal digits that `sha256sum` prints")
    return value


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of text")
    return value


def _names(value: Any) -> Any:
    """A name is short for a list of one, and nothing for none."""
    items = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"must be a name, a list of names, or `all`, not {shown(value)}")
    for item in items:
        _name(item)
    if "all" in items and len(items) > 1:
        raise ValueError("`all` stands alone")
    if len(set(items)) < len(items):
        raise ValueError("a name stands there twice")
    return tuple(items)


Name = Annotated[str, AfterValidator(_name)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
"""One name, several, or `all`."""
Address = Annotated[str, AfterValidator(_address)]
"""host:port, as a container reaches it."""
Addresses = Annotated[str, AfterValidator(_addresses)]
"""host:port, or several by commas."""
MemorySize = Annotated[str, AfterValidator(_memory)]
"""As compose writes it: 512m, 2g."""
Sha256 = Annotated[str, AfterValidator(_sha256)]
Line = Annotated[str, AfterValidator(_line)]


def _options(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("must be a mapping of names to values")  # noqa: TRY004  pydantic's way
    for name, each in value.items():
        if not isinstance(name, str) or not name:
            raise ValueError(f"{shown(name)}: the name of an option is a text")
        if not isinstance(each, bool | int | float | str):
            raise ValueError(  # noqa: TRY004  pydantic's way
                f"{name}: must be a number, a text, true or false, not {shown(each)}"
            )
        if isinstance(each, int | float) and not math.isfinite(_bounded(each)):
            raise ValueError(f"{name}: must be a finite number, not {shown(each)}")
    return value


def _bounded(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an int with more than 308 digits
        return math.inf


Options = Annotated[dict[str, bool | int | float | str], BeforeValidator(_options)]
