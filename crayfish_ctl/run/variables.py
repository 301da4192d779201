"""What the fragments' ${VARIABLES} stand for."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG
from crayfish_ctl.plan.runconfig import constants_of

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from crayfish_contract.runconfig import Options
    from crayfish_ctl.catalog import Profile
    from crayfish_ctl.plan import Plan, RunSpec

_IMAGE_UID = 1000
"""The user of our images."""
_PRODUCER = "producer"
"""The size class."""


def container_user() -> str:
    """Who writes the results: the caller, or the images' own user if the caller is root."""
    uid, gid = os.getuid(), os.getgid()
    return f"{uid}:{gid}" if uid else f"{_IMAGE_UID}:{_IMAGE_UID}"


def variables(plan: Plan, run: RunSpec, *, experiment_dir: Path, run_dir: Path) -> dict[str, str]:
    """Every variable of every fragment, by name."""
    return {
        **profile_variables(plan.profile),
        "CRAYFISH_USER": container_user(),
        "CRAYFISH_MODELS_DIR": str(plan.models_dir),
        "CRAYFISH_EXPERIMENT_DIR": str(experiment_dir),
        "CRAYFISH_RUN_DIR": str(run_dir),
        "CRAYFISH_RUNTIME": run.cell.runtime,
        "CRAYFISH_JVM_TOOL": _jvm_tool(plan, run),
        **model_variables(plan, run),
        **tool_variables(run.cell.tool_options),
        "CRAYFISH_INSTANCES": str(run.cell.instances),
        # The same for all runs of the stack: another value would start the containers anew.
        "CRAYFISH_MAX_PARALLELISM": str(plan.slots),
        "CRAYFISH_SLOTS": str(math.ceil(plan.slots / run.cell.instances)),
        # Without Kafka the end of the job is the end of the run.
        "CRAYFISH_JOB_ENDS": "true" if run.cell.way.in_job else "false",
    }


def model_variables(plan: Plan, run: RunSpec) -> dict[str, str]:
    """The model as a server needs it: by itself, because it outlives the run and its config."""
    model = plan.model
    file = model.formats.get(plan.tools[run.cell.tool].model_format or "")
    return {
        "CRAYFISH_MODEL_NAME": model.name,
        "CRAYFISH_MODEL_PATH": f"/{file.path}" if file else "",
        "CRAYFISH_MODEL_FILE": str(plan.models_dir.parent / file.path) if file else "",
        "CRAYFISH_MODEL_INPUT": ",".join(map(str, model.input.shape)),
        "CRAYFISH_MODEL_OUTPUT": ",".join(map(str, model.output.shape)),
        "CRAYFISH_MODEL_INPUT_DTYPE": model.input.dtype,
        "CRAYFISH_MODEL_OUTPUT_DTYPE": model.output.dtype,
        "CRAYFISH_MODEL_CONSTANTS": _constants(plan, run),
        "CRAYFISH_MODEL_INPUT_NAME": (file.input if file else None) or "",
        "CRAYFISH_MODEL_OUTPUT_NAME": (file.output if file else None) or "",
    }


def _constants(plan: Plan, run: RunSpec) -> str:
    """As the run config has them; empty if there are none."""
    found = constants_of(plan, plan.tools[run.cell.tool].model_format)
    if not found:
        return ""
    return json.dumps({name: each.model_dump() for name, each in found.items()})


def tool_variables(options: Options) -> dict[str, str]:
    """`TOOL_<OPTION>`: what a server is told of the tool's options."""
    return {
        f"TOOL_{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in options.items()
    }


def _jvm_tool(plan: Plan, run: RunSpec) -> str:
    """The tool whose library the processor's JVM loads; empty if it loads none.

    What scores nothing loads nothing, so it stays where a tool of the experiment is: a baseline in
    a JVM that was just started would be another system.
    """
    cell = run.cell
    if cell.runtime != "jvm":
        return ""
    beside = (
        system.tool
        for system in plan.systems
        if system[:2] == (cell.processor, cell.runtime)
        and not plan.tools[system.tool].scores_nothing
    )
    return next(beside, cell.tool) if cell.scores_nothing else cell.tool


def profile_variables(profile: Profile) -> dict[str, str]:
    """The variables that belong to no run: images, and the limits of every size class."""
    values = {
        "CRAYFISH_IMAGES": IMAGE_PREFIX,
        "CRAYFISH_TAG": IMAGE_TAG,
        "CRAYFISH_BROKERS": str(profile.brokers),
        "CRAYFISH_MAX_MESSAGE_BYTES": str(profile.max_message_bytes),
    }
    for size, resources in profile.resources.items():
        prefix = size.upper().replace("-", "_")
        for field, value in resources.model_dump(exclude_none=True).items():
            values[f"{prefix}_{field.upper()}"] = str(value)
    return values


def producer_variables(profile: Profile, producers: int, cores: int | None) -> dict[str, str]:
    """The limits of the producer's container, where several producers share a schedule in it.

    Args:
        profile: has the limits of one.
        producers: in the container.
        cores: of the largest machine, more than which no container may have; None: not known.
    """
    one = profile.resources[_PRODUCER]
    if producers == 1:
        return {}
    cpus = producers * one.cpus
    memory = f"{producers * float(one.memory[:-1]):g}{one.memory[-1]}"
    return {
        "PRODUCER_CPUS": str(cpus if cores is None else max(one.cpus, min(cpus, cores))),
        "PRODUCER_MEMORY": memory,
    }


def check_cpus(profile: Profile, cores: int, sizes: Container[str]) -> None:
    """Refuse limits above the machine: the engine would refuse them later, and less clearly.

    Args:
        profile: whose limits are looked at.
        cores: of the engine's machine.
        sizes: of the services that will run; the limits of others do not matter.

    Raises:
        CrayfishError: naming the profile, the size class and both figures.
    """
    for size, resources in profile.resources.items():
        if size in sizes and resources.cpus > cores:
            raise CrayfishError(
                f"{profile.file}: resources.{size}.cpus: "
                f"{resources.cpus:g}, but the engine has {cores} cores",
                hint="choose a smaller profile with --profile, or lower the limit",
            )
