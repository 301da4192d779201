"""What TorchServe reads at its start: its properties, and the store with two models."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Final

from crayfish_serving import MESSAGE_BYTES, NOOP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crayfish_serving import ServedModel, Settings

HANDLER: Final = "crayfish_torchserve.handler"
_VERSION: Final = "1.0"
_QUEUE: Final = 4096
"""Requests that may wait: with the default of 100 a client with more in flight is refused."""
_RESPONSE_S: Final = 120
_PROPERTIES: Final = {
    # gRPC and metrics for the run's network; HTTP and management for nobody else.
    "grpc_inference_address": "0.0.0.0",  # noqa: S104  within the run's network
    "grpc_inference_port": 7070,
    "metrics_address": "http://0.0.0.0:8082",
    "inference_address": "http://127.0.0.1:8080",
    "management_address": "http://127.0.0.1:8081",
    "grpc_management_address": "127.0.0.1",
    "grpc_management_port": 7071,
    "disable_token_authorization": "true",
    "enable_envvars_config": "false",
    "metrics_mode": "prometheus",
    # Those that our handlers tell, without a file that lists them.
    "model_metrics_auto_detect": "true",
    # It would start a process each minute that counts the host's processors and disks.
    "disable_system_metrics": "true",
    "max_request_size": MESSAGE_BYTES,
    "max_response_size": MESSAGE_BYTES,
    "job_queue_size": _QUEUE,
    # Bodies come to the handler as they were sent.
    "decode_input_request": "false",
    "install_py_dep_per_model": "false",
    "load_models": "all",
}


def properties(settings: Settings, store: Path) -> dict[str, str]:
    """TorchServe's config.properties.

    Raises:
        SettingError: naming an option out of its bounds.
    """
    model = {
        "defaultVersion": True,
        "minWorkers": settings.whole("workers", 1, 1, 64),
        "maxWorkers": settings.whole("workers", 1, 1, 64),
        "batchSize": settings.whole("batch_size", 1, 1, 4096),
        "maxBatchDelay": settings.whole("batch_delay_ms", 0, 0, 60_000),
        "responseTimeout": _RESPONSE_S,
    }
    models = {
        name: {_VERSION: {**model, "marName": f"{name}.mar"}}
        for name in (settings.model.name, NOOP)
    }
    return {
        **{name: str(value) for name, value in _PROPERTIES.items()},
        "model_store": str(store),
        "models": json.dumps(models),
    }


def write_properties(path: Path, values: Mapping[str, str]) -> None:
    """As Java reads them: a backslash and a line's end would mean something else."""
    path.write_text(
        "".join(
            f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in values.items()
        ),
        encoding="utf-8",
    )


def write_store(store: Path, model: ServedModel) -> None:
    """An archive for each model, with no more than its manifest.

    The model's file is not packed into it, and out of it again: the handler opens it where it lies.
    """
    store.mkdir()
    for name in (model.name, NOOP):
        manifest = {
            "createdOn": "",
            "runtime": "python",
            "model": {"modelName": name, "modelVersion": _VERSION, "handler": HANDLER},
            "archiverVersion": "0.12.0",
        }
        with zipfile.ZipFile(store / f"{name}.mar", "w") as archive:
            archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
