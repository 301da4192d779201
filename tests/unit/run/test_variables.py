"""What the fragments' variables stand for."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from crayfish_ctl.catalog import Profile, load_catalog
from crayfish_ctl.catalog.option import defaults
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import choices, make_plan
from crayfish_ctl.run.variables import (
    check_cpus,
    container_user,
    producer_variables,
    profile_variables,
    tool_variables,
    variables,
)

ROOT = Path(__file__).parents[3]
PROFILE = Profile.model_validate(
    {
        "name": "p",
        "description": "",
        "resources": {
            "my-exporter": {"cpus": 0.5, "memory": "128m"},
            "broker": {"cpus": 2, "memory": "2g", "weight": 7, "heap": "1g"},
        },
    }
)


@pytest.mark.parametrize(
    ("producers", "cores", "given"),
    [(1, 2, None), (3, 8, ("3.0", "3g")), (3, 2, ("2", "3g")), (3, None, ("3.0", "3g"))],
)
def test_several_producers_have_the_limits_of_as_many(
    producers: int, cores: int | None, given: tuple[str, str] | None
) -> None:
    profile = load_catalog(ROOT).profile("laptop")
    found = producer_variables(profile, producers, cores)
    assert (found and (found["PRODUCER_CPUS"], found["PRODUCER_MEMORY"])) == (given or {})


def test_a_size_class_has_its_figures_and_no_others() -> None:
    assert profile_variables(PROFILE) == {
        "CRAYFISH_IMAGES": "crayfish",
        "CRAYFISH_TAG": "latest",
        "CRAYFISH_BROKERS": "1",
        "CRAYFISH_MAX_MESSAGE_BYTES": "52428800",
        "MY_EXPORTER_CPUS": "0.5",
        "MY_EXPORTER_MEMORY": "128m",
        "MY_EXPORTER_WEIGHT": "1024",
        "MY_EXPORTER_JVM_OPTIONS": "",
        "BROKER_CPUS": "2.0",
        "BROKER_MEMORY": "2g",
        "BROKER_WEIGHT": "7",
        "BROKER_HEAP": "1g",
        "BROKER_JVM_OPTIONS": "",
    }


def test_a_run_has_its_folders_and_its_widest_operator(tmp_path: Path) -> None:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", parallelism=(1, 4, 2)))
    values = variables(plan, plan.runs[0], experiment_dir=tmp_path, run_dir=tmp_path / "01")
    assert values["CRAYFISH_MODELS_DIR"] == str(ROOT / "models")
    assert values["CRAYFISH_EXPERIMENT_DIR"] == str(tmp_path)
    assert values["CRAYFISH_RUN_DIR"] == str(tmp_path / "01")
    assert values["CRAYFISH_MAX_PARALLELISM"] == "4"
    assert values["BROKER_HEAP"] == plan.profile.resources["broker"].heap


def test_fragments_use_no_variable_that_is_not_there(tmp_path: Path) -> None:
    """The compose tool would put nothing in its place."""
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate"))
    values = variables(plan, plan.runs[0], experiment_dir=tmp_path, run_dir=tmp_path)
    tools = {
        fragment: tool_variables(defaults(tool.options))
        for tool in load_catalog(ROOT).tools.values()
        for fragment in tool.fragments
    }
    for path in (ROOT / "compose").glob("*.yaml"):
        used = set(re.findall(r"\$\{(\w+)\}", path.read_text()))
        assert used - {*values, *tools.get(path.stem, {})} == set(), path


@pytest.mark.parametrize(
    ("uid", "gid", "user"), [(1234, 100, "1234:100"), (0, 0, "1000:1000"), (0, 5, "1000:1000")]
)
def test_no_container_is_root(
    monkeypatch: pytest.MonkeyPatch, uid: int, gid: int, user: str
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(os, "getgid", lambda: gid)
    assert container_user() == user


def test_a_limit_may_be_all_cores_and_no_more() -> None:
    check_cpus(PROFILE, 2, ["broker"])
    with pytest.raises(CrayfishError, match=r"p\.yaml: resources\.broker\.cpus: 2, .* 1 core") as e:
        check_cpus(PROFILE, 1, ["broker"])
    assert e.value.exit_code is ExitCode.USAGE


def test_another_library_is_another_jvm_and_the_baseline_is_not(tmp_path: Path) -> None:
    plan = make_plan(
        load_catalog(ROOT),
        choices(
            experiment="input-rate",
            processors=("kafka-streams",),
            runtimes=("jvm",),
            tools=("dl4j",),
        ),
    )
    names = {}
    for run in plan.runs:
        values = variables(plan, run, experiment_dir=tmp_path, run_dir=tmp_path)
        assert values["CRAYFISH_RUNTIME"] == "jvm"
        names[run.cell.tool] = values["CRAYFISH_JVM_TOOL"]
    assert names == {"dl4j": "dl4j", "noop": "dl4j"}
