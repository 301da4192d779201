"""Does a file hold the model that its config describes, in a form that records can use?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError

from .facts import check_batches, check_tensor, choose

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .facts import Facts, Tensor


def check_facts(facts: Facts) -> None:
    """Can anything here run it at all?

    Raises:
        CrayfishError: with every reason why not.
    """
    if facts.missing:
        raise CrayfishError(
            f"{facts.path}: its weights are in files that are not there: "
            f"{', '.join(facts.missing)}",
            hint="copy them beside it, under these names",
        )
    outside = [name for name in facts.files if name.startswith("/") or ".." in name.split("/")]
    if outside:
        raise CrayfishError(
            f"{facts.path}: its weights are in files outside its folder: {', '.join(outside)}",
            hint="save it anew with the weights beside it: no runtime follows such a path",
        )
    if facts.problems:
        raise CrayfishError(
            "\n".join(f"{facts.path}: {problem}" for problem in facts.problems), hint=facts.mend
        )


def fitting(
    facts: Facts,
    names: tuple[str | None, str | None] = (None, None),
    shapes: tuple[Sequence[int] | None, Sequence[int] | None] = (None, None),
    dtypes: tuple[str | None, str | None] = (None, None),
    constants: Collection[str] = (),
) -> tuple[Tensor, Tensor]:
    """The input and the output that are used, if everything about the model is as it must be.

    Args:
        facts: of the file.
        names: of input and output; None: the only one.
        shapes: of a point and a prediction, as far as they are said elsewhere.
        dtypes: of both, likewise.
        constants: names of further inputs, which get the same with every call.

    Raises:
        CrayfishError: naming file and tensor, what is wrong, and what would mend it.
    """
    check_facts(facts)
    point, prediction = choose(facts, *names, constants)
    check_tensor(facts, point, "input", shapes[0], dtypes[0])
    check_tensor(facts, prediction, "output", shapes[1], dtypes[1])
    check_batches(facts, point, prediction)
    return point, prediction
