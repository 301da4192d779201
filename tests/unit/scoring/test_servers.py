"""The clients of model servers against servers of their protocols."""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest

from crayfish_contract.codec import Reason
from crayfish_contract.runconfig import Deadlines, ModelConfig, RunConfig, ToolConfig
from crayfish_contract.service import ServiceExit
from crayfish_scoring import ScorerError, base, create_scorer, open_scorer
from crayfish_scoring.base import UnreachableError
from crayfish_scoring.servers import ready
from crayfish_scoring.servers.errors import CallError
from crayfish_scoring.servers.messages import tfserving_pb2

from .served import Served, doubled, serving, serving_http

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = ("tf-serving", "tf-predict", "torchserve", "triton", "oip", "ray-serve")
HTTP = "ray-serve over http"
EVERY = (*TOOLS, HTTP)
SOME = ("torchserve", HTTP)
"""One for each transport, where protocols do not matter."""
NAMED = ("tf-serving", "tf-predict", "triton", "oip")
"""Whose protocol has names of tensors."""
MODEL = ModelConfig(name="tiny", format="none", path="", input_shape=(2, 2), output_shape=(2,))
POINTS = np.arange(12, dtype=np.float32).reshape(3, 2, 2)


@pytest.fixture
def served() -> Served:
    return Served()


class Ports(int):
    """Of gRPC; and of HTTP."""

    http: int


@pytest.fixture
def port(served: Served) -> Iterator[Ports]:
    with serving(served) as bound, serving_http(served) as http:
        ports = Ports(bound)
        ports.http = http
        yield ports


def scorer_of(tool: str, port: int, **options: Any) -> Any:
    if tool == HTTP:
        assert isinstance(port, Ports)
        options["transport"], tool, port = "http", "ray-serve", port.http
    return create_scorer(tool, MODEL, options, f"127.0.0.1:{port}")


def loaded(tool: str, port: int, **options: Any) -> Any:
    scorer = scorer_of(tool, port, **options)
    scorer.load()
    return scorer


def called(scorer: Any, *many: np.ndarray) -> list[Any]:
    async def all_of_them() -> list[Any]:
        try:
            return await asyncio.gather(*map(scorer.call, many), return_exceptions=True)
        finally:
            await scorer.aclose()

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("tool", EVERY)
def test_points_go_there_and_predictions_come_back(tool: str, port: int, served: Served) -> None:
    scorer = loaded(tool, port)
    assert scorer.score(POINTS) == pytest.approx(doubled(POINTS))
    single, triple = called(scorer, POINTS[:1], POINTS)
    assert single == pytest.approx(doubled(POINTS[:1]))
    assert triple == pytest.approx(doubled(POINTS))
    assert (single.shape, single.dtype) == ((1, 2), np.float32)
    assert set(served.names) == {"tiny"}
    scorer.close()


@pytest.mark.parametrize("tool", NAMED)
def test_an_answer_may_be_a_list_of_floats(tool: str, port: int, served: Served) -> None:
    served.as_list = True
    scorer = loaded(tool, port)
    assert scorer.score(POINTS) == pytest.approx(doubled(POINTS))
    scorer.close()


@pytest.mark.parametrize(
    ("options", "name"), [({"serve": "noop"}, "noop"), ({"model_name": "theirs"}, "theirs")]
)
def test_the_model_that_is_asked_for(
    options: dict[str, str], name: str, port: int, served: Served
) -> None:
    loaded("triton", port, **options).close()
    assert set(served.names) == {name}


