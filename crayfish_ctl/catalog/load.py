"""Reads configs/: every error names the file, the field and what is wrong with it.

A file that cannot be read does not stop who does not need it: it is kept aside with its error,
which comes when it is asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ValidationError

from crayfish_ctl.errors import CrayfishError

from .experiment import Experiment
from .explain import explain, meant
from .model import Model, Processor, Profile, Tool
from .reading import read_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T", bound=BaseModel)
Broken = dict[tuple[str, str], CrayfishError]

_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True)
class Catalog:
    """Everything that exists, by name."""

    root: Path
    """The folder that holds configs/, compose/, models/."""
    processors: Mapping[str, Processor]
    tools: Mapping[str, Tool]
    models: Mapping[str, Model]
    profiles: Mapping[str, Profile]
    experiments: Mapping[str, Experiment]
    broken: Mapping[tuple[str, str], CrayfishError] = field(default_factory=dict)
    """Files that cannot be read, by kind (`model`) and name, with what is wrong with them."""

    def processor(self, name: str) -> Processor:
        """A processor, or an error that lists those there are."""
        return self._find("processor", self.processors, name)

    def tool(self, name: str) -> Tool:
        """A tool, or an error that lists those there are."""
        return self._find("tool", self.tools, name)

    def model(self, name: str) -> Model:
        """A model, or an error that lists those there are."""
        return self._find("model", self.models, name)

    def profile(self, name: str) -> Profile:
        """A profile with what it extends filled in, or an error that lists those there are."""
        profile = self._find("profile", self.profiles, name)
        resources, seen, base = dict(profile.resources), [name], profile
        while base.extends is not None:
            seen.append(base.extends)
            if base.extends in seen[:-1]:
                raise CrayfishError(
                    f"configs/profiles/{base.name}.yaml: extends: goes round: {' -> '.join(seen)}"
                )
            try:
                base = self._find("profile", self.profiles, base.extends)
            except CrayfishError as error:
                where = f"configs/profiles/{base.name}.yaml: extends"
                raise CrayfishError(f"{where}: {error.message}", hint=error.hint) from None
            resources = {**base.resources, **resources}
        return profile.model_copy(update={"resources": resources})

    def experiment(self, name: str) -> Experiment:
        """An experiment of configs/experiments, or the user's own file if `name` is a path."""
        path = Path(name)
        if name.endswith(_SUFFIXES):
            return read_yaml(path, Experiment).read_from(path)
        if name not in self.experiments and (len(path.parts) > 1 or path.is_file()):
            raise CrayfishError(
                f"{name}: an experiment is a file whose name ends in .yaml",
                hint=f"or one of configs/experiments: {', '.join(sorted(self.experiments))}",
            )
        return self._find("experiment", self.experiments, name)

    def _find(self, kind: str, known: Mapping[str, T], name: str) -> T:
        if name in known:
            return known[name]
        if (kind, name) in self.broken:
            error = self.broken[kind, name]
            raise CrayfishError(error.message, hint=error.hint, code=error.exit_code)
        raise CrayfishError(
            f"{kind} {name!r}: there is no configs/{kind}s/{name}.yaml{meant(name, known)}",
            hint=f"known: {', '.join(sorted(known)) or 'none'} (`crayfish ls` shows them all)",
        )


def load_catalog(root: Path) -> Catalog:
    """Read every file under `root`/configs; hidden ones are an editor's, and left alone.

    Raises:
        CrayfishError: if there is no such folder. What is wrong with a file is in `broken`.
    """
    configs = root / "configs"
    if not configs.is_dir():
        raise CrayfishError(
            f"{configs}: not there",
            hint="run crayfish in the project's folder, or set CRAYFISH_ROOT",
        )
    broken: Broken = {}
    tools = _folder(configs / "tools", Tool, broken)
    processors = _folder(configs / "processors", Processor, broken)
    for name, processor in list(processors.items()):
        path = configs / "processors" / f"{name}.yaml"
        known = {*tools, *(each for kind, each in broken if kind == "tool")}
        unknown = _unknown_tools(path, processor, known)
        if unknown:
            del processors[name]
            broken["processor", name] = unknown
    return Catalog(
        root=root,
        processors=processors,
        tools=tools,
        models=_folder(configs / "models", Model, broken),
        profiles=_folder(configs / "profiles", Profile, broken),
        experiments={
            name: found.read_from(configs / "experiments" / f"{name}.yaml")
            for name, found in _folder(configs / "experiments", Experiment, broken).items()
        },
        broken=broken,
    )


def _unknown_tools(path: Path, processor: Processor, known: set[str]) -> CrayfishError | None:
    """A tool that is not there would vanish from the matrix without a word."""
    lines = [
        f"{path}: runtimes.{runtime}: there is no tool {tool!r}{meant(tool, known)}"
        for runtime, tools in processor.runtimes.items()
        for tool in tools
        if tool not in known
    ]
    return CrayfishError("\n".join(lines), hint="tools lie in configs/tools") if lines else None


def _folder(folder: Path, kind: type[T], broken: Broken) -> dict[str, T]:
    entries = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name.startswith("."):
            continue
        try:
            entries[path.stem] = _named(path, read_yaml(path, kind))
        except CrayfishError as error:
            broken[kind.__name__.lower(), path.stem] = error
    return entries


def _named(path: Path, entry: T) -> T:
    name = getattr(entry, "name", path.stem)
    if name != path.stem:
        raise CrayfishError(
            f"{path}: name: is {name!r}, the file is called {path.stem!r}",
            hint="file name and `name` must be the same",
        )
    return entry


def read_yaml(path: Path, kind: type[T]) -> T:
    """One YAML file as a typed config.

    Raises:
        CrayfishError: naming the file, and each field with what is wrong.
    """
    content = read_mapping(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        lines = explain(error, content, kind)
        raise CrayfishError("\n".join(f"{path}: {line}" for line in lines)) from None
    except RecursionError:
        raise CrayfishError(f"{path}: nested too deeply") from None
