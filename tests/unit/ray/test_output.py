"""Whatever others print becomes lines of the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from crayfish_ray.output import LogStream

if TYPE_CHECKING:
    import pytest


def test_lines_are_logged_when_they_are_complete(caplog: pytest.LogCaptureFixture) -> None:
    stream = LogStream(logging.getLogger("of-this-test"), logging.WARNING)
    print("one\n\ntw", end="", file=stream)
    print("o\n\x1b[33mthree\x1b[0m", file=stream)
    stream.write("never ended")
    assert caplog.messages == ["one", "two", "three"]
