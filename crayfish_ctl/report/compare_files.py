"""A comparison of results folders as a file: .csv or .json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.analysis.summary import cell_columns, to_csv
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.analysis.comparison import ComparedResults, Comparison

_SUFFIXES: Final = (".csv", ".json")


def check_format(path: Path) -> None:
    """Is there a format of that name?

    Raises:
        CrayfishError: if not.
    """
    if path.suffix not in _SUFFIXES:
        raise CrayfishError(
            f"--out {path}: unknown format", hint=f"end it in {' or '.join(_SUFFIXES)}"
        )


def write_comparison(path: Path, found: ComparedResults) -> None:
    """Write the comparisons; the .json has the warnings and the unmatched cells as well.

    Raises:
        CrayfishError: if it cannot be written.
    """
    rows = [_row(found, comparison) for comparison in found.comparisons]
    if path.suffix == ".csv":
        write_text(path, to_csv(rows))
        return
    document = {
        "base": found.base,
        "others": found.others,
        "threshold": found.threshold,
        "comparisons": rows,
        "unmatched": [
            {
                "other": found.others[u.other],
                "why": u.why,
                "verdict": u.outcome,
                **cell_columns(u.cell),
            }
            for u in found.unmatched
        ],
        "differences": [
            {"other": found.others[other], "text": text} for other, text in found.warnings
        ],
    }
    write_text(path, json.dumps(document, indent=2) + "\n")


def _row(found: ComparedResults, comparison: Comparison) -> dict[str, Any]:
    ratio = comparison.ratio
    low, high = (ratio.low, ratio.high) if ratio else (None, None)
    return {
        "base": found.base,
        "other": found.others[comparison.other],
        **cell_columns(comparison.cell),
        "metric": comparison.metric,
        "base_mean": comparison.base.mean,
        "base_geometric_mean": comparison.base.geometric_mean,
        "base_low": comparison.base.low,
        "base_high": comparison.base.high,
        "base_runs": comparison.base.n,
        "other_mean": comparison.ours.mean,
        "other_geometric_mean": comparison.ours.geometric_mean,
        "other_low": comparison.ours.low,
        "other_high": comparison.ours.high,
        "other_runs": comparison.ours.n,
        "change": comparison.change,
        "change_low": None if low is None else low - 1,
        "change_high": None if high is None else high - 1,
        "p_value": ratio.p_value if ratio else None,
        "adjusted_p": comparison.adjusted_p,
        "verdict": comparison.outcome,
        "regression": comparison.outcome == "worse",
        "smallest_visible": comparison.decision.visible,
        "runs_needed": comparison.decision.runs_needed,
    }
