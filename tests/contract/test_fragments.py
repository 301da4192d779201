"""Every fragment of compose/ resolves with the compose tool itself and keeps the rules.

Needs docker's client with its compose plugin; no engine has to run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from crayfish_ctl.catalog import load_catalog, open_roots
from crayfish_ctl.catalog.labels import EXITS, LIFETIME, ROLE, ROLES, SERVICE, SIZE, labels_of
from crayfish_ctl.catalog.option import defaults
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import image_names
from crayfish_ctl.plan import Plan, Points, choices, make_plan
from crayfish_ctl.results import Engine
from crayfish_ctl.run.prepare import Setting, prepare_stack
from crayfish_ctl.run.variables import profile_variables, tool_variables, variables
from crayfish_ctl.targets import Rendered, Stack
from crayfish_ctl.targets.compose import ComposeTarget
from crayfish_ctl.targets.compose.render import render
from crayfish_ctl.telemetry import prometheus_config
from tests.unit.outsider import write_root

ROOT = Path(__file__).parents[2]
FRAGMENTS = sorted((ROOT / "compose").glob("*.yaml"))
GOOD = """\
services:
  mine:
    image: crayfish/mine
    labels: {crayfish.role: server, crayfish.size: worker, crayfish.lifetime: run}
    deploy: {resources: {limits: {cpus: "1", memory: 1g}}}
