"""Memory of what loads a model: the profile's limits are for small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.files import bytes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.catalog import Model, Roots
    from crayfish_ctl.catalog.model import Resources

_MEGABYTE: Final = 1 << 20
_SMALL: Final = 20.0
"""MB of a model that every profile has room for."""
_COPIES: Final = 8.0
"""Of a model that a container has while a tool loads it: the file, what it is parsed into, the
weights on the heap and beside it (DeepLearning4j has most)."""
_ON_HEAP: Final = 2.5
"""Of these. Outside its heap a JVM's libraries may take as much as the heap, and no more."""
_LOADING: Final = ("worker", "driver", "server")
"""Size classes of what loads models."""
_FORMATS: Final = 4
"""Of a model that is made, all about as large."""


def megabytes_of(model: Model, roots: Roots) -> float:
    """Of the largest of the model's files; of one that is made, as its config says before it is."""
    if model.made_by is not None:
        return model.made_by.megabytes / _FORMATS
    root = model.root or roots.checkout
    largest = 0
    for file in model.formats.values():
        path = root / file.path
        parts = [path, *(path.parent / name for name in file.weights)]
        largest = max(largest, sum(bytes_of(each) for each in parts if each.exists()))
    return largest / _MEGABYTE


def with_room(resources: Mapping[str, Resources], megabytes: float) -> dict[str, Resources]:
    """The limits, with room for a model of that size where one is loaded.

    Args:
        resources: by size class.
        megabytes: of the model.
    """
    if megabytes < _SMALL:
        return dict(resources)
    return {
        name: _roomier(each, megabytes) if name in _LOADING else each
        for name, each in resources.items()
    }


def _roomier(resources: Resources, megabytes: float) -> Resources:
    memory = _plus(resources.memory, _COPIES * megabytes)
    heap = None if resources.heap is None else _plus(resources.heap, _ON_HEAP * megabytes)
    return resources.model_copy(update={"memory": memory, "heap": heap})


def _plus(size: str, megabytes: float) -> str:
    """As profiles write sizes: 512m, 2.5g."""
    factor = {"k": 1 / 1024, "m": 1.0, "g": 1024.0}[size[-1]]
    return f"{round(float(size[:-1]) * factor + megabytes)}m"
