"""The messages of scoring.proto, which Ray pickles on their way from the proxy to a replica.

The generated module calls itself by its bare name, so that is the one under which whoever unpickles
a message looks for it.
"""

from __future__ import annotations

import sys

from crayfish_scoring.servers.messages import scoring_pb2

sys.modules.setdefault("scoring_pb2", scoring_pb2)

Points = scoring_pb2.Points
Predictions = scoring_pb2.Predictions

__all__ = ["Points", "Predictions"]
