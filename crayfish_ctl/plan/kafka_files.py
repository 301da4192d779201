"""What clients of Kafka trust, where that is a file: kept with the inputs, and mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kafka import KAFKA_CA, KAFKA_COPY

if TYPE_CHECKING:
    from pathlib import Path

    from .plan import Plan


def copy_kafka_certificates(text: str | None, folder: Path) -> None:
    """Keep them with the inputs of an experiment, from where containers get them.

    Args:
        text: PEM, of what clients trust; None: there is no such file.
        folder: of the inputs.
    """
    if text is not None:
        (folder / KAFKA_COPY).write_text(text, encoding="ascii", errors="replace")


def kafka_files(plan: Plan, folder: Path) -> dict[str, Path]:
    """Path in containers -> file, for every client of Kafka; the same for all runs.

    Args:
        plan: of the experiment.
        folder: of its results.
    """
    given = plan.kafka is not None and plan.kafka.certificates is not None
    return {KAFKA_CA: folder / "points" / KAFKA_COPY} if given or plan.encrypts else {}
