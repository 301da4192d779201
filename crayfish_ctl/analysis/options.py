"""The options of cells, seen against the defaults that held when they were run.

A cell has every option with its value. Results of before have only those that were given, and no
defaults in their manifest: what they leave out is taken to be what it is today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.manifest import Manifest

    Values = Mapping[str, bool | int | float | str]
    Defaults = Mapping[tuple[str, str], Values]
    """By kind (`processors`, `tools`) and name."""


def recorded_defaults(manifest: Manifest) -> Defaults:
    """The defaults of the options, as they were declared; empty if the manifest has none."""
    found: dict[tuple[str, str], Values] = {}
    for kind in ("processors", "tools"):
        owners: Any = manifest.plan.get(kind)
        for name, owner in owners.items() if isinstance(owners, dict) else ():
            declared = owner.get("options", {})
            found[kind, name] = {key: option["default"] for key, option in declared.items()}
    return found


def completed(cell: Cell, defaults: Defaults) -> Cell:
    """The cell with every option, those that it does not have at their default."""
    processor = defaults.get(("processors", cell.processor), {})
    tool = defaults.get(("tools", cell.tool), {})
    return cell.model_copy(
        update={
            "processor_options": {**processor, **cell.processor_options},
            "tool_options": {**tool, **cell.tool_options},
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
    return unusual(cell.processor_options, defaults.get(("processors", cell.processor), {}))


def unusual_of_tool(cell: Cell, defaults: Defaults) -> str:
    """`unusual`, of the tool."""
    return unusual(cell.tool_options, defaults.get(("tools", cell.tool), {}))
