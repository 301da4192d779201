import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from crayfish_consumer.server import serve


@pytest.fixture
def told() -> list[dict[str, int]]:
    return []


@pytest.fixture
def url(told: list[dict[str, int]]) -> Iterator[str]:
    registry = CollectorRegistry()
    Counter("things", "Things", registry=registry).inc()
    server = serve(lambda: {"phase": "ready", "unique": 3}, told.append, registry, port=0)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str, body: bytes | None = None) -> bytes:
    with urlopen(url, data=body, timeout=5) as answer:  # noqa: S310
        content: bytes = answer.read()
        return content


def test_status(url: str) -> None:
    assert json.loads(get(f"{url}/status")) == {"phase": "ready", "unique": 3}


def test_metrics(url: str) -> None:
    assert b"things_total 1.0" in get(f"{url}/metrics")


def test_finish(url: str, told: list[Any]) -> None:
    get(f"{url}/finish", b'{"sent": 5, "delivered": 4, "undelivered": 1}')
    get(f"{url}/status")  # the answer comes before the word is passed on
    assert told == [{"sent": 5, "delivered": 4, "undelivered": 1}]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"sent": 5}', b'{"delivered": "x"}'])
def test_finish_without_counts_is_refused(url: str, told: list[Any], body: bytes) -> None:
    with pytest.raises(HTTPError) as error:
        get(f"{url}/finish", body)
    with error.value:
        assert error.value.code == 400
    assert told == []


def test_elsewhere(url: str) -> None:
    with pytest.raises(HTTPError) as error:
        get(f"{url}/elsewhere")
    with error.value:
        assert error.value.code == 404
