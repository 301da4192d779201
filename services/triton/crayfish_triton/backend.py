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

from crayfish_serving import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self.load(read_settings(os.environ))

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Called by Triton: one forward call for all, an answer for each in their order.

        Shapes and types are Triton's own check; what fails nevertheless fails for all of a batch.
        """
        points = [pb.get_input_tensor_by_name(each, self._input).as_numpy() for each in requests]
        try:
            predictions = self.score(points[0] if len(points) == 1 else np.concatenate(points))
        except Exception as error:  # noqa: BLE001  ORT's exceptions share no public base class
            return [pb.InferenceResponse(error=pb.TritonError(str(error))) for _ in requests]
        answers = []
        first = 0
        for part in points:
            own = predictions[first : first + len(part)]
            answers.append(pb.InferenceResponse(output_tensors=[pb.Tensor(self._output, own)]))
            first += len(part)
        return answers


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
