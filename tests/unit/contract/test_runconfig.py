from pathlib import Path

import pytest

from crayfish_contract.runconfig import (
    ConstantArrivals,
    KafkaConfig,
    ModelConfig,
    PointsConfig,
    ProcessorConfig,
    RunConfig,
    RunConfigError,
    StopRule,
    ToolConfig,
    Warmup,
    WorkloadConfig,
    load_run_config,
)


@pytest.fixture
def config() -> RunConfig:
    return RunConfig(
        run_id="crayfish-1",
        kafka=KafkaConfig(
            bootstrap="kafka:9092",
            input_topic="crayfish-1-in",
            output_topic="crayfish-1-out",
            input_partitions=1,
            output_partitions=1,
        ),
        model=ModelConfig(name="m", format="onnx", path="/m", input_shape=(2,), output_shape=(1,)),
        tool=ToolConfig(name="onnx", options={"threads": 1}),
        processor=ProcessorConfig(name="flink", runtime="jvm"),
        workload=WorkloadConfig(
            arrivals=ConstantArrivals(rate=0.1),
            stop=StopRule(count=3),
            warmup=Warmup(rate=5),
            points=PointsConfig(kind="random", count=5, pool=5),
        ),
    )


def test_a_file_comes_back_as_it_was(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    path.write_text(config.model_dump_json())
    assert load_run_config(path) == config
    monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(path))
    assert load_run_config() == config


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"rate":0.1', '"rate":0', "workload.arrivals.constant.rate: "),
        ('"kind":"constant"', '"kind":"other"', "workload.arrivals: "),
        ('"count":3', '"count":null', "workload.stop: .*seconds, count or both"),
        ('"run_id"', '"more":1,"run_id"', "more: "),
        ('"version":1', '"version":2', "version: "),
        ("}", "", "file: "),
    ],
)
def test_an_error_names_file_and_field(
    config: RunConfig, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = config.model_dump_json()
    assert old in text
    path = tmp_path / "run.json"
    path.write_text(text.replace(old, new))
    with pytest.raises(RunConfigError, match=rf"run\.json: {message}"):
        load_run_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunConfigError, match=r"no\.json: No such file"):
        load_run_config(tmp_path / "no.json")
