"""A root of somebody else: a processor with its image, a tool, a model, an experiment."""

from __future__ import annotations

import shutil
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
FILES = {
    "configs/processors/mine.yaml": """\
name: mine
title: Mine
images: [mine]
fragments: [mine]
pipelines: {kafka: [python]}
""",
    "configs/tools/doubled.yaml": """\
name: doubled
title: twice the mean
kind: embedded
model_format: null
options: {factor: {default: 2.0}}
needs: {python: [numpy]}
""",
    "configs/experiments/ours.yaml": """\
name: ours
question: does it run beside the checkout?
defaults: {processor: mine, runtime: python, tool: doubled, model: small}
profiles:
  laptop:
    repetitions: 1
    warmup: {seconds: 1}
    stop: {seconds: 5}
    workloads:
      - {rate: 10}
      - {rate: 20, processor: flink}
""",
    "compose/mine.yaml": """\
services:
  mine:
    image: ${CRAYFISH_IMAGES}/mine:${CRAYFISH_TAG}
    pull_policy: never
    labels:
      crayfish.role: processor
      crayfish.size: worker
      crayfish.lifetime: run
    volumes:
      - {type: bind, source: "${CRAYFISH_MODELS_DIR}", target: /models, read_only: true}
    cpu_shares: ${WORKER_WEIGHT}
    deploy:
      resources: {limits: {cpus: "${WORKER_CPUS}", memory: "${WORKER_MEMORY}"}}
""",
    "images/mine/Dockerfile": """\
ARG BASE=crayfish/base
ARG SERVICES=crayfish/services
FROM ${SERVICES} AS services
FROM ${BASE}
COPY --from=services /opt/crayfish /opt/crayfish
COPY mine /opt/mine/mine
""",
    "images/mine/libraries.yaml": "python: [numpy, onnxruntime]\n",
    "mine/main.py": "pass\n",
    "tools/doubled.py": '''\
"""Answers a constant."""

import numpy as np

from .base import blank_points, no_options_left


def create(model, options, address):
    factor = options.pop("factor", 2.0)
    no_options_left("doubled", options)
    return Doubled(model, factor)


class Doubled:
    def __init__(self, model, factor):
        self._model, self._factor = model, factor

    def load(self):
        self.score(blank_points(self._model))

    def score(self, points):
        return np.full((len(points), *self._model.output_shape), self._factor, np.float32)

    def close(self):
        pass
''',
}
MODEL = """\
name: small
description: the shipped one by another name
input: {shape: [28, 28]}
output: {shape: [10]}
tolerance: 1.0e-5
points: {path: models/small/test-points.npz}
formats: {onnx: {path: models/small/ffnn.onnx}}
"""


def write_root(folder: Path) -> Path:
    """Make the root in `folder`; nothing of the checkout is written to."""
    for name, text in (*FILES.items(), ("configs/models/small.yaml", MODEL)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "models" / "small").mkdir(parents=True)
    for name in ("test-points.npz", "ffnn.onnx"):
        shutil.copy(CHECKOUT / "models" / "ffnn" / name, folder / "models" / "small" / name)
    return folder