@pytest.mark.parametrize("tool", EVERY)
@pytest.mark.parametrize(
    ("code", "details", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "going down", Reason.UNAVAILABLE),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "queue full", Reason.EXHAUSTED),
        (grpc.StatusCode.INVALID_ARGUMENT, "no such shape", Reason.OTHER),
        (grpc.StatusCode.INTERNAL, "Worker died.", Reason.UNAVAILABLE),
        (grpc.StatusCode.CANCELLED, "the server ends", Reason.UNAVAILABLE),
    ],
)
def test_a_failed_call_has_its_class(  # noqa: PLR0917
    tool: str, code: grpc.StatusCode, details: str, reason: Reason, port: int, served: Served
) -> None:
    scorer = loaded(tool, port)
    served.code, served.details = code, details
    with pytest.raises(CallError, match=details) as failure:
        scorer.score(POINTS)
    assert failure.value.reason is reason
    (error,) = called(scorer, POINTS)
    assert isinstance(error, CallError)
    assert error.reason is reason
    scorer.close()


@pytest.mark.parametrize("tool", SOME)
def test_a_late_answer_is_a_failed_call(tool: str, port: int, served: Served) -> None:
    scorer = loaded(tool, port, deadline_ms=50)
    served.delay_s = 0.5
    with pytest.raises(CallError) as failure:
        scorer.score(POINTS)
    assert failure.value.reason is Reason.DEADLINE
    (error,) = called(scorer, POINTS)
    assert error.reason is Reason.DEADLINE
    scorer.close()


@pytest.mark.parametrize("tool", SOME)
def test_an_answer_of_another_size_is_a_failed_call(tool: str, port: int, served: Served) -> None:
    scorer = loaded(tool, port)
    served.answer = lambda points: doubled(points)[:, :1]
    with pytest.raises(CallError, match=r"12 bytes for 3 points.*are 24") as failure:
        scorer.score(POINTS)
    assert failure.value.reason is Reason.BAD_OUTPUT
    scorer.close()


@pytest.mark.parametrize("tool", TOOLS)
def test_an_answer_that_is_no_message_is_a_failed_call(
    tool: str, port: int, served: Served
) -> None:
    scorer = loaded(tool, port)
    served.garbage = b"\xff\xff"
    for error in (called(scorer, POINTS)[0], _raised(scorer)):
        assert isinstance(error, CallError)
        assert error.reason is Reason.BAD_OUTPUT
    scorer.close()
    with pytest.raises(ScorerError, match="cannot be read"):
        loaded(tool, port)


def _raised(scorer: Any) -> Exception:
    with pytest.raises(Exception) as failure:  # noqa: PT011
        scorer.score(POINTS)
    return failure.value


@pytest.mark.parametrize("tool", SOME)
def test_a_calls_deadline_is_that_of_all_its_tries(tool: str, port: int, served: Served) -> None:
    scorer = loaded(tool, port, deadline_ms=300, retries=1000)
    served.code, served.calls, served.delay_first_s = grpc.StatusCode.UNAVAILABLE, 0, 0.1
    began = time.monotonic()
    for error in (called(scorer, POINTS)[0], _raised(scorer)):
        assert isinstance(error, CallError)
        assert error.reason in {Reason.UNAVAILABLE, Reason.DEADLINE}
    assert time.monotonic() - began < 2
    assert served.calls <= 8
    scorer.close()


@pytest.mark.parametrize("tool", SOME)
@pytest.mark.parametrize(("retries", "well"), [(0, False), (1, False), (2, True)])
def test_calls_are_made_again_only_if_asked_for(
    tool: str, retries: int, well: bool, port: int, served: Served
) -> None:
    scorer = loaded(tool, port, retries=retries)
    served.code, served.calls, served.fails = grpc.StatusCode.UNAVAILABLE, 0, 2
    if well:
        assert scorer.score(POINTS) == pytest.approx(doubled(POINTS))
    else:
        with pytest.raises(CallError):
            scorer.score(POINTS)
    assert served.calls == retries + 1
    scorer.close()


def test_between_two_tries_is_a_pause_that_grows(
    monkeypatch: pytest.MonkeyPatch, port: int, served: Served
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    scorer = loaded("torchserve", port, retries=9, deadline_ms=60_000)
    served.code = grpc.StatusCode.UNAVAILABLE
    assert _raised(scorer).reason is Reason.UNAVAILABLE  # type: ignore[attr-defined]
    asked = [pause for pause in pauses if pause]  # the server of the test sleeps for 0 s
    assert asked == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1, 1])
    scorer.close()


