"""Limits and faults for services that are not there, or not then, are refused by the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Plan, choices, make_plan, plan_warnings
from tests.unit.project import copy_project

ROOT = Path(__file__).parents[3]
PAUSE = {"at_seconds": 1, "service": "kafka", "action": "pause", "seconds": 2}


def planned(tmp_path: Path, workload: dict[str, Any], root: Path = ROOT, **sizing: Any) -> Plan:
    content = {
        "name": "mine",
        "question": "is it refused?",
        "defaults": {"processor": "flink", "runtime": "python", "tool": "onnx", "model": "ffnn"},
        "profiles": {
            "laptop": {
                "repetitions": 1,
                "warmup": {"seconds": 1},
                "stop": {"seconds": 5},
                "workloads": [workload],
                **sizing,
            }
        },
    }
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    return make_plan(load_catalog(root), choices(experiment=str(path)))


def refused(tmp_path: Path, workload: dict[str, Any], **more: Any) -> CrayfishError:
    with pytest.raises(CrayfishError) as caught:
        planned(tmp_path, workload, **more)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service": "kafak"}, "kafak: the stack has no such service; did you mean kafka?"),
        ({"service": "spark-worker"}, "spark-worker: the stack has no such service"),
        ({"at_seconds": 800}, "from 800 s to 802 s, but the measured segment is over after 5 s"),
        ({"at_seconds": 3.5}, "from 3.5 s to 5.5 s"),
    ],
)
def test_a_fault_hits_what_is_there_while_it_is_measured(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    assert planned(tmp_path, {"rate": 10, "faults": [PAUSE]}).runs
    error = refused(tmp_path, {"rate": 10, "faults": [PAUSE | changes]})
    where = f"{tmp_path}/mine.yaml: profiles.laptop.workloads.1 (10/s kafka): faults: "
    assert error.message.startswith(where)
    assert said in error.message


PROCESS = {"at_seconds": 1, "service": "kafka", "action": "kill-process"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (PROCESS, "kill-process: give process"),
        (PROCESS | {"process": "java", "seconds": 1}, "and no seconds"),
        (PAUSE | {"process": "java"}, "process is for kill-process"),
        ({**PAUSE, "seconds": None}, "pause: give seconds"),
    ],
)
def test_a_process_is_not_away_for_a_time_and_a_container_is(
    tmp_path: Path, fault: dict[str, Any], said: str
) -> None:
    assert planned(tmp_path, {"rate": 10, "faults": [PROCESS | {"process": "java"}]}).runs
    assert said in refused(tmp_path, {"rate": 10, "faults": [fault]}).message


def test_a_fault_after_the_count_is_over(tmp_path: Path) -> None:
    error = refused(tmp_path, {"rate": 10, "stop": {"count": 20}, "faults": [PAUSE]})
    assert "is over after 2 s" in error.message


def test_an_instance_of_its_own_may_be_hit(tmp_path: Path) -> None:
    workload = {
        "rate": 10, "processor": "kafka-streams", "parallelism": 2,
        "processor_options": {"threads_per_instance": 1},
        "faults": [PAUSE | {"service": "kafka-streams-2"}],
    }  # fmt: skip
    assert planned(tmp_path, workload).runs
    workload["processor_options"] = {"threads_per_instance": 0}
    assert "kafka-streams-2: the stack has no" in refused(tmp_path, workload).message


def test_workers_may_be_hit_each_by_itself(tmp_path: Path) -> None:
    workload = {
        "rate": 10, "parallelism": 2, "processor_options": {"workers": 2},
        "faults": [PAUSE | {"service": "flink-taskmanager-2"}],
    }  # fmt: skip
    assert planned(tmp_path, workload).runs[0].cell.instances == 2
    assert "widest operator has 1 tasks" in refused(tmp_path, workload | {"parallelism": 1}).message
    in_job = {**workload, "pipeline": "in-job", "faults": []}
    assert "workers: 2: pipeline in-job has one" in refused(tmp_path, in_job).message


LIMITS = {"cpus": 1.0, "memory": "1g"}


def test_limits_for_a_size_class_that_no_service_has(tmp_path: Path) -> None:
    error = refused(tmp_path, {"rate": 10}, resources={"wroker": LIMITS})
    assert error.message.startswith(f"{tmp_path}/mine.yaml: profiles.laptop.resources: ")
    assert "did you mean worker?" in error.message


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "root")


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_profile_that_lacks_what_the_plan_uses(tmp_path: Path, root: Path) -> None:
    laptop = root / "configs/profiles/laptop.yaml"
    edit(laptop, "  driver: {cpus: 2.0,", "  drive: {cpus: 2.0,")
    error = refused(tmp_path, {"rate": 10}, root=root)
    assert error.message == (
        "configs/profiles/laptop.yaml: resources.driver: is not there, but flink-driver of "
        "flink-job.yaml of compose/ has this size class (crayfish.size); did you mean drive?"
    )
    edit(laptop, "  drive: {cpus: 2.0, memory: 1536m, weight: 1024, heap: 768m}\n", "")
    # Who does not use it does not need it.
    assert planned(tmp_path, {"rate": 10, "processor": "kafka-streams"}, root=root).runs
    edit(laptop, ", heap: 1g}\n  monitor", "}\n  monitor")
    error = refused(tmp_path, {"rate": 10, "processor": "kafka-streams"}, root=root)
    assert "resources.broker: has no heap, which kafka.yaml" in error.message


def test_a_profile_with_a_misspelt_size_class(tmp_path: Path, root: Path) -> None:
    laptop = root / "configs/profiles/laptop.yaml"
    edit(laptop, "  worker:", "  wroker: {cpus: 1, memory: 1g}\n  worker:")
    error = refused(tmp_path, {"rate": 10}, root=root)
    assert "profiles/laptop.yaml: resources: wroker: no service" in error.message


def test_a_fragment_that_is_not_there_or_none(tmp_path: Path, root: Path) -> None:
    (root / "compose/load.yaml").write_text("name: x\n")
    assert "load.yaml: has no services" in refused(tmp_path, {"rate": 10}, root=root).message
    (root / "compose/load.yaml").unlink()
    assert "load.yaml: not there" in refused(tmp_path, {"rate": 10}, root=root).message


def test_limits_above_the_machine_are_a_warning_for_what_is_used(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"rate": 10, "tool": "noop"})
    assert plan_warnings(plan, cores=2, free=2**40) == []
    lines = plan_warnings(plan, cores=1, free=2**40)
    assert [line.split(":")[1].split(".")[1] for line in lines] == [
        "broker", "master", "driver",
    ]  # fmt: skip
    assert all("configs/profiles/laptop.yaml" in line and "has 1 cores" in line for line in lines)


def test_more_than_the_disk_holds_is_a_warning(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"rate": 1000, "batch_size": 100})
    (line,) = plan_warnings(plan, cores=64, free=10**9)
    assert "leaves 1.9 GB in Kafka, this disk has 1.0 GB free" in line


def test_an_image_that_cannot_be_built_or_is_not_listed(tmp_path: Path, root: Path) -> None:
    path = root / "configs/processors/flink.yaml"
    edit(path, "images: [flink]", "images: [flnk]")
    error = refused(tmp_path, {"rate": 10}, root=root)
    assert (
        "configs/processors/flink.yaml: images: has no 'flink', which flink.yaml" in error.message
    )
    edit(path, "images: [flnk]", "images: [flink, flnk]")
    error = refused(tmp_path, {"rate": 10}, root=root)
    assert "images: there is no images/flnk/Dockerfile; did you mean flink?" in error.message
