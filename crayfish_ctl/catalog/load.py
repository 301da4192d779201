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
from .libraries import Held, libraries_of, with_tools
from .made import with_made
from .model import Entry, Model, Processor, Profile, Tool
from .reading import read_mapping
from .roots import Roots, open_roots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .model import Runtime

T = TypeVar("T", bound=BaseModel)
E = TypeVar("E", bound=Entry)
Broken = dict[tuple[str, str], CrayfishError]

_INHERITED: Final = ("cpu_limit", "brokers", "max_message_bytes")
"""What a profile has from the one that it extends, unless it says it itself; and each resource."""
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True)
class Catalog:
    """Everything that exists, by name."""

    roots: Roots
    """The folders that it was read from."""
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
        update = _inherited(profile)
        while base.extends is not None:
            seen.append(base.extends)
            if base.extends in seen[:-1]:
                raise CrayfishError(f"{base.file}: extends: goes round: {' -> '.join(seen)}")
            try:
                base = self._find("profile", self.profiles, base.extends)
            except CrayfishError as error:
                raise CrayfishError(
                    f"{base.file}: extends: {error.message}", hint=error.hint
                ) from None
            resources = {**base.resources, **resources}
            update = _inherited(base) | update
        return profile.model_copy(update=update | {"resources": resources})

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


def load_catalog(root: Path, more: Iterable[Path] = ()) -> Catalog:
    """Read every file under configs/ of the checkout `root` and of the roots beside it.

    Raises:
        CrayfishError: if a folder is no root, or two of them have a name in common. What is wrong
            with a file is in `broken`.
    """
    configs = root / "configs"
    if not configs.is_dir():
        raise CrayfishError(
            f"{configs}: not there",
            hint="run crayfish in the project's folder, or set CRAYFISH_ROOT",
        )
    roots = open_roots(root, more)
    broken: Broken = {}
    tools = _entries(roots, Tool, broken)
    processors = _entries(roots, Processor, broken)
    unreadable = [name for kind, name in broken if kind == "tool"]
    for name, processor in list(processors.items()):
        try:
            libraries = _libraries(roots, processor)
            processors[name] = with_tools(processor, tools, libraries, unreadable)
        except CrayfishError as error:
            del processors[name]
            broken["processor", name] = error
    return Catalog(
        roots=roots,
        processors=processors,
        tools=tools,
        models=_models(roots, broken),
        profiles=_entries(roots, Profile, broken),
        experiments={
            name: found.read_from(roots.find(f"configs/experiments/{name}.yaml"))
            for name, found in _entries(roots, Experiment, broken).items()
        },
        broken=broken,
    )


def _libraries(roots: Roots, processor: Processor) -> dict[Runtime, set[str]] | None:
    return libraries_of(roots, processor.images, lambda path: read_yaml(path, Held))


def _models(roots: Roots, broken: Broken) -> dict[str, Model]:
    """With what was made of them."""
    models = _entries(roots, Model, broken)
    for name, model in list(models.items()):
        try:
            models[name] = with_made(model.root or roots.checkout, model)
        except CrayfishError as error:
            del models[name]
            broken["model", name] = error
    return models


def _entries(roots: Roots, kind: type[E], broken: Broken) -> dict[str, E]:
    entries = {}
    what = kind.__name__.lower()
    for path in roots.glob(f"configs/{what}s/*.yaml"):
        try:
            entry = _named(path, read_yaml(path, kind))
        except CrayfishError as error:
            broken[what, path.stem] = error
        else:
            entries[path.stem] = entry.found_in(roots.home(path), roots.shown(path))
    return entries


def _named(path: Path, entry: E) -> E:
    if entry.name != path.stem:
        raise CrayfishError(
            f"{path}: name: is {entry.name!r}, the file is called {path.stem!r}",
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


def _inherited(profile: Profile) -> dict[str, object]:
    """What a profile says itself of what those that extend it have, too."""
    said = profile.model_fields_set.intersection(_INHERITED)
    return {field: getattr(profile, field) for field in said}
