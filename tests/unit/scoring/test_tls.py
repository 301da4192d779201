"""Clients that call over TLS: what they trust, and what they say of the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_contract.runconfig import Deadlines, ModelConfig, RunConfig, ToolConfig
from crayfish_contract.service import ServiceExit
from crayfish_scoring import ScorerError, create_scorer, open_scorer
from crayfish_scoring.base import UnreachableError

from .certificates import Certificate, certificate
from .served import Served, doubled, serving, serving_http

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

MODEL = ModelConfig(name="tiny", format="none", path="", input_shape=(2, 2), output_shape=(2,))
POINTS = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
WAYS = pytest.mark.parametrize(
    ("transport", "start"), [("grpc", serving), ("http", serving_http)], ids=["grpc", "http"]
)

if TYPE_CHECKING:
    Start = Callable[..., AbstractContextManager[int]]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("ours"), "ours", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("theirs"), "theirs", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("elsewhere"), "elsewhere", "elsewhere.example")


def opened(transport: str, port: int, tls: str, tool: str = "ray-serve") -> Any:
    options = {"transport": transport} if tool == "ray-serve" else {}
    return open_scorer(
        RunConfig.model_construct(  # type: ignore[call-arg]
            tool=ToolConfig(name=tool, options=options, address=f"127.0.0.1:{port}", tls=tls),
            model=MODEL,
            deadlines=Deadlines(ready=60),
        )
    )


@WAYS
def test_a_certificate_that_is_trusted(transport: str, start: Start, ours: Certificate) -> None:
    with start(Served(), tls=ours) as port:
        scorer = opened(transport, port, str(ours.path))
        assert scorer.score(POINTS) == pytest.approx(doubled(POINTS))

        async def call() -> Any:
            try:
                return await scorer.call(POINTS)
            finally:
                await scorer.aclose()

        assert asyncio.run(call()) == pytest.approx(doubled(POINTS))
        scorer.close()


@WAYS
def test_one_that_is_not_is_said_at_once(
    transport: str, start: Start, ours: Certificate, theirs: Certificate
) -> None:
    with start(Served(), tls=ours) as port:
        for tls in (str(theirs.path), "system"):
            with pytest.raises(
                UnreachableError, match=rf"127\.0\.0\.1:{port}: TLS: self.signed"
            ) as failure:
                opened(transport, port, tls)
            assert failure.value.exit_code == ServiceExit.UNREACHABLE


@WAYS
def test_one_of_another_host_is_said_at_once(
    transport: str, start: Start, elsewhere: Certificate
) -> None:
    with (
        start(Served(), tls=elsewhere) as port,
        pytest.raises(UnreachableError, match=r"TLS: .*not valid for '127\.0\.0\.1'"),
    ):
        opened(transport, port, str(elsewhere.path))


@WAYS
def test_a_server_without_tls_is_said_at_once(
    transport: str, start: Start, ours: Certificate
) -> None:
    with (
        start(Served()) as port,
        pytest.raises(UnreachableError, match=rf"127\.0\.0\.1:{port}: TLS: "),
    ):
        opened(transport, port, str(ours.path))


def test_who_is_not_there_is_waited_for(ours: Certificate) -> None:
    scorer: Any = create_scorer("triton", MODEL, {}, "127.0.0.1:1")
    scorer.encrypt(str(ours.path))
    scorer.wait_at_most(0.2)
    with pytest.raises(UnreachableError, match=r"no right prediction within 0\.2 s"):
        scorer.load()


@pytest.mark.parametrize("text", [None, "", "nonsense"])
def test_a_file_that_holds_no_certificates(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ScorerError, match=r"tool triton: tool\.tls: .*ca\.pem") as failure:
        opened("grpc", 1, str(file), tool="triton")
    assert failure.value.exit_code == ServiceExit.BAD_CONFIG


def test_a_library_has_nobody_to_trust() -> None:
    with pytest.raises(ScorerError, match="its client knows no TLS"):
        open_scorer(
            RunConfig.model_construct(  # type: ignore[call-arg]
                tool=ToolConfig(name="noop", tls="system"), model=MODEL, deadlines=Deadlines()
            )
        )
