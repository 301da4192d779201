"""The settings of a run's application."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_contract.runconfig import Parallelism, RunConfig
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_spark.options import SparkOptions
from crayfish_spark.session import RUN_CONFIG, settings, slots

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def config() -> RunConfig:
    picked = choices(experiment="input-rate", processors=("spark",), parallelism=(1, 3, 2))
    plan = make_plan(load_catalog(ROOT), picked)
    return run_config(plan, plan.runs[0], Points("random", 5))


def test_the_widest_stage_decides_how_many_cores_are_taken(config: RunConfig) -> None:
    assert slots(Parallelism(source=1, scorer=3, sink=2)) == 3
    assert settings(config, SparkOptions(), {})["spark.cores.max"] == "3"


def test_one_thread_for_numeric_libraries(config: RunConfig) -> None:
    made = settings(config, SparkOptions(), {})
    assert made["spark.executorEnv.OMP_NUM_THREADS"] == "1"


def test_heaps_are_those_of_the_profile(config: RunConfig) -> None:
    env = {"CRAYFISH_HEAP": "700m", "SPARK_EXECUTOR_HEAP": "3g"}
    made = settings(config, SparkOptions(), env)
    assert made["spark.driver.memory"] == "700m"
    assert made["spark.executor.memory"] == "3g"


def test_options_arrive_with_their_units(config: RunConfig) -> None:
    made = settings(config, SparkOptions(arrow_records=7, polling_delay_ms=4), {})
    assert made["spark.sql.execution.arrow.maxRecordsPerBatch"] == "7"
    assert made["spark.sql.execution.pandas.udf.buffer.size"] == "4096"
    assert made["spark.sql.streaming.pollingDelay"] == "4ms"
    assert {type(value) for value in made.values()} == {str}


def test_the_run_config_goes_to_the_jvm_when_it_scores(config: RunConfig) -> None:
    assert RUN_CONFIG not in settings(config, SparkOptions(), {})
    processor = config.processor.model_copy(update={"runtime": "jvm"})
    of_jvm = config.model_copy(update={"processor": processor})
    made = settings(of_jvm, SparkOptions(), {})
    assert RunConfig.model_validate_json(made[RUN_CONFIG]) == of_jvm


def test_more_than_one_progress_is_kept(config: RunConfig) -> None:
    """Spark drops the oldest before it looks: of one, none would be left."""
    assert (
        int(settings(config, SparkOptions(), {})["spark.sql.streaming.numRecentProgressUpdates"])
        > 1
    )
