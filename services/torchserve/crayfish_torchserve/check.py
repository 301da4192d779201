"""Can the model be served? Asked in a process of its own, which gives PyTorch's memory back.

TorchServe would start a worker that cannot load its model again and again.
"""

from __future__ import annotations

import os
import sys

from crayfish_contract.service import ServiceExit, json_logger
from crayfish_serving import SettingError, read_settings

from .model import load


def main() -> int:
    """The exit code: in order, or a model that cannot be used."""
    try:
        load(read_settings(os.environ).model, threads=1)
    except SettingError as error:
        json_logger("torchserve").error(str(error))
        return ServiceExit.BAD_CONFIG
    return ServiceExit.OK


if __name__ == "__main__":
    sys.exit(main())
