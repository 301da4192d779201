"""Runs over three nodes: a real swarm, whose nodes are namespaces of this machine."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from .conftest import (
    CRAYFISH,
    OURS,
    ROOT,
    Finished,
    Started,
    reasons_of_its_own,
    write_experiment,
)
from .swarm_nodes import Nodes, why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(why_not() is not None, reason=f"no nodes here: {why_not()}"),
]
PROCESSOR, BROKER, LOAD = 1, 2, 3
"""The processor's images are the largest: its node is the manager, which has them first."""
IMAGES = ("kafka", "kafka-streams", "flink", "producer", "consumer", "prometheus")
SHORT = {"seconds": 3}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Three nodes with their roles; the manager has the images."""
    made = Nodes(tmp_path_factory.mktemp("nodes"), hidden=ROOT)
    try:
        made.up()
        names = [f"crayfish/{name}:latest" for name in (*IMAGES, "cgroup-exporter")]
        manager = ["docker", "--context", made.name(PROCESSOR), "load", "--quiet"]
        with subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE) as saving:
            subprocess.run(
                manager, stdin=saving.stdout, env=made.env, check=True, capture_output=True
            )
        assert saving.returncode == 0
        for number, roles in ((PROCESSOR, "processor"), (BROKER, "broker"), (LOAD, "load monitor")):
            crayfish(made, "cluster", "label", made.name(number), *roles.split())
        yield made
    finally:
        made.down()


def crayfish(nodes: Nodes, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """What a command says that is run on the manager."""
    done = subprocess.run(
        [str(CRAYFISH), *arguments],
        cwd=ROOT, env={**nodes.env, "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout + done.stderr


def left_on(nodes: Nodes) -> list[str]:
    """What is still there of ours, on any node."""
    return [
        f"node {number}: {found}"
        for number in nodes.numbers
        for kind in (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        for found in nodes.docker(number, *kind, "--quiet", "--filter", OURS).split()
    ] + nodes.docker(PROCESSOR, "secret", "ls", "--quiet", "--filter", OURS).split()


def cell(processor: str, **other: Any) -> dict[str, Any]:
    system = {"processor": processor, "runtime": "jvm", "tool": "onnx"}
    return {"rate": 200, **system, **other}


def await_measured(running: Started, run: str) -> None:
    """Wait until a run's records are measured; `out/` is on its node, and the log is here."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        assert running.process.poll() is None, running.log.read_text()
        said = running.log.read_text()
        if f"run {run}" in said and "measured" in said.partition(f"run {run}")[2]:
            return
        time.sleep(0.1)
    raise AssertionError(running.log.read_text())


@pytest.fixture(scope="module")
def spread(
    nodes: Nodes, start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory
) -> Finished:
    """Kafka Streams, Flink, and Kafka Streams once more, which dies in the middle."""
    folder = tmp_path_factory.mktemp("swarm")
    profiles = folder / "root" / "configs" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "two-brokers.yaml").write_text(
        "name: two-brokers\ndescription: laptop with two\nextends: laptop\nbrokers: 2\n"
    )
    workloads = [
        cell("kafka-streams"),
        # Over TLS: each broker's key comes to its node as a secret, and is for its own name.
        cell("flink", title="flink", parallelism=2, kafka_protocol="SSL"),
        cell("kafka-streams", title="killed", stop={"seconds": 60}),
    ]
    experiment = write_experiment(folder, workloads, profile_name="two-brokers", stop=SHORT)
    chosen = ("--with", str(folder / "root"), "--profile", "two-brokers")
    running: Started = start(experiment, "--target", "swarm", *chosen, env=nodes.env)
    await_measured(running, "3/3")
    (victim,) = nodes.docker(
        PROCESSOR, "ps", "--quiet", "--filter", "label=crayfish.service=kafka-streams"
    ).split()
    nodes.docker(PROCESSOR, "kill", victim)
    return running.finish()


@pytest.mark.parametrize("title", ["", "flink"])
def test_every_record_comes_back_from_another_node(spread: Finished, title: str) -> None:
    run = next(run for run in spread.runs() if (run["spec"]["cell"]["title"] or "") == title)
    assert not reasons_of_its_own(run), run["verdict"]
    counts = run["counts"]
    assert (counts["sent"], counts["ok"], counts["duplicates"]) == (600, 600, 0)
    checked = run["correctness"]
    assert (checked["checked"], checked["beyond_tolerance"]) == (600, 0)
    records = pl.read_parquet(spread.folder / run["run_id"] / "records.parquet")
    measured = records.filter(pl.col("segment") == "measured")
    assert measured["id"].n_unique() == 600
    assert (measured["consumed_ns"] > measured["intended_ns"]).all()


