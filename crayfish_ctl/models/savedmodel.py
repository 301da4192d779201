"""A TensorFlow SavedModel: the signatures in its saved_model.pb.

Field numbers are those of tensorflow/core/protobuf: saved_model.proto, meta_graph.proto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .facts import Facts, Tensor
from .wire import WireError, contents, message_at, messages, number_at, pairs, text, text_at

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "saved_model.pb"
SIGNATURE: Final = "serving_default"
"""The one that every tool here calls."""
TAG: Final = "serve"
_DTYPES: Final = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string",
    8: "complex64", 9: "int64", 10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128",
    19: "float16", 20: "a resource", 21: "a variant", 22: "uint32", 23: "uint64",
}  # fmt: skip


def read_savedmodel(folder: Path) -> Facts:
    """What a SavedModel's folder says.

    Raises:
        CrayfishError: if it is none, or its file cannot be read.
    """
    path = folder / FILE
    if path.stat().st_size == 0:
        raise CrayfishError(f"{path}: is empty")
    try:
        return _read(folder, contents(path))
    except WireError as error:
        raise CrayfishError(
            f"{path}: cannot be read as a SavedModel: {error}",
            hint="damaged, cut off while it was copied, or of another format?",
        ) from None


def _read(folder: Path, data: memoryview) -> Facts:
    tagged = {_tags(graph): graph for graph in messages(data, 2)}
    if not tagged:
        raise WireError("it has no graph")
    graph = next((graph for tags, graph in tagged.items() if TAG in tags), None)
    if graph is None:
        there = "; ".join(", ".join(sorted(tags)) or "none" for tags in tagged)
        return Facts(
            folder, "tf-savedmodel", problems=(f"no graph with the tag {TAG}; it has: {there}",)
        )
    signatures = dict(pairs(graph, 5))
    said = {
        "TensorFlow": text_at(message_at(graph, 1), 5) or "not said",
        "signatures": "; ".join(
            f"{name}: {_listed(signature, 1)} -> {_listed(signature, 2)}"
            for name, signature in sorted(signatures.items())
            if name != "__saved_model_init_op"
        ),
    }
    signature = signatures.get(SIGNATURE)
    variables = folder / "variables" / "variables.index"
    return Facts(
        path=folder,
        format="tf-savedmodel",
        inputs=_tensors(signature, 1) if signature else (),
        outputs=_tensors(signature, 2) if signature else (),
        said=said,
        problems=_problems(signature, said["signatures"]),
        missing=()
        if variables.is_file() or not (folder / "variables").is_dir()
        else ("variables/variables.index",),
    )


def _problems(signature: memoryview | None, there: str) -> tuple[str, ...]:
    if signature is None:
        mend = f'tf.saved_model.save(model, FOLDER, signatures={{"{SIGNATURE}": FUNCTION}})'
        return (f"no signature {SIGNATURE}; it has {there or 'none'}: save it with {mend}",)
    return ()


def _tags(graph: memoryview) -> frozenset[str]:
    return frozenset(map(text, messages(message_at(graph, 1), 4)))


def _listed(signature: memoryview, number: int) -> str:
    return ", ".join(map(str, _tensors(signature, number))) or "nothing"


def _tensors(signature: memoryview, number: int) -> tuple[Tensor, ...]:
    return tuple(sorted((_tensor(*each) for each in pairs(signature, number)), key=_name))


def _name(tensor: Tensor) -> str:
    return tensor.name


def _tensor(name: str, info: memoryview) -> Tensor:
    dtype = _DTYPES.get(number_at(info, 2), f"type {number_at(info, 2)}")
    shape = message_at(info, 3)
    if number_at(shape, 3):  # unknown rank
        return Tensor(name, dtype, None)
    sizes = (number_at(dimension, 1) for dimension in messages(shape, 2))
    return Tensor(name, dtype, tuple(size if size >= 0 else None for size in sizes))
