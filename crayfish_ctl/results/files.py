"""Files that are either whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from crayfish_ctl.errors import CrayfishError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN_FILE = "run.json"
RECORDS_FILE = "records.parquet"
METRICS_FILE = "metrics.parquet"
MANIFEST_FILE = "manifest.json"
SUMMARY_FILE = "summary.csv"

Model = TypeVar("Model", bound=BaseModel)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; move it to `path` when all went well.

    Raises:
        CrayfishError: with the exit code HOST, if the disk is full or may not be written; neither
            the old file at `path` nor the folder shows a trace of the attempt.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise CrayfishError(
            f"{path}: cannot be written: {error.strerror or error}",
            hint=f"free some space below {path.parent}, or choose another results folder",
            code=ExitCode.HOST,
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole file, UTF-8.

    Raises:
        CrayfishError: see `replacing`.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_model(path: Path, model: BaseModel) -> None:
    """Write a model as indented JSON.

    Raises:
        CrayfishError: see `replacing`.
    """
    write_text(path, model.model_dump_json(indent=2) + "\n")


def read_model(path: Path, kind: type[Model]) -> Model:
    """Read a JSON file.

    Raises:
        CrayfishError: naming the file and each field that is wrong.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise CrayfishError(
            f"{path}: {field}: {first['msg']}",
            hint="was it written by another version of Crayfish, or edited by hand?",
        ) from None
