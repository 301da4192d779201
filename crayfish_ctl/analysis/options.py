"""The options of cells, seen against the defaults that held when they were run.

A cell has every option with its value. Results of before have only those that were given, and no
defaults in their manifest: what they leave out is taken to be what it is today.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crayfish_contract.dtypes import itemsize
from crayfish_ctl.cells import WAYS_IN, held, message_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.manifest import Manifest

    Values = Mapping[str, bool | int | float | str]


@dataclass(frozen=True)
class Defaults:
    """The options as they were declared."""

    declared: Mapping[tuple[str, str], Mapping[str, Any]]
    """By kind (`processors`, `tools`) and name: default, bounds and so on of each."""
    point_values: int
    value_bytes: int = 4
    """Numbers in a point: some defaults are lower for large records."""

    def or_those_of(self, other: Defaults) -> Defaults:
        """Those of the other results where these have none."""
        return Defaults({**other.declared, **self.declared}, self.point_values, self.value_bytes)

    def of_processor(self, cell: Cell) -> Values:
        """What the processor's options were if they were not given."""
        return self._of("processors", cell.processor, cell)

    def of_tool(self, cell: Cell) -> Values:
        """Likewise, of the tool."""
        return self._of("tools", cell.tool, cell)

    def _of(self, kind: str, name: str, cell: Cell) -> Values:
        size = message_bytes(cell.format, cell.batch_size, self.point_values, self.value_bytes)
        return {
            key: held(option["default"], option.get("most_bytes"), size)
            for key, option in self.declared.get((kind, name), {}).items()
        }


def recorded_defaults(manifest: Manifest) -> Defaults:
    """The defaults of the options, as they were declared; none if the manifest has none."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for kind in ("processors", "tools"):
        owners: Any = manifest.plan.get(kind)
        for name, owner in owners.items() if isinstance(owners, dict) else ():
            found[kind, name] = owner.get("options", {})
    model: Any = manifest.plan.get("model") or {}
    point = model.get("input", {})
    return Defaults(
        found, math.prod(point.get("shape", ())), itemsize(point.get("dtype", "float32"))
    )


def completed(cell: Cell, defaults: Defaults) -> Cell:
    """The cell with every option, those that it does not have at their default."""
    return cell.model_copy(
        update={
            "processor_options": {**defaults.of_processor(cell), **cell.processor_options},
            "tool_options": {**defaults.of_tool(cell), **cell.tool_options},
        }
    )


def unusual(options: Values, defaults: Values) -> str:
    """`name=value` of each option that is not at its default, in the order of their names."""
    return ", ".join(
        f"{name}={value}"
        for name, value in sorted(options.items())
        if name not in defaults or defaults[name] != value
    )


def unusual_of_processor(cell: Cell, defaults: Defaults) -> str:
    """`unusual`, of the processor."""
    return unusual(cell.processor_options, defaults.of_processor(cell))


def unusual_of_tool(cell: Cell, defaults: Defaults) -> str:
    """`unusual`, of the tool; without what is in the system's name already."""
    named = WAYS_IN if cell.calls_server else ()
    options = {name: value for name, value in cell.tool_options.items() if name not in named}
    return unusual(options, defaults.of_tool(cell))
