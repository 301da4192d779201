"""Every reason has somebody to blame, and the documentation says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crayfish_ctl.analysis.blame import BLAME, counts, not_carried
from crayfish_ctl.results.verdict import Reason, Verdict, VerdictState

ROOT = Path(__file__).parents[3]


def test_the_documentation_says_whose_fault_each_reason_is() -> None:
    text = (ROOT / "docs" / "methodology.md").read_text()
    table = text.partition("| code | INVALID when | whose fault |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \|.*\| (harness|system) \|$", table, flags=re.MULTILINE)

    assert dict(rows) == BLAME


@pytest.mark.parametrize("code", sorted(BLAME))
def test_a_run_counts_if_the_system_is_to_blame(code: str) -> None:
    verdict = Verdict(state=VerdictState.INVALID, reasons=(Reason(code=code, message="why"),))
    assert not_carried(verdict) == counts(verdict) == (BLAME[code] == "system")


def test_a_reason_that_nobody_knows_is_not_held_against_the_system() -> None:
    """A folder of a later version may have one."""
    verdict = Verdict(state=VerdictState.INVALID, reasons=(Reason(code="NEW", message="why"),))
    assert not not_carried(verdict)
    assert counts(Verdict(state=VerdictState.VALID))
    assert not counts(Verdict(state=VerdictState.FAILED))
