"""What Ray Serve is told; the ports that clients use are the same whichever way in."""

from __future__ import annotations

import pytest

from crayfish_ray_serve.options import ServeOptions, environment, proxy_ports, serve_options
from crayfish_serving import SettingError, read_settings
from tests.unit.serving.test_settings import ENVIRONMENT

DEFAULT = ServeOptions(1, False, 100, 1, 0.0, 1)


def options(**given: str) -> ServeOptions:
    return serve_options(read_settings({**ENVIRONMENT, **given}))


def test_options_are_read() -> None:
    assert options() == DEFAULT
    assert options(
        TOOL_REPLICAS="2",
        TOOL_INGRESS="direct",
        TOOL_MAX_ONGOING_REQUESTS="5",
        TOOL_BATCH_SIZE="8",
        TOOL_BATCH_DELAY_MS="1.5",
        TOOL_THREADS="3",
    ) == ServeOptions(2, True, 5, 8, 1.5, 3)


@pytest.mark.parametrize(
    "option",
    ["REPLICAS", "INGRESS", "MAX_ONGOING_REQUESTS", "BATCH_SIZE", "BATCH_DELAY_MS", "THREADS"],
)
def test_one_out_of_its_bounds_is_named(option: str) -> None:
    with pytest.raises(SettingError, match=f"TOOL_{option}"):
        options(**{f"TOOL_{option}": "-1"})


def test_clients_find_one_port_whichever_way_in() -> None:
    assert proxy_ports(options()) == (8000, 9000)
    assert "RAY_SERVE_THROUGHPUT_OPTIMIZED" not in environment(options())
    direct = options(TOOL_INGRESS="direct")
    said = environment(direct)
    assert said["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "1"
    assert said["RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT"] == "8000"
    assert said["RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT"] == "9000"
    for port, protocol in zip(proxy_ports(direct), ("HTTP", "GRPC"), strict=True):
        assert port > int(said[f"RAY_SERVE_DIRECT_INGRESS_MAX_{protocol}_PORT"])


@pytest.mark.parametrize(("size", "bounds"), [("1", "1"), ("10", "1,2,3,4,6,8,10")])
def test_its_histogram_is_as_fine_as_that_of_the_others(size: str, bounds: str) -> None:
    said = environment(options(TOOL_BATCH_SIZE=size))
    assert said["RAY_SERVE_BATCH_SIZE_BUCKETS"] == bounds
