"""What the fragments' ${VARIABLES} stand for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.catalog import Profile
    from crayfish_ctl.plan import RunSpec

IMAGE_PREFIX = "crayfish"
IMAGE_TAG = "latest"
_IMAGE_UID = 1000
"""The user of our images."""


def container_user() -> str:
    """Who writes the results: the caller, or the images' own user if the caller is root."""
    uid, gid = os.getuid(), os.getgid()
    return f"{uid}:{gid}" if uid else f"{_IMAGE_UID}:{_IMAGE_UID}"


def variables(
    profile: Profile, run: RunSpec, *, root: Path, experiment_dir: Path, run_dir: Path
) -> dict[str, str]:
    """Every variable of every fragment, by name."""
    parallelism = run.cell.parallelism
    return {
        **profile_variables(profile),
        "CRAYFISH_USER": container_user(),
        "CRAYFISH_MODELS_DIR": str(root / "models"),
        "CRAYFISH_EXPERIMENT_DIR": str(experiment_dir),
        "CRAYFISH_RUN_DIR": str(run_dir),
        "CRAYFISH_MAX_PARALLELISM": str(
            max(parallelism.source, parallelism.scorer, parallelism.sink)
        ),
    }


def profile_variables(profile: Profile) -> dict[str, str]:
    """The variables that belong to no run: images, and every service's limits."""
    values = {"CRAYFISH_IMAGES": IMAGE_PREFIX, "CRAYFISH_TAG": IMAGE_TAG}
    for service, resources in profile.resources.items():
        prefix = service.upper().replace("-", "_")
        for field, value in resources.model_dump(exclude_none=True).items():
            values[f"{prefix}_{field.upper()}"] = str(value)
    return values


def check_cpus(profile: Profile, cores: int) -> None:
    """Refuse limits above the machine: the engine would refuse them later, and less clearly.

    Raises:
        CrayfishError: naming the profile, the service and both figures.
    """
    for service, resources in profile.resources.items():
        if resources.cpus > cores:
            raise CrayfishError(
                f"configs/profiles/{profile.name}.yaml: resources.{service}.cpus: "
                f"{resources.cpus:g}, but the engine has {cores} cores",
                hint="choose a smaller profile with --profile, or lower the limit",
            )
