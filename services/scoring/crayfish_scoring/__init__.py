"""Scorers: the embedded libraries and the clients of model servers, behind one interface.

Each tool is one module here, named by the tool (`-` becomes `_`), with a function
`create(model, options, address) -> Scorer`; those of other roots are found as if they lay here. A
module is imported only when its tool is asked for, so that one tool's missing library never stops
another.
"""

from .base import Scorer, ScorerError, create_scorer, open_scorer
from .modes import Scoring
from .opening import open_scoring
from .record import RecordScorer

__all__ = [
    "RecordScorer",
    "Scorer",
    "ScorerError",
    "Scoring",
    "create_scorer",
    "open_scorer",
    "open_scoring",
]