def test_no_try_begins_after_the_deadline(port: int, served: Served) -> None:
    scorer = loaded("torchserve", port, retries=9, deadline_ms=25)
    served.code, served.calls = grpc.StatusCode.UNAVAILABLE, 0
    began = time.monotonic()
    assert isinstance(_raised(scorer), CallError)
    assert time.monotonic() - began < 5
    assert served.calls <= 2
    scorer.close()


def test_load_waits_for_every_replica(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    late = Served()
    late.code, late.fails = grpc.StatusCode.NOT_FOUND, 3
    monkeypatch.setattr(ready, "_POLL_S", 0.001)
    with serving(served) as first, serving(late) as second:
        scorer: Any = create_scorer("oip", MODEL, {}, f"127.0.0.1:{first}, 127.0.0.1:{second}")
        scorer.load()
        assert (served.calls, late.calls) == (1, 4)
        for _ in range(4):
            scorer.score(POINTS)
        assert (served.calls, late.calls) == (3, 6)
        scorer.close()


def test_load_gives_up_when_the_run_does() -> None:
    scorer = scorer_of("oip", 1)
    scorer.wait_at_most(0.2)
    with pytest.raises(UnreachableError, match=r"127.0.0.1:1: no right prediction within 0.2 s"):
        scorer.load()
    assert UnreachableError.exit_code == ServiceExit.UNREACHABLE


def test_a_server_that_keeps_refusing_is_not_waited_for(port: int, served: Served) -> None:
    served.code, served.details = grpc.StatusCode.NOT_FOUND, "no model tiny"
    scorer = scorer_of("torchserve", port)
    scorer.wait_at_most(0.4)
    with pytest.raises(ScorerError, match="no right prediction: NOT_FOUND: no model tiny") as error:
        scorer.load()
    assert error.value.exit_code == ServiceExit.BAD_CONFIG


def test_the_run_says_how_long_a_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    scorer = SimpleNamespace(wait_at_most=asked.append, load=lambda: asked.append(0))
    monkeypatch.setattr(base, "create_scorer", lambda *_: scorer)
    open_scorer(
        RunConfig.model_construct(  # type: ignore[call-arg]
            tool=ToolConfig(name="oip"), model=MODEL, deadlines=Deadlines(ready=33)
        )
    )
    assert asked == [33, 0]


@pytest.mark.parametrize("tool", EVERY)
def test_a_model_of_another_shape_is_refused_at_once(tool: str, port: int, served: Served) -> None:
    served.answer, served.answered = lambda points: doubled(points)[:, :1], [1, 2]
    with pytest.raises(ScorerError, match=r"no right prediction: .*4 bytes for 1 points"):
        loaded(tool, port)


@pytest.mark.parametrize("tool", NAMED)
def test_tensors_that_are_not_there_or_no_float32(tool: str, port: int, served: Served) -> None:
    served.outputs = ["scores", "classes"]
    with pytest.raises(ScorerError, match=r"2 outputs: classes, scores"):
        loaded(tool, port)
    served.outputs, served.datatype = ["predictions"], "INT64"
    served.dtype = tfserving_pb2.DT_INT64
    with pytest.raises(ScorerError, match=r"tensor points is (DT_)?INT64"):
        loaded(tool, port)


def test_a_signature_that_is_not_there(port: int, served: Served) -> None:
    served.signature = "predict"
    with pytest.raises(ScorerError, match="no signature serving_default: it has predict"):
        loaded("tf-serving", port)


@pytest.mark.parametrize("address", [None, "", " , "])
def test_a_server_needs_an_address(address: str | None) -> None:
    with pytest.raises(ScorerError, match=r"tool triton: tool.address"):
        create_scorer("triton", MODEL, {}, address)


def test_torchserve_text() -> None:
    text = Served(lambda points: points)

    def answer(name: str, body: bytes, context: grpc.ServicerContext) -> bytes:
        points = np.array(json.loads(body), np.float32)
        return str(doubled(points).tolist()).encode()

    text.predict = answer  # type: ignore[method-assign]
    with serving(text) as port:
        scorer = loaded("torchserve", port, handler="json")
        assert scorer.score(POINTS) == pytest.approx(doubled(POINTS))
        text.predict = lambda *_: b"[[1, 2"  # type: ignore[method-assign]
        with pytest.raises(CallError, match="no list of numbers"):
            scorer.score(POINTS)
        scorer.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, Reason.DEADLINE),
        (grpc.StatusCode.UNKNOWN, Reason.OTHER),
        (grpc.StatusCode.NOT_FOUND, Reason.OTHER),
    ],
)
def test_what_http_says_has_a_class(
    code: grpc.StatusCode, reason: Reason, port: int, served: Served
) -> None:
    scorer = loaded(HTTP, port)
    served.code = code
    for error in (called(scorer, POINTS)[0], _raised(scorer)):
        assert isinstance(error, CallError)
        assert (error.reason, str(error)[-20:]) == (reason, "as the test wants it")
    scorer.close()


