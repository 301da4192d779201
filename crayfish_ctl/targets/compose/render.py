"""A resolved stack as the file that `docker compose` starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from crayfish_ctl.targets.base import Rendered
from crayfish_ctl.targets.docker.cpus import limit_cpus
from crayfish_ctl.targets.docker.resolve import PROJECT, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.targets.base import Stack

__all__ = ["PROJECT", "render"]


def render(stack: Stack, run_dir: Path, *, confined: bool = False, cores: int = 1) -> Rendered:
    """Write `run_dir`/compose.yaml, which `docker compose -f ... up` starts as it is.

    Args:
        stack: what is to be started.
        run_dir: folder of the run.
        confined: the engine runs under SELinux.
        cores: of the engine's machine.

    Raises:
        CrayfishError: if a fragment is missing, does not resolve, or breaks a rule.
    """
    config = resolve(stack, run_dir, confined=confined)
    limit_cpus(config["services"], stack.cpu_limit, cores)
    path = run_dir / "compose.yaml"
    header = "# Start by hand: docker compose -f compose.yaml up; clean up: ... down -v\n"
    path.write_text(header + yaml.safe_dump(config, sort_keys=False, width=120))
    return Rendered(path=path, services=config["services"])
