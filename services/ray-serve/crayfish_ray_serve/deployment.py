"""The deployment: what each replica of Ray Serve runs.

Through the proxy each model is an application of its own, which the proxy chooses by the metadata
`application` (gRPC) or the path (HTTP). A replica with a port of its own serves one application,
so there both models are in one, and the same two say which is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from ray import serve
from starlette.responses import Response

from .messages import Points, Predictions
from .points import BadPointsError, open_models, read_points, score_together

if TYPE_CHECKING:
    from starlette.requests import Request

    from crayfish_scoring.base import Values
    from crayfish_serving import ServedModel

    from .options import ServeOptions

BATCH_HEADER = "crayfish-batch"


class UnknownModelError(LookupError):
    """A model is asked for that this replica does not serve."""


class Scorer:
    """Scores what comes, one request at a time or some together."""

    def __init__(self, model: ServedModel, names: tuple[str, ...], options: ServeOptions) -> None:
        self._shape, self._dtype = model.input_shape, model.input_dtype
        self._names = names
        self._models = open_models(model, names, options.threads)
        self._together = options.batch_size > 1
        if self._together:
            self._score_some.set_max_batch_size(options.batch_size)
            self._score_some.set_batch_wait_timeout_s(options.batch_delay_ms / 1000)

    async def Score(self, request: Any, grpc_context: Any) -> Any:  # noqa: N802  the protocol's
        """gRPC: crayfish.scoring.Scoring/Score."""
        metadata = dict(grpc_context.invocation_metadata())
        try:
            name = self._asked_for(metadata.get("application", ""))
            points = read_points(request.values, request.batch, self._shape, self._dtype)
        except (BadPointsError, UnknownModelError) as error:
            bad = isinstance(error, BadPointsError)
            code = grpc.StatusCode.INVALID_ARGUMENT if bad else grpc.StatusCode.NOT_FOUND
            grpc_context.set_code(code)
            grpc_context.set_details(str(error))
            raise
        predictions = await self._score(name, points)
        return Predictions(values=predictions.tobytes())

    async def __call__(self, request: Request) -> Response:
        """HTTP: POST /NAME, with the points as body, and how many in a header."""
        body = await request.body()
        try:
            name = self._asked_for(request.scope["path"].strip("/").rpartition("/")[2])
            batch = int(request.headers.get(BATCH_HEADER, "1"))
            points = read_points(body, batch, self._shape, self._dtype)
        except UnknownModelError as error:
            return Response(str(error), status_code=404)
        except ValueError as error:
            return Response(str(error), status_code=400)
        predictions = await self._score(name, points)
        return Response(predictions.tobytes(), media_type="application/octet-stream")

    def _asked_for(self, name: str) -> str:
        """The model that is meant: the only one, or the one that is named."""
        if len(self._names) == 1:
            return self._names[0]
        if name not in self._names:
            raise UnknownModelError(f"model {name!r}: there are {', '.join(self._names)}")
        return name

    async def _score(self, name: str, points: Values) -> Values:
        if self._together:
            scored: Values = await self._score_some((name, points))
            return scored
        return self._models[name](points)

    @serve.batch  # type: ignore[untyped-decorator]
    async def _score_some(self, requests: list[tuple[str, Values]]) -> list[Values]:
        """One forward call for each model that is asked for."""
        answers: dict[int, Values] = {}
        for name in self._names:
            mine = [i for i, (asked, _) in enumerate(requests) if asked == name]
            if mine:
                parts = score_together(self._models[name], [requests[i][1] for i in mine])
                answers.update(zip(mine, parts, strict=True))
        return [answers[i] for i in range(len(requests))]


def add_scoring(servicer: Any, server: Any) -> None:
    """What Ray Serve calls to learn the methods of the service (`grpc_servicer_functions`)."""
    handler = grpc.unary_unary_rpc_method_handler(
        servicer.Score,
        request_deserializer=Points.FromString,
        response_serializer=Predictions.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("crayfish.scoring.Scoring", {"Score": handler}),)
    )