def test_an_http_answer_that_is_cut_off_and_the_call_after_it(port: int, served: Served) -> None:
    scorer = loaded(HTTP, port)
    served.missing_bytes = 4
    for error in (called(scorer, POINTS)[0], _raised(scorer)):
        assert isinstance(error, CallError)
        assert error.reason is Reason.UNAVAILABLE
    served.missing_bytes = 0
    assert scorer.score(POINTS) == pytest.approx(doubled(POINTS))
    scorer.close()


def test_over_http_nobody_there_is_unavailable() -> None:
    with serving_http(Served()) as http:
        scorer: Any = create_scorer("ray-serve", MODEL, {"transport": "http"}, f"127.0.0.1:{http}")
        scorer.load()
    scorer.close()
    for error in (called(scorer, POINTS)[0], _raised(scorer)):
        assert isinstance(error, CallError)
        assert error.reason is Reason.UNAVAILABLE


def test_over_http_load_gives_up_when_the_run_does() -> None:
    scorer: Any = create_scorer("ray-serve", MODEL, {"transport": "http"}, "127.0.0.1:1")
    scorer.wait_at_most(0.2)
    with pytest.raises(UnreachableError, match=r"127.0.0.1:1: no right prediction within 0.2 s"):
        scorer.load()


def test_over_http_there_are_no_channels() -> None:
    with pytest.raises(ScorerError, match=r"channels: 2: over HTTP"):
        create_scorer("ray-serve", MODEL, {"transport": "http", "channels": 2}, "127.0.0.1:1")


@pytest.mark.parametrize("tool", NAMED)
@pytest.mark.parametrize("shape", [[2, 3], [3, 2, 1], [6]])
def test_as_many_values_of_another_shape_are_a_failed_call(
    tool: str, shape: list[int], port: int, served: Served
) -> None:
    scorer = loaded(tool, port)
    served.answered = shape
    for error in (called(scorer, POINTS)[0], _raised(scorer)):
        assert isinstance(error, CallError)
        assert error.reason is Reason.BAD_OUTPUT
        assert str(error).endswith(f"has shape {tuple(shape)}, predictions have (3, 2)")
    scorer.close()


@pytest.mark.parametrize("tool", NAMED)
def test_a_model_that_says_another_shape_is_refused(tool: str, port: int, served: Served) -> None:
    served.said_output = [-1, 5]
    with pytest.raises(ScorerError, match=r"output predictions .* shape \(-1, 5\).*\(2,\)"):
        loaded(tool, port)
    served.said_output, served.said_input = [-1, 2], [-1, 4]
    with pytest.raises(ScorerError, match=r"input points .* shape \(-1, 4\), .*\(2, 2\)"):
        loaded(tool, port)
    served.said_input = []
    loaded(tool, port).close()
