"""What the tests of the command line share."""

from __future__ import annotations

from dataclasses import dataclass

MINE = """\
name: mine
question: what is shown?
defaults: {processor: flink, runtime: python, tool: onnx, model: ffnn}
profiles:
  laptop:
    repetitions: 2
    warmup: {seconds: 6}
    first_warmup: {seconds: 15, rate: 2000}
    stop: {seconds: 3}
    workloads:
      - {rate: 10}
      - {rate: max, goal: saturate, stop: {count: 150000}}
"""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str
