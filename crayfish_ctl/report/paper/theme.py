"""The page's light colours, read from its style sheet, so that both show the same ones."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

Rgba = tuple[float, float, float, float]

_VARIABLE: Final = re.compile(r"(--[\w-]+):\s*([^;]+);")
_REFERENCE: Final = re.compile(r"var\((--[\w-]+)\)")
_RGBA: Final = re.compile(r"rgba\((\d+), (\d+), (\d+), ([\d.]+)\)")


@cache
def _variables() -> dict[str, str]:
    """Every variable; of those with two themes the light one, which comes first."""
    style = (files("crayfish_ctl.report") / "assets" / "report.css").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for name, value in _VARIABLE.findall(style):
        found.setdefault(name, value.strip())
    return found


def colour(value: str) -> Rgba:
    """`var(--name)`, `#rrggbb` or `rgba(...)` as shares of red, green, blue and opacity.

    Raises:
        KeyError: if the style sheet has no such variable.
        ValueError: if it is none of the three.
    """
    reference = _REFERENCE.fullmatch(value)
    if reference:
        return colour(_variables()[reference[1]])
    parts = _RGBA.fullmatch(value)
    if parts:
        red, green, blue = (int(part) / 255 for part in parts.groups()[:3])
        return red, green, blue, float(parts[4])
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        raise ValueError(f"not a colour: {value}")
    red, green, blue = (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, 1.0
