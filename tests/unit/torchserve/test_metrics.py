"""The lines that TorchServe's frontend parses."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from crayfish_torchserve.metrics import teller

if TYPE_CHECKING:
    import pytest

# As org.pytorch.serve.metrics.Metric of TorchServe 0.12 has it, and its worker's log before it.
FRONTEND = re.compile(
    r"^(?:INFO > )?\[METRICS]\s*([\w\s]+)\.([\w\s]+):([0-9\-,.e]+)\|#([^|]*)(\|#type:([^|,]+))?"
    r"\|#hostname:([^,]+),([^,]+)(,(.*))?$"
)


def test_a_line_for_each_counter_that_grew(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    teller("ffnn")({4: 2, 8: 3})
    found = [FRONTEND.match(message) for message in caplog.messages]
    assert [match and match.group(1, 3, 4, 6) for match in found] == [
        ("crayfish_executions_total", "2", "model_name:ffnn,le:4", "COUNTER"),
        ("crayfish_executions_total", "3", "model_name:ffnn,le:8", "COUNTER"),
    ]
