"""What is found by its name, and what is said of a name that is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import ValidationError

from crayfish_ctl.catalog import (
    Catalog,
    Experiment,
    Processor,
    Profile,
    Roots,
    Tool,
    WorkloadEntry,
    load_catalog,
    open_roots,
)
from crayfish_ctl.catalog.experiment import TraceEntry
from crayfish_ctl.catalog.load import read_yaml
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import image_names

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(ROOT)


FINDERS: list[tuple[str, Callable[[Catalog, str], object]]] = [
    ("processor", Catalog.processor),
    ("tool", Catalog.tool),
    ("model", Catalog.model),
    ("profile", Catalog.profile),
    ("experiment", Catalog.experiment),
]


@pytest.mark.parametrize(("kind", "find"), FINDERS)
def test_a_name_that_is_none_is_said_with_those_there_are(
    catalog: Catalog, kind: str, find: Callable[[Catalog, str], object]
) -> None:
    with pytest.raises(CrayfishError, match=f"configs/{kind}s/zzz.yaml") as caught:
        find(catalog, "zzz")
    assert "did you mean" not in caught.value.message
    assert caught.value.exit_code is ExitCode.USAGE
    for known in getattr(catalog, f"{kind}s"):
        assert known in (caught.value.hint or "")


def profile(name: str, extends: str | None, **cpus: float) -> Profile:
    return Profile.model_validate(
        {
            "name": name,
            "description": "",
            "extends": extends,
            "resources": {service: {"cpus": n, "memory": "1g"} for service, n in cpus.items()},
        }
    )


def of_profiles(*profiles: Profile) -> Catalog:
    return Catalog(Roots((Path(),)), {}, {}, {}, {found.name: found for found in profiles}, {})


def test_the_nearest_profile_decides() -> None:
    catalog = of_profiles(
        profile("a", "b", kafka=3),
        profile("b", "c", kafka=2, flink=2),
        profile("c", None, kafka=1, flink=1, spark=1),
    )
    resources = catalog.profile("a").resources
    assert {name: found.cpus for name, found in resources.items()} == {
        "kafka": 3, "flink": 2, "spark": 1,
    }  # fmt: skip
    assert catalog.profile("a").name == "a"


@pytest.mark.parametrize(("first", "second"), [("a", "a"), ("b", "a")])
def test_profiles_that_extend_each_other_are_refused(first: str, second: str) -> None:
    catalog = of_profiles(profile("a", first), profile("b", second))
    with pytest.raises(CrayfishError, match=rf"configs/profiles/{first}\.yaml: extends") as caught:
        catalog.profile("a")
    assert "a -> " in caught.value.message


def test_a_profile_that_extends_nothing_that_is_there_is_refused() -> None:
    with pytest.raises(CrayfishError, match=r"configs/profiles/gone\.yaml"):
        of_profiles(profile("a", "gone")).profile("a")


def test_an_experiment_may_be_a_file_of_the_user(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (ROOT / "configs/experiments/input-rate.yaml").read_text()
    path.write_text(text.replace("name: input-rate", "name: mine"))
    assert catalog.experiment(str(path)).name == "mine"


def test_a_trace_lies_beside_the_file_that_names_it(catalog: Catalog, tmp_path: Path) -> None:
    """So it is found from whichever folder the command is given, and when it is resumed."""
    content = yaml.safe_load((ROOT / "configs/experiments/input-rate.yaml").read_text())
    elsewhere = "/data/other.parquet"
    content["profiles"]["laptop"]["workloads"] = [
        {"arrivals": {"kind": "trace", "path": path}} for path in ("days/mine.csv", elsewhere)
    ]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    workloads = catalog.experiment(str(path)).profiles["laptop"].workloads
    found = [entry.arrivals.path for entry in workloads if isinstance(entry.arrivals, TraceEntry)]
    assert found == [str(tmp_path / "days/mine.csv"), elsewhere]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"- a\n", "must be a mapping (lines of `field: value`), not a list"),
        (b"name: [\n", "not YAML"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (b"name: !!python/object:os.system x\n", "not YAML"),
        (b"name: X_Y\n", "name: 'X_Y': a name has small letters a-z, digits and hyphens"),
    ],
)
def test_whatever_a_file_holds_the_error_names_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(CrayfishError) as caught:
        read_yaml(path, Experiment)
    assert caught.value.message.startswith(f"{path}: ")
    assert said in caught.value.message


def test_a_field_deep_inside_is_named_by_its_path(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("""\
name: x
question: is it named?
defaults: {processor: flink, runtime: python, tool: onnx, model: ffnn}
profiles:
  laptop:
    repetitions: 1
    warmup: {seconds: 1}
    stop: {seconds: 1}
    workloads: [{rate: 1}, {rate: 2, bach_size: 2}, {rate: -3}]
""")
    with pytest.raises(CrayfishError) as caught:
        catalog.experiment(str(path))
    assert caught.value.message.splitlines()[0] == (
        f"{path}: profiles.laptop.workloads.2.bach_size: unknown field; did you mean batch_size?"
    )
    assert f"{path}: profiles.laptop.workloads.3.rate" in caught.value.message


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"rate": 5, "stop": {}}, "give seconds, count, or both"),
        ({"rate": "fast"}, "rate"),
        ({"rate": float("inf")}, "rate"),
    ],
)
def test_a_workload_that_would_never_end_is_refused(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WorkloadEntry.model_validate(entry)
    assert said in str(caught.value)


def test_everything_that_the_catalog_names_is_there(catalog: Catalog) -> None:
    images = image_names(open_roots(ROOT))
    fragments = [p.stem for p in (ROOT / "compose").glob("*.yaml")]
    owners: list[Processor | Tool] = [*catalog.processors.values(), *catalog.tools.values()]
    for owner in owners:
        assert set(owner.images) <= set(images), owner.name
        assert set(owner.fragments) <= set(fragments), owner.name
    for processor in catalog.processors.values():
        for tools in processor.tools.values():
            assert set(tools) <= set(catalog.tools), processor.name
    for experiment in catalog.experiments.values():
        assert set(experiment.profiles) <= set(catalog.profiles), experiment.name
        defaults = experiment.defaults
        assert defaults.tool in catalog.processor(defaults.processor).tools[defaults.runtime]
        assert defaults.model in catalog.models


def test_servers_of_ours_that_put_requests_together_say_by_how_many(catalog: Catalog) -> None:
    batching = [one for one in catalog.tools.values() if "batch_size" in one.options and one.images]
    assert {one.name for one in batching} == {"torchserve", "triton", "ray-serve"}
    for tool in batching:
        assert tool.counters["batch_sizes"].of == "requests"