"""


def _compose_is_there() -> bool:
    docker = shutil.which("docker")
    asked = [docker or "docker", "compose", "version"]
    return (
        docker is not None
        and subprocess.run(asked, check=False, capture_output=True).returncode == 0
    )


pytestmark = pytest.mark.skipif(
    not _compose_is_there(), reason="docker's client has no compose plugin"
)


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolving must not ask the engine, so that there may be none."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")


def planned(profile: str = "laptop") -> Plan:
    return make_plan(
        load_catalog(ROOT),
        choices(experiment="input-rate", profile=profile, parallelism=(1, 3, 2)),
    )


def filled(plan: Plan, folder: Path, fragments: list[Path]) -> Rendered:
    run_dir = folder / plan.runs[0].run_id
    run_dir.mkdir(parents=True)
    values = variables(plan, plan.runs[0], experiment_dir=folder, run_dir=run_dir)
    # Each server's fragment is for runs of its own tool.
    for tool in load_catalog(ROOT).tools.values():
        values |= tool_variables(defaults(tool.options))
    return render(Stack(fragments, values), run_dir)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.stem)
def test_each_fragment_is_a_compose_file_by_itself(fragment: Path, tmp_path: Path) -> None:
    rendered = filled(planned(), tmp_path, [fragment])
    assert set(rendered.services) == set(yaml.safe_load(fragment.read_text())["services"])
    for service in rendered.services.values():
        name = service["image"]
        if name.startswith("crayfish/"):
            image = name.removeprefix("crayfish/").removesuffix(":latest")
            assert image in image_names(open_roots(ROOT))
        else:  # pinned, and pulled where it is not there
            assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+", name)
            assert service["pull_policy"] == "missing"


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.stem)
def test_every_service_says_what_it_is_for_and_has_a_size_in_every_profile(fragment: Path) -> None:
    """So a new processor or server edits no profile."""
    catalog = load_catalog(ROOT)
    for service in yaml.safe_load(fragment.read_text())["services"].values():
        labels = labels_of(service)
        assert labels[ROLE] in ROLES
        for profile in catalog.profiles:
            assert labels[SIZE] in catalog.profile(profile).resources


@pytest.mark.parametrize("profile", ["laptop", "debug", "small", "large"])
def test_limits_are_those_of_the_profile(profile: str, tmp_path: Path) -> None:
    plan = planned(profile)
    services = filled(plan, tmp_path, FRAGMENTS).services
    for service in services.values():
        resources = plan.profile.resources[labels_of(service)[SIZE]]
        limits = service["deploy"]["resources"]["limits"]
        assert float(limits["cpus"]) == resources.cpus
        assert int(limits["memory"]) == _bytes(resources.memory)
        assert service["cpu_shares"] == resources.weight


def _bytes(size: str) -> int:
    return int(float(size[:-1]) * {"k": 2**10, "m": 2**20, "g": 2**30}[size[-1]])


def test_the_written_file_starts_what_was_checked(tmp_path: Path) -> None:
    """It is resolved: no variable is left, and the tool reads it as the same services."""
    plan = planned()
    rendered = filled(plan, tmp_path, FRAGMENTS)
    text = rendered.path.read_text()
    assert "${" not in text
    again = subprocess.run(
        ["docker", "compose", "--file", rendered.path, "config", "--format", "json"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert yaml.safe_load(again.stdout)["services"] == rendered.services


def test_the_stack_of_a_plan(tmp_path: Path) -> None:
    plan = planned()
    fragments = [ROOT / "compose" / f"{name}.yaml" for name in plan.fragments(plan.runs[0].cell)]
    rendered = filled(plan, tmp_path, fragments)
    assert rendered.labelled(EXITS, "true") == ["consumer", "producer"]
    assert set(rendered.labelled(LIFETIME, "stack")) == {
        "cgroup-exporter", "flink-jobmanager", "flink-taskmanager", "kafka", "prometheus",
    }  # fmt: skip
    assert rendered.metrics_server == ("prometheus", 9090)
    assert rendered.roles("kafka") == {
        "producer": "producer", "consumer": "consumer", "kafka": "broker",
        "prometheus": "monitoring", "cgroup-exporter": "monitoring",
        "flink-jobmanager": "processor", "flink-taskmanager": "processor",
        "flink-driver": "processor",
    }  # fmt: skip
    assert rendered.services["flink-taskmanager"]["environment"]["FLINK_SLOTS"] == "3"
    scraped = yaml.safe_load(prometheus_config(rendered.services))["scrape_configs"]
    assert {job["job_name"] for job in scraped} == {
        "cgroup-exporter", "consumer", "flink-jobmanager", "flink-taskmanager", "kafka", "producer",
    }  # fmt: skip
    assert {s["labels"]["crayfish.stack"] for s in rendered.services.values()} == {"true"}
    images = {
        s["image"].removeprefix("crayfish/").split(":")[0] for s in rendered.services.values()
    }
    assert images == set(plan.images)


STACKS = [
    (processor.name, pipeline, runtime)
    for processor in load_catalog(ROOT).processors.values()
    for pipeline, runtimes in processor.pipelines.items()
    for runtime in runtimes
]


@pytest.mark.parametrize(("processor", "pipeline", "runtime"), STACKS)
def test_every_stack_has_somebody_who_scores_and_somebody_who_ends_it(
    tmp_path: Path, processor: str, pipeline: str, runtime: str
) -> None:
    plan = make_plan(
        load_catalog(ROOT),
        choices(
            experiment="input-rate", processors=(processor,), pipeline=pipeline,
            runtimes=(runtime,), rates=("max",), count=10,
        ),
    )  # fmt: skip
    run = plan.runs[0]
    values = variables(plan, run, experiment_dir=tmp_path, run_dir=tmp_path)
    fragments = [ROOT / "compose" / f"{name}.yaml" for name in plan.fragments(run.cell)]
    rendered = render(Stack(fragments, values), tmp_path)
    roles = rendered.roles(pipeline)
    assert "processor" in roles.values()
    ending = {roles[name] for name in rendered.labelled(EXITS, "true")}
    assert ending == ({"producer", "consumer"} if pipeline == "kafka" else {"processor"})
    if pipeline == "raw":
        assert set(rendered.labelled(EXITS, "true")) == {
            name for name, role in roles.items() if role == "processor"
        }
    else:
        assert "idle" not in roles.values()


def test_a_stack_of_another_root_is_rendered_from_both(tmp_path: Path) -> None:
    beside = write_root(tmp_path / "it's $mine")
    plan = make_plan(load_catalog(ROOT, [beside]), choices(experiment="ours"))
    engine = Engine(cores=2)
    setting = Setting(plan, Points("random", 5), ComposeTarget(engine), engine.cores)
    (tmp_path / "results").mkdir()
    services = prepare_stack(setting, tmp_path / "results")
    assert {"mine", "kafka", "producer", "flink-taskmanager", "prometheus"} <= set(services)
    as_written = str(beside).replace("$", "$$")
    for name in ("mine", "flink-taskmanager", "flink-driver"):
        volumes = {v["target"]: v for v in services[name]["volumes"]}
        assert volumes["/models"]["source"] == f"{as_written}/models"
        assert volumes["/crayfish/tools/0"]["source"] == f"{as_written}/tools"
        assert volumes["/crayfish/tools/0"]["read_only"]
    targets = [v["target"] for v in services["producer"]["volumes"]]
    assert "/models" in targets
    assert not [target for target in targets if target.startswith("/crayfish/tools")]
    limits = services["mine"]["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) == plan.profile.resources["worker"].cpus


def test_everything_of_a_stack_says_that_it_is_ours_and_which_image_it_is(tmp_path: Path) -> None:
    """Only what carries the label is ever removed; images are started by their ids."""
    plan = planned()
    values = variables(plan, plan.runs[0], experiment_dir=tmp_path, run_dir=tmp_path)
    ids = {"crayfish/kafka:latest": "sha256:" + "1" * 64}
    stack = Stack([ROOT / "compose" / "kafka.yaml"], values, ids)
    rendered = render(stack, tmp_path, confined=True)
    written = yaml.safe_load(rendered.path.read_text())
    kafka = written["services"]["kafka"]
    assert kafka["image"] == "sha256:" + "1" * 64
    assert kafka["labels"]["crayfish.image"] == "crayfish/kafka:latest"
    assert kafka["security_opt"][-1] == "label=disable"
    for part in (kafka, written["networks"]["default"], written["volumes"]["kafka-data"]):
        assert part["labels"]["crayfish.stack"] == "true"
    assert written["name"] == "crayfish-bench", "not what compose calls a folder of ours"


def test_every_replica_of_any_run_is_scraped(tmp_path: Path) -> None:
    """How many there are depends on the run: the scrape configuration holds for all of them."""
    plan = make_plan(
        load_catalog(ROOT),
        choices(
            experiment="scalability", processors=("kafka-streams",),
            processor_options={"threads_per_instance": 1}, repetitions=1,
        ),
    )  # fmt: skip
    assert {run.cell.instances for run in plan.runs} >= {1, 2}
    engine = Engine(cores=2)
    setting = Setting(plan, Points("random", 5), ComposeTarget(engine), engine.cores)
    services = prepare_stack(setting, tmp_path)
    scraped = yaml.safe_load(prometheus_config(services))["scrape_configs"]
    assert {"kafka-streams", "kafka-streams-2"} <= {job["job_name"] for job in scraped}


def test_the_performance_comparison_needs_the_profile_only(tmp_path: Path) -> None:
    values = profile_variables(load_catalog(ROOT).profile("laptop"))
    rendered = render(Stack([ROOT / "compose" / "kafka.yaml"], values), tmp_path)
    assert rendered.services["kafka"]["environment"]["CRAYFISH_KAFKA_HEAP"] == "1g"


@pytest.mark.parametrize("name", ["a b", "a #1", "a$HOME", "a'b", 'a"b', "a\\b", "ä"])
def test_results_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    plan = planned()
    folder = tmp_path / name
    rendered = filled(plan, folder, [ROOT / "compose" / "load.yaml"])
    volumes = {v["target"]: v["source"] for v in rendered.services["producer"]["volumes"]}
    # In a compose file a dollar sign is written twice.
    assert volumes["/points"] == str(folder / "points").replace("$", "$$")


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("deploy: {resources: {limits: {cpus: ", "x-deploy: {resources: {limits: {cpus: ", "cpus"),
        (", memory: 1g", "", "limits.memory"),
        ('cpus: "1"', 'cpus: "${NOT_SET}"', ""),
        ("crayfish.lifetime: run", "x: y", "crayfish.lifetime"),
        ("crayfish.role: server, ", "", "crayfish.role"),
        ("crayfish.size: worker, ", "", "crayfish.size"),
        ("image:", 'ports: ["9090"]\n    image:', "127.0.0.1"),
        ("image:", 'ports: ["8080:9090"]\n    image:', "127.0.0.1"),
        ("image:", 'ports: ["0.0.0.0::9090"]\n    image:', "127.0.0.1"),
        ("image:", "privileged: true\n    image:", "privileged"),
        ("image:", 'volumes: ["/var/run/docker.sock:/x"]\n    image:', "socket"),
        ("image:", "volumes: [{type: bind, source: /run/docker.sock, target: /x}]\n    image:",
         "socket"),
    ],
)  # fmt: skip
def test_an_outsiders_fragment_that_breaks_a_rule_is_refused(
    tmp_path: Path, before: str, after: str, named: str
) -> None:
    fragment = tmp_path / "mine.yaml"
    fragment.write_text(GOOD)
    assert list(render(Stack([fragment], {}), tmp_path).services) == ["mine"]
    (tmp_path / "compose.yaml").unlink()

    assert before in GOOD
    fragment.write_text(GOOD.replace(before, after))
    with pytest.raises(CrayfishError) as caught:
        render(Stack([fragment], {}), tmp_path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "mine" in caught.value.message
    assert named in caught.value.message + (caught.value.hint or "")
    assert not (tmp_path / "compose.yaml").exists()


def test_replicas_become_services_with_limits_of_their_own(tmp_path: Path) -> None:
    plan = make_plan(
        load_catalog(ROOT),
        choices(
            experiment="input-rate",
            processors=("kafka-streams",),
            parallelism=(4, 4, 4),
            processor_options={"threads_per_instance": 2},
        ),
    )
    services = filled(plan, tmp_path, [ROOT / "compose" / "kafka-streams.yaml"]).services
    assert list(services) == ["kafka-streams", "kafka-streams-2"]
    assert [s["labels"].pop(SERVICE) for s in services.values()] == list(services)
    numbers = [s["environment"].pop("CRAYFISH_REPLICA") for s in services.values()]
    assert numbers == ["1", "2"]
    assert services["kafka-streams"] == services["kafka-streams-2"]
    assert "replicas" not in services["kafka-streams"]["deploy"]


@pytest.mark.parametrize("text", ["", "services: [", "services: {mine: {imag: x}}\n", "\0"])
def test_what_is_no_compose_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    fragment = tmp_path / "mine.yaml"
    fragment.write_text(text)
    with pytest.raises(CrayfishError, match=r"mine\.yaml") as caught:
        render(Stack([fragment], {}), tmp_path)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_fragment_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(CrayfishError, match=r"none\.yaml: not there"):
        render(Stack([missing], {}), tmp_path)
