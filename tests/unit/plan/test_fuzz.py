"""Each file of configs/, broken in seeded ways: `plan` plans it, or refuses it in words.

Never a traceback, never a library's types or a regular expression, always the file that was broken.
"""

from __future__ import annotations

import copy
import random
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from crayfish_ctl.catalog import load, load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import choices, make_plan, plan_warnings
from tests.unit.project import copy_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crayfish_ctl.catalog import Catalog

ROOT = Path(__file__).parents[3]
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("configs/*/*.yaml"))
CASES = 150
"""Of each file."""
JARGON = re.compile(
    r"Input should|instance of|pydantic|validation error|Extra inputs|String should|\bdict\b|\bNone"
    r"Type\b|Traceback|\^\[|\\d|function-|type=|<class|object at 0x|Annotated|\bstr\b|\bint\b"
)
WILD: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e12, 1e308, float("inf"), float("nan"), 10**400, "", " ", "max",
    "é", "a b", "../../etc/passwd", "[red]x", "1-2", "²", "x" * 5000, [], {}, [[]], [{}], {"": ""},
    {"a": {"b": {"c": {}}}}, [1, "a", None], {1: 2}, {None: None}, "2024-01-01", "0x10", "1_000",
    "yes", "12:30:00", "\u202e", "\x85", "-0", -0.0, 2**63,
]  # fmt: skip


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested mappings and lists."""
    if isinstance(content, dict | list):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield (*path, key)
            yield from places(value, (*path, key))


def parent(content: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        content = content[key]
    return content


def drop(content: Any, place: tuple[Any, ...], chance: random.Random) -> None:
    del parent(content, place)[place[-1]]


def rename(content: Any, place: tuple[Any, ...], chance: random.Random) -> None:
    owner = parent(content, place)
    if isinstance(owner, dict):
        name = str(place[-1])
        cut = chance.randrange(len(name) + 1)
        owner[name[:cut] + chance.choice("xé_- ") + name[cut + 1 :]] = owner.pop(place[-1])


def wild(content: Any, place: tuple[Any, ...], chance: random.Random) -> None:
    parent(content, place)[place[-1]] = copy.deepcopy(chance.choice(WILD))


def swap(content: Any, place: tuple[Any, ...], chance: random.Random) -> None:
    other = chance.choice(list(places(content)))
    value = copy.deepcopy(parent(content, other)[other[-1]])
    parent(content, place)[place[-1]] = value


def repeat(content: Any, place: tuple[Any, ...], chance: random.Random) -> None:
    owner = parent(content, place)
    if isinstance(owner, list):
        owner.append(copy.deepcopy(owner[place[-1]]))
    else:
        owner[f"{place[-1]}-2"] = copy.deepcopy(owner[place[-1]])


def scale(content: Any, place: tuple[Any, ...], chance: random.Random) -> None:
    owner = parent(content, place)
    if isinstance(owner[place[-1]], int | float):
        owner[place[-1]] *= chance.choice([-1, 0, 0.5, 1e-9, 1e6, 1e300])


CHANGES: list[Callable[[Any, tuple[Any, ...], random.Random], None]] = [
    drop, rename, wild, wild, swap, repeat, scale, scale,
]  # fmt: skip


def broken_text(text: str, chance: random.Random) -> bytes:
    """The text itself damaged: cut, doubled lines, bytes that are no text, tabs, odd YAML."""
    lines = text.splitlines()
    at = chance.randrange(len(lines))
    cut, doubled, tabbed = text[: chance.randrange(len(text))], [*lines], [*lines]
    doubled.insert(at, lines[at])
    tabbed[at] = f"\t{lines[at]}"
    looped = [*lines[:at], f"{lines[at]} &a [*a]", *lines[at + 1 :]]
    tag = chance.choice(["!!python/name:os.system", "!!binary", "!!set", "!x", "!!float", "!!int"])
    tagged = re.sub(r": (?=\w)", f": {tag} ", text, count=chance.randrange(1, 9))
    noise = bytearray(text.encode())
    noise[chance.randrange(len(noise))] = chance.randrange(256)
    odd = chance.choice(
        [b"", b"\x00", b"---\n---\n", b"- a\n", b"\xff\xfe", b"a: b: c", b"- " * 999]
    )
    mixed = chance.sample(lines, len(lines))
    texts = [cut, tagged, *map("\n".join, (doubled, tabbed, looped, mixed))]
    return chance.choice([*(each.encode() for each in texts), bytes(noise), odd])


def broken(text: str, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return broken_text(text, chance)
    content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        found = list(places(content))
        if found:
            chance.choice(CHANGES)(content, chance.choice(found), chance)
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(content, Dumper=dumper, allow_unicode=True, sort_keys=False).encode()


def outcome(catalog: Catalog, **asked: Any) -> CrayfishError | None:
    """What `crayfish plan` ends with: None is a plan. Anything else is raised: that is a bug."""
    try:
        plan = make_plan(catalog, choices(**asked))
        plan_warnings(plan, cores=2, free=10**9)
    except CrayfishError as error:
        return error
    return None


def asks_for(file: str) -> dict[str, Any]:
    """Flags with which a plan needs this file."""
    kind, name = Path(file).parent.name, Path(file).stem
    asked: dict[str, Any] = {"experiment": "input-rate", "rates": (10.0,)}
    match kind:
        case "experiments":
            return {"experiment": name}
        case "profiles":
            return {"experiment": "input-rate", "profile": name}
        case "models":
            return asked | {"model": name}
        case "processors":
            return asked | {"processors": (name,)}
    runtime = "jvm" if name in {"dl4j", "nd4j", "tf-savedmodel"} else "python"
    return asked | {"tools": (name,), "runtimes": (runtime,)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that are not broken are parsed once: a thousand times takes minutes."""
    known: dict[tuple[Path, bytes], Any] = {}
    real = load.read_yaml

    def remembered(path: Path, kind: type[Any]) -> Any:
        key = (path, path.read_bytes())
        if key not in known:
            known[key] = real(path, kind)
        return known[key]

    monkeypatch.setattr(load, "read_yaml", remembered)


@pytest.mark.usefixtures("_read_once")
@pytest.mark.parametrize("file", FILES)
def test_whatever_a_config_holds_the_plan_says_it_in_words(
    project: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, good = project / file, (ROOT / file).read_text()
    counts: Counter[str] = Counter()
    chance = random.Random(file)
    faults: list[str] = []
    try:
        for case in range(CASES // 5 if file.endswith("systems.yaml") else CASES):
            content = broken(good, chance)
            path.write_bytes(content)
            about = f"{file}, case {case}: {content[:2000]!r}"
            try:
                error = outcome(load_catalog(project), **asks_for(file))
            except Exception as bug:
                raise AssertionError(about) from bug
            counts["planned" if error is None else "refused"] += 1
            if error is not None and (why := unfit(error, file)):
                faults.append(f"{why}: {error.message[:500]}\n  {error.hint}\n  {about}")
    finally:
        path.write_text(good)
    with capsys.disabled():
        print(f" {file}: {dict(counts)}")  # noqa: T201  the counts are what the test found
    assert not faults, "\n\n".join(faults[:5])
    assert counts["refused"]


def unfit(error: CrayfishError, file: str) -> str | None:
    """What is wrong with a refusal."""
    said = f"{error.message}\n{error.hint or ''}"
    if error.exit_code is not ExitCode.USAGE:
        return f"exit code {error.exit_code}"
    if JARGON.search(said):
        return "jargon"
    if file not in error.message:
        return "does not name the file"
    return "too long" if len(error.message) > 20_000 else None
