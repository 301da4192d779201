"""How large a record is, and what a run needs of the broker's disk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crayfish_contract.codec import RecordFormat
from crayfish_ctl.cells import message_bytes, points_that_fit
from crayfish_ctl.errors import CrayfishError

from .estimate import scheduled_records

if TYPE_CHECKING:
    from crayfish_ctl.catalog import Model

    from .model import Cell, RunSpec
    from .plan import Plan


def record_bytes(cell: Cell, model: Model) -> int:
    """Bytes of a request of that cell."""
    return message_bytes(
        cell.format, cell.batch_size, math.prod(model.input.shape), model.input.itemsize
    )


def largest_batch(cell: Cell, values: int, itemsize: int = 4) -> int:
    """Points that fit into one message; 0: not even one."""
    return points_that_fit(cell.format, values, cell.max_message_bytes, itemsize)


def check_size(where: str, cell: Cell, model: Model) -> None:
    """Does the broker take a record, and its answer?

    Args:
        where: the workload, for the message.
        cell: that sends it.
        model: with the shapes.

    Raises:
        CrayfishError: with both sizes, and the largest batch that fits.
    """
    if not cell.way.broker:
        return
    for what, tensor in (("record", model.input), ("answer", model.output)):
        shape = tensor.shape
        size = message_bytes(cell.format, cell.batch_size, math.prod(shape), tensor.itemsize)
        if size <= cell.max_message_bytes:
            continue
        fits = min(
            largest_batch(cell, math.prod(each.shape), each.itemsize)
            for each in (model.input, model.output)
        )
        raise CrayfishError(
            f"{where}: batch_size {cell.batch_size}: {'a' if what == 'record' else 'an'} {what} "
            f"of {cell.batch_size} x {' x '.join(map(str, shape))} values is about "
            f"{size / 1e6:,.1f} MB in {cell.format.value}, and Kafka takes messages up to "
            f"{cell.max_message_bytes / 1e6:.1f} MB (max_message_bytes of the profile)",
            hint=f"the largest batch that fits is {fits} (--batch {fits})"
            if fits
            else "not even one point fits"
            + (", try --format binary" if cell.format is RecordFormat.JSON else ""),
        )


def kafka_bytes(plan: Plan, run: RunSpec) -> int:
    """What both topics hold at the end of a run; each run has its own, removed with its stack."""
    if not run.cell.way.broker:
        return 0
    cell = run.cell
    each = sum(
        message_bytes(cell.format, cell.batch_size, math.prod(tensor.shape), tensor.itemsize)
        for tensor in (plan.model.input, plan.model.output)
    )
    return sum(scheduled_records(run)) * each
