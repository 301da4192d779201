"""An experiment leaves no topic of its own in a Kafka that stays."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG
from crayfish_ctl.plan import kafka_files
from crayfish_ctl.targets import Given

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.results import Manifest

    from .prepare import Setting

_CLIENT: Final = f"{IMAGE_PREFIX}/consumer:{IMAGE_TAG}"
"""The image whose client removes them."""
_PYTHON: Final = "/opt/venv/bin/python"


def scope_of(manifest: Manifest) -> str:
    """What tells an experiment's topics from those of any other, however often it is resumed."""
    begun = f"{manifest.started.isoformat()} {manifest.host} {manifest.command}"
    return hashlib.sha256(begun.encode()).hexdigest()[:8]


def remove_topics(setting: Setting, folder: Path, console: Console) -> None:
    """Remove what the experiment has made in the user's own Kafka, or say what is left.

    A container does it, as all that talks to Kafka: what the controller reaches, others may not.

    Args:
        setting: of the experiment.
        folder: of its results.
        console: told what is left.
    """
    plan = setting.plan
    if plan.kafka is None:
        return
    kafka = plan.kafka.config("all", setting.scope, (1, 1))
    said: list[str] = []
    try:
        setting.target.make(
            setting.image_ids[_CLIENT],
            ["-m", "crayfish_contract.topics", kafka.model_dump_json()],
            Given(
                read={**kafka_files(plan, folder), **setting.secrets},
                online=True,
                entrypoint=_PYTHON,
            ),
            said.append,
        )
    except CrayfishError as error:
        console.print(
            f"topics {kafka.topic_prefix}* may be left in {kafka.bootstrap}: "
            f"{' '.join(said) or error.message}",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