def test_each_task_runs_on_the_node_of_its_role(spread: Finished, nodes: Nodes) -> None:
    run = spread.runs()[0]
    where = {part["name"]: part["node"] for part in run["components"]}
    assert where["kafka-streams"] == nodes.name(PROCESSOR)
    assert where["kafka"] == where["kafka-2"] == nodes.name(BROKER)
    assert {where[name] for name in ("producer", "consumer", "prometheus")} == {nodes.name(LOAD)}
    exporters = {name for name in where if name.startswith("cgroup-exporter@")}
    assert exporters == {f"cgroup-exporter@{nodes.name(number)}" for number in nodes.numbers}
    used = {part["role"]: part["cpu_seconds"] for part in run["components"]}
    assert all(used[role] for role in ("producer", "consumer", "broker", "processor"))


def test_each_node_says_what_its_cores_and_its_link_did(spread: Finished, nodes: Nodes) -> None:
    """Each has a network of its own, whose one way out is not the machine's."""
    for run in spread.runs()[:2]:
        found = {node["name"]: node for node in run["nodes"]}
        assert set(found) == {nodes.name(number) for number in nodes.numbers}
        for node in found.values():
            assert node["cores"] == os.cpu_count()
            assert 0 < node["mean_busy_share"] <= node["peak_busy_share"] <= 1
            assert [link["device"] for link in node["links"]] == ["eth0"]
        records = 200 * 28 * 28 * 4 / 1e6
        for number, way in ((LOAD, "sent"), (BROKER, "received"), (PROCESSOR, "received")):
            (link,) = found[nodes.name(number)]["links"]
            assert link[way]["mean_megabytes_per_s"] > records / 4, (number, link)
            assert link["speed_megabytes_per_s"] is None


def test_partitions_are_spread_over_the_brokers(spread: Finished) -> None:
    (run,) = spread.titled("flink")
    metrics = pl.read_parquet(spread.folder / run["run_id"] / "metrics.parquet")
    taken = metrics.filter(pl.col("name") == "kafka_broker_messagesinpersec_total")
    for broker in ("kafka", "kafka-2"):
        of_one = taken.filter(pl.col("component") == broker)["value"].to_numpy()
        assert of_one.max() >= 300, broker  # it counts from its start, and is read every 5 s


def test_the_clocks_of_one_kernel_are_found_to_be_one(spread: Finished) -> None:
    for run in spread.runs()[:2]:
        clock = run["host_clock"]
        assert abs(clock["offset_ms"]) <= clock["uncertainty_ms"] < 5
        assert set(run["stages_ms"]) >= {"schedule", "input", "score", "output"}


def test_a_task_that_dies_fails_its_run_with_its_node(spread: Finished, nodes: Nodes) -> None:
    (run,) = spread.titled("killed")
    assert spread.exit_code == 4
    assert run["verdict"]["state"] == "FAILED"
    failure = run["verdict"]["failure"]
    assert failure["component"] == "kafka-streams"
    assert f"exit code 137 (on node {nodes.name(PROCESSOR)})" in failure["message"]


def test_nothing_is_left_on_any_node(spread: Finished, nodes: Nodes) -> None:
    assert spread.folder.is_dir()
    assert left_on(nodes) == []


def test_a_nodes_engine_that_dies_ends_the_experiment_which_goes_on_later(
    nodes: Nodes, start: Callable[..., Started], tmp_path: Path
) -> None:
    experiment = write_experiment(tmp_path, [cell("kafka-streams")], stop={"seconds": 12})
    running: Started = start(experiment, "--target", "swarm", env=nodes.env)
    await_measured(running, "1/1")
    nodes.kill_engine(BROKER)
    killed = time.monotonic()
    ended = running.finish(timeout_s=90)
    assert time.monotonic() - killed < 60
    assert ended.exit_code == 3
    assert f"node {nodes.name(BROKER)}" in ended.output
    nodes.start(BROKER)
    nodes.await_engine(BROKER)
    nodes.await_ready()
    crayfish(nodes, "resume", str(ended.folder), "--no-setup", codes=(0, 5))
    (run,) = Finished(0, "", ended.folder).runs()
    assert not reasons_of_its_own(run), run["verdict"]
    assert run["counts"]["ok"] == 2400
    assert left_on(nodes) == []


def test_the_doctor_measures_between_every_pair(nodes: Nodes) -> None:
    said = crayfish(nodes, "cluster", "doctor", "--no-setup")
    for network, size in (("overlay", "1450 B"), ("host", "1500 B")):
        lines = [line for line in said.splitlines() if f" {network} " in line]
        assert len(lines) == 6, said
        assert all(size in line and " ms " in line and "MB/s" in line for line in lines), said
    assert list((ROOT / ".cache/networks").glob("*.json"))
    assert left_on(nodes) == []
