"""What a JVM's log says of its pauses, as JDK 17 writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.results.pauses import Pause, is_of_a_collector, read_pauses

if TYPE_CHECKING:
    from pathlib import Path

PARALLEL = """\
[2026-11-27T16:00:00.001+0000] Using Parallel
{"level":"warn","msg":"a line of the service"}
[2026-11-27T16:00:00.123+0000] GC(0) Pause Young (Allocation Failure) 192M->10M(736M) 5.123ms
[2026-11-27T16:00:01.500+0000] GC(1) Pause Full (Metadata GC Threshold) 30M->20M(736M) 85.000ms
"""
G1 = """\
[2026-11-27T16:00:00.123+0000] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 51M->9M(1024M) 7.5ms
[2026-11-27T16:00:00.200+0000] GC(1) Concurrent Mark Cycle
[2026-11-27T16:00:00.300+0000] GC(1) Pause Remark 21M->21M(1024M) 3.0ms
"""
SECOND = 1_795_795_200_000_000_000
"""2026-11-27T16:00:00 UTC, Unix ns."""


@pytest.mark.parametrize(
    ("text", "pauses"),
    [
        (
            PARALLEL,
            (
                Pause(SECOND + 123_000_000, 5.123, full=False),
                Pause(SECOND + 1_500_000_000, 85.0, full=True),
            ),
        ),
        (
            G1,
            (
                Pause(SECOND + 123_000_000, 7.5, full=False),
                Pause(SECOND + 300_000_000, 3.0, full=False),
            ),
        ),
        ("", ()),
    ],
)
def test_pauses_of_a_log(tmp_path: Path, text: str, pauses: tuple[Pause, ...]) -> None:
    log = tmp_path / "x.log"
    log.write_text(text)
    assert read_pauses(log) == pauses


def test_no_log_no_pauses(tmp_path: Path) -> None:
    assert read_pauses(tmp_path / "none.log") == ()


def test_lines_of_the_collector_are_told_from_those_of_the_service() -> None:
    assert [is_of_a_collector(line) for line in PARALLEL.splitlines()] == [True, False, True, True]
