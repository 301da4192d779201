"""What is written down of an experiment when it begins, and held against what is there later."""

from __future__ import annotations

import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from crayfish_ctl.catalog.files import digest, model_files
from crayfish_ctl.catalog.roots import root_digest
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan.schedule import VERSION as SCHEDULE_VERSION
from crayfish_ctl.results import Git, Manifest, Root, describe_host

from .network import remembered
from .sources import git_state

if TYPE_CHECKING:
    from datetime import datetime

    from crayfish_ctl.plan import Plan
    from crayfish_ctl.targets import Target


def begun(plan: Plan, started: datetime, target: Target) -> Manifest:
    """The manifest of an experiment that begins.

    Args:
        plan: what is to be run.
        started: when.
        target: where.
    """
    nodes = tuple(target.nodes())
    return Manifest(
        experiment=plan.experiment.name,
        question=plan.experiment.question,
        profile=plan.profile.name,
        started=started,
        command=("crayfish", *sys.argv[1:]),
        host=describe_host(),
        target=target.name,
        engine=nodes[0],
        nodes=nodes if len(nodes) > 1 else (),
        network=remembered(nodes, plan.roots.checkout) if len(nodes) > 1 else None,
        packages={d.metadata["Name"]: d.version for d in distributions()},
        git=_git(),
        roots=_pinned(plan),
        seeds=tuple(sorted({run.seed for run in plan.runs})),
        plan={
            "choices": plan.choices.model_dump(mode="json"),
            "experiment": plan.experiment.model_dump(mode="json"),
            "profile": plan.profile.model_dump(mode="json"),
            "model": plan.model.model_dump(mode="json"),
            "processors": {n: p.model_dump(mode="json") for n, p in plan.processors.items()},
            "tools": {n: tool.model_dump(mode="json") for n, tool in plan.tools.items()},
            "traces": [t.facts.model_dump(mode="json") for t in plan.traces.values()],
            "sizing": plan.sizing.model_dump(mode="json"),
            "schedule": SCHEDULE_VERSION,
            "fragments": _fragments(plan),
        },
    )


def most_cores(manifest: Manifest) -> int | None:
    """Of the largest machine; None if no engine says."""
    return max((node.cores or 0 for node in manifest.nodes), default=manifest.engine.cores)


def _pinned(plan: Plan) -> tuple[Root, ...]:
    """The roots, and what they said when the experiment began; of the models only the plan's."""
    models = model_files(plan.model, {tool.model_format for tool in plan.tools.values()})
    home = plan.models_dir.parent
    return tuple(
        Root(
            path=str(root.resolve()),
            digest=root_digest(root, [home / path for path in models] if root == home else []),
        )
        for root in plan.roots.folders
    )


def _fragments(plan: Plan) -> dict[str, str]:
    """The digest of every fragment that a run starts, by name."""
    names = {name for run in plan.runs for name in plan.fragments(run.cell)}
    return {name: digest(plan.roots.fragment(name)) for name in sorted(names)}


def check_fragments(plan: Plan, manifest: Manifest) -> None:
    """Are the services still the ones that the experiment began with?

    Args:
        plan: with which it is to go on.
        manifest: of its beginning; older ones have no digests, and are taken at their word.

    Raises:
        CrayfishError: naming the fragments that have changed.
    """
    before = manifest.plan.get("fragments", {})
    changed = [name for name, now in _fragments(plan).items() if before.get(name, now) != now]
    if changed:
        files = ", ".join(plan.roots.shown(plan.roots.fragment(name)) for name in changed)
        raise CrayfishError(
            f"{files}: changed since the experiment began",
            hint="check out the sources that it began with, or start it anew with `crayfish run`",
        )


def _git() -> Git | None:
    state = git_state(Path(__file__).parent)
    return Git(commit=state[0], dirty=state[1]) if state else None
