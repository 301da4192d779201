"""A run config, and results as a processor would write them."""

from collections.abc import Callable

import pytest

from crayfish_contract.runconfig import RunConfig

from .made import make_config, make_result


@pytest.fixture
def config() -> Callable[..., RunConfig]:
    """Makes a run config; keywords replace parts of its workload."""
    return make_config


@pytest.fixture
def result() -> Callable[..., bytes]:
    """Makes the message of a result."""
    return make_result
