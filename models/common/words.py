"""What a maker says: lines as every container writes them; libraries write others between them."""

from __future__ import annotations

import json


def say(level: str, message: str) -> None:
    """A line of a step (`info`), or of why there is nothing (`error`)."""
    print(json.dumps({"level": level, "component": "model-maker", "msg": message}), flush=True)


def first_line(error: BaseException) -> str:
    """Of what a framework raised, which may be pages long, or nothing."""
    text = str(error).strip()
    return text.splitlines()[0] if text else repr(error)
