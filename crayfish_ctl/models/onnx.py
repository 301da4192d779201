"""An ONNX file: its graph's inputs and outputs, versions, and the files that hold its weights.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .facts import Facts, Tensor
from .wire import (
    WireError,
    contents,
    fields,
    message_at,
    messages,
    number_at,
    pairs,
    text,
    text_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNTIME: Final = "1.29.0"
"""The ONNX Runtime of both runtimes (requirements/*.in, services/jvm/pom.xml), and what it reads: a
newer IR version it refuses, of a newer opset it knows no operators."""
NEWEST_IR: Final = 13
NEWEST_OPSET: Final = 26
_KNOWN_DOMAINS: Final = {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training", "com.microsoft"}
_DTYPES: Final = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8e4m3fn", 18: "float8e4m3fnuz",
    19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
}  # fmt: skip
_NO_TENSORS: Final = {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}
_ORT_FORMAT: Final = b"ORTM"
_EXTERNAL: Final = 1


def is_ort_format(path: Path) -> bool:
    """Whether it is ONNX Runtime's own format, which it reads by the same call."""
    with path.open("rb") as file:
        return file.read(8)[4:] == _ORT_FORMAT


def read_onnx(path: Path) -> Facts:
    """What an ONNX file says.

    Raises:
        CrayfishError: if it is none.
    """
    try:
        return _read(path, contents(path))
    except WireError as error:
        raise CrayfishError(
            f"{path}: cannot be read as an ONNX model: {error}",
            hint="damaged, cut off while it was copied, or of another format?",
        ) from None


def _read(path: Path, view: memoryview) -> Facts:
    graph = message_at(view, 7)
    if not graph:
        raise WireError("it has no graph")
    weights = {text_at(tensor, 8) for tensor in messages(graph, 5)}
    weights |= {text_at(message_at(sparse, 1), 8) for sparse in messages(graph, 15)}
    inputs = tuple(t for t in map(_tensor, messages(graph, 11)) if t.name not in weights)
    outputs = tuple(map(_tensor, messages(graph, 12)))
    if not outputs:
        raise WireError("its graph has no output")
    opsets = {text_at(each, 1): number_at(each, 2) for each in messages(view, 8)}
    ir = number_at(view, 1)
    files = tuple(sorted(set(_external(graph))))
    writer = f"{text_at(view, 2)} {text_at(view, 3)}".strip()
    said = {
        "IR version": str(ir),
        "opset": ", ".join(f"{domain or 'ai.onnx'} {n}" for domain, n in opsets.items()),
    }
    return Facts(
        path=path,
        format="onnx",
        inputs=inputs,
        outputs=outputs,
        said={**said, **({"written by": writer} if writer else {})},
        files=files,
        missing=tuple(name for name in files if not (path.parent / name).is_file()),
        problems=tuple(_problems(ir, opsets, _foreign(view, graph))),
    )


def _problems(ir: int, opsets: dict[str, int], foreign: list[str]) -> Iterator[str]:
    newest = f"both runtimes have ONNX Runtime {RUNTIME}, which reads up to"
    opset = max(opsets.get("", 0), opsets.get("ai.onnx", 0))
    if ir > NEWEST_IR:
        yield (
            f"IR version {ir}: {newest} {NEWEST_IR}; save it with an older `onnx`, "
            f"or set model.ir_version = {NEWEST_IR}"
        )
    if opset > NEWEST_OPSET:
        yield (
            f"opset {opset}: {newest} {NEWEST_OPSET}; export it with opset_version={NEWEST_OPSET}, "
            "or convert it with onnx.version_converter"
        )
    for domain in foreign:
        yield f"operators of {domain}: ONNX Runtime has none of them by itself"


def _foreign(model: memoryview, graph: memoryview) -> list[str]:
    """Domains of operators that neither the runtime has nor the file defines as functions.

    A file may import domains of which it uses nothing, as exporters do.
    """
    functions = list(messages(model, 25))
    nodes = [*messages(graph, 1), *(node for each in functions for node in messages(each, 7))]
    defined = {text_at(each, 10) for each in functions}
    return sorted({text_at(node, 7) for node in nodes} - _KNOWN_DOMAINS - defined)


def _tensor(value_info: memoryview) -> Tensor:
    name, kind = text_at(value_info, 1), message_at(value_info, 2)
    for number, value in fields(kind):
        if number in _NO_TENSORS:
            return Tensor(name, f"a {_NO_TENSORS[number]}", None)
        if number == 1 and isinstance(value, memoryview):
            dtype = _DTYPES.get(number_at(value, 1), f"type {number_at(value, 1)}")
            known = any(number == 2 for number, _ in fields(value))  # noqa: PLR2004  its shape
            return Tensor(name, dtype, _shape(message_at(value, 2)) if known else None)
    return Tensor(name, "an unknown type", None)


def _shape(message: memoryview) -> tuple[int | str | None, ...]:
    return tuple(_size(dimension) for dimension in messages(message, 1))


def _size(dimension: memoryview) -> int | str | None:
    for number, value in fields(dimension):
        if number == 1:
            size = number_at(dimension, 1)
            return size if size >= 0 else None
        if number == 2 and isinstance(value, memoryview):  # noqa: PLR2004
            return text(value) or None
    return None


def _external(graph: memoryview) -> Iterator[str]:
    """Paths of files with weights: of initializers, of constants, and of the graphs in loops."""
    for tensor in messages(graph, 5):
        yield from _location(tensor)
    for sparse in messages(graph, 15):
        yield from _location(message_at(sparse, 1))
    for node in messages(graph, 1):
        for attribute in messages(node, 5):
            for number, value in fields(attribute):
                if not isinstance(value, memoryview):
                    continue
                if number in {5, 10}:  # a tensor, tensors
                    yield from _location(value)
                elif number in {6, 11}:  # a graph, graphs
                    yield from _external(value)


def _location(tensor: memoryview) -> Iterator[str]:
    if number_at(tensor, 14) == _EXTERNAL:
        found = {key: text(value) for key, value in pairs(tensor, 13)}
        if "location" in found:
            yield found["location"]
