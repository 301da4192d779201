"""What is wrong with a config's fields, in the words of somebody who writes configs.

The types check themselves with pydantic, whose messages speak of Python; each kind of error gets
words of ours here. For an unknown field the known ones are looked up where it stands.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from .values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pydantic import ValidationError

_NOT = {
    "string_type": "a text",
    "string_unicode": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of usual size",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping (lines of `field: value`)",
    "model_type": "a mapping (lines of `field: value`)",
    "model_attributes_type": "a mapping (lines of `field: value`)",
    "mapping_type": "a mapping (lines of `field: value`)",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def explain(error: ValidationError, content: object, kind: type[BaseModel]) -> list[str]:
    """One line for each wrong field: its path, and what is wrong with it.

    Args:
        error: of the validation.
        content: that was validated.
        kind: of the whole.
    """
    lines = [_line(item, content, kind) for item in error.errors(include_url=False)]
    return list(dict.fromkeys(lines))


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or nothing if no known word is near."""
    close = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _line(item: Any, content: object, kind: type[BaseModel]) -> str:
    location = _existing(item["loc"], content)
    where = ".".join(_part(part) for part in location) or "the file"
    return f"{where}: {_words(item, location, kind)}"


def _part(part: int | str) -> str:
    """Positions count from 1, as lines do."""
    return str(part + 1) if isinstance(part, int) else part if part.isprintable() else repr(part)


def _existing(location: Sequence[int | str], content: object) -> list[int | str]:
    """The location without the parts that name a type and not a place."""
    parts: list[int | str] = []
    here: Any = content
    for number, part in enumerate(location):
        if _has(here, part):
            here = here[part]
        elif number < len(location) - 1 or part == "[key]" or not isinstance(here, dict):
            continue
        parts.append(part)
    return parts


def _has(here: Any, part: int | str) -> bool:
    if isinstance(here, dict):
        return part in here
    return isinstance(here, list | tuple) and isinstance(part, int) and part < len(here)


def _words(item: Any, location: Sequence[int | str], kind: type[BaseModel]) -> str:
    name, value = item["type"], item["input"]
    if name == "extra_forbidden":
        return f"unknown field{meant(str(location[-1]), _known(location[:-1], kind))}"
    if name in _NOT:
        return f"must be {_NOT[name]}, not {shown(value)}"
    if name in _BOUNDS:
        words, bound = _BOUNDS[name]
        return f"must be {words} {item['ctx'][bound]}, not {shown(value)}"
    say = _SAYINGS.get(name)
    return f"cannot be {shown(value)}" if say is None else say(item.get("ctx", {}), value)


def _one_of(text: str, value: object) -> str:
    allowed = _allowed(text)
    near = meant(value, allowed) if isinstance(value, str) else ""
    return f"must be {' or '.join(allowed)}, not {shown(value)}{near}"


_SAYINGS: dict[str, Callable[[dict[str, Any], object], str]] = {
    "missing": lambda _context, _value: "is required",
    "value_error": lambda context, _value: str(context["error"]),
    "literal_error": lambda context, value: _one_of(context["expected"], value),
    "union_tag_invalid": lambda context, _value: (
        f"kind {_one_of(context['expected_tags'], context['tag'])}"
    ),
    "union_tag_not_found": lambda _context, _value: "must have a field kind",
    "too_short": lambda context, _value: f"must have at least {context['min_length']}",
    "recursion_loop": lambda _context, _value: "refers to itself",
}


def _allowed(text: str) -> list[str]:
    """`'a', 'b' or 'c'` as a list."""
    return [word.strip(" '") for word in text.replace(" or ", ",").split(",")]


def _known(location: Sequence[int | str], kind: type[BaseModel]) -> set[str]:
    """Names of the fields that may stand at a place."""
    here = {kind}
    for part in location:
        deeper = {
            found
            for model in here
            if part in model.model_fields
            for found in _models(model.model_fields[str(part)].annotation)
        }
        here = deeper or here  # a position in a list, or a name in a mapping: the same types
    return {name for model in here for name in model.model_fields}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models within an annotation, such as `dict[str, list[Model] | None]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
