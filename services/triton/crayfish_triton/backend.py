"""What Triton's Python backend runs, in a process for each instance.

The backend gives a list of requests: one if Triton puts none together, else those of a batch.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import triton_python_backend_utils as pb

from crayfish_serving import EXECUTIONS, ExecutionSizes, keep_telling, read_settings

from .repository import batching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crayfish_scoring.base import Values
    from crayfish_serving import Settings


class _Model(ABC):
    """One of the two: its names are those of its config, its shapes those of the settings."""

    @abstractmethod
    def load(self, settings: Settings) -> None:
        """Get ready to score."""

    @abstractmethod
    def score(self, points: Values) -> Values:
        """[n, *input_shape] -> [n, *output_shape], of its types."""

    def initialize(self, args: dict[str, str]) -> None:
        """Called by Triton, once."""
        config = json.loads(args["model_config"])
        self._input = config["input"][0]["name"]
        self._output = config["output"][0]["name"]
        settings = read_settings(os.environ)
        self.load(settings)
        most = batching(settings).points
        # Where each execution has one request, there is nothing to count.
        self._sizes = ExecutionSizes(most) if most > 1 else None
        if self._sizes:
            self._end_telling = keep_telling(self._sizes, _teller(args["model_name"]))

    def finalize(self) -> None:
        """Called by Triton at the end."""
        if self._sizes:
            self._end_telling()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Called by Triton: one forward call for all, an answer for each in their order.

        Shapes and types are Triton's own check; what fails nevertheless fails for all of a batch.
        """
        points = [pb.get_input_tensor_by_name(each, self._input).as_numpy() for each in requests]
        try:
            predictions = self.score(points[0] if len(points) == 1 else np.concatenate(points))
        except Exception as error:  # noqa: BLE001  ORT's exceptions share no public base class
            return [pb.InferenceResponse(error=pb.TritonError(str(error))) for _ in requests]
        if self._sizes:
            self._sizes.add(len(points))
        answers = []
        first = 0
        for part in points:
            own = predictions[first : first + len(part)]
            answers.append(pb.InferenceResponse(output_tensors=[pb.Tensor(self._output, own)]))
            first += len(part)
        return answers


def _teller(model: str) -> Callable[[Mapping[int, int]], None]:
    """Adds to counters of Triton's own, which all instances of a model share."""
    family = pb.MetricFamily(
        name=EXECUTIONS,
        description="Executions of the model that had at most `le` requests",
        kind=pb.MetricFamily.COUNTER,
    )
    counters: dict[int, Any] = {}

    def tell(news: Mapping[int, int]) -> None:
        for bound, grown in news.items():
            if bound not in counters:
                counters[bound] = family.Metric(labels={"model": model, "le": str(bound)})
            counters[bound].increment(grown)

    return tell


class OnnxModel(_Model):
    """The model, by ONNX Runtime as embedded tools have it."""

    def load(self, settings: Settings) -> None:
        """Open the file."""
        from crayfish_scoring.onnx import create  # noqa: PLC0415  the other loads no library

        self._scorer = create(
            settings.model, {"threads": settings.whole("threads", 1, 1, 1024)}, None
        )
        self._scorer.load()

    def score(self, points: Values) -> Values:
        """One `run` call."""
        return self._scorer.score(points)


class NoopModel(_Model):
    """Answers zeros."""

    def load(self, settings: Settings) -> None:
        """There is nothing to load."""
        self._shape = settings.model.output_shape
        self._dtype = settings.model.output_dtype

    def score(self, points: Values) -> Values:
        """Zeros of the model's output shape."""
        return np.zeros((len(points), *self._shape), self._dtype)
