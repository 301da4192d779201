"""Can the model be served? Asked in a process of its own, which gives the memory back.

Triton's own words for a model that does not load are a page, and its exit code is 1.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from crayfish_contract.service import ServiceExit, json_logger
from crayfish_scoring import ScorerError
from crayfish_scoring.onnx import create
from crayfish_serving import SettingError, read_settings

from .repository import Tensors

if TYPE_CHECKING:
    from crayfish_serving import ServedModel


def check(model: ServedModel) -> Tensors:
    """Score zeros once.

    Raises:
        ScorerError: if the file is no ONNX model of the shapes that it is said to have.
    """
    scorer = create(model, {}, None)
    scorer.load()
    names = Tensors(*scorer.tensors)
    scorer.close()
    return names


def main() -> int:
    """Print the tensors' names as JSON, or a line of the log that says what is wrong."""
    try:
        tensors = check(read_settings(os.environ).model)
    except (SettingError, ScorerError) as error:
        json_logger("triton").error(str(error))
        return ServiceExit.BAD_CONFIG
    print(json.dumps([tensors.input, tensors.output]))  # noqa: T201  for the parent
    return ServiceExit.OK


if __name__ == "__main__":
    sys.exit(main())
