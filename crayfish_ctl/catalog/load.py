"""Reads configs/: every error names the file, the field and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from crayfish_ctl.errors import CrayfishError

from .experiment import Experiment
from .model import Model, Processor, Profile, Tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T", bound=BaseModel)


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

    def processor(self, name: str) -> Processor:
        """A processor, or an error that lists those there are."""
        return _find("processor", self.processors, name)

    def tool(self, name: str) -> Tool:
        """A tool, or an error that lists those there are."""
        return _find("tool", self.tools, name)

    def model(self, name: str) -> Model:
        """A model, or an error that lists those there are."""
        return _find("model", self.models, name)

    def profile(self, name: str) -> Profile:
        """A profile with what it extends filled in, or an error that lists those there are."""
        profile = _find("profile", self.profiles, name)
        resources, seen, base = dict(profile.resources), [name], profile
        while base.extends is not None:
            seen.append(base.extends)
            if base.extends in seen[:-1]:
                raise CrayfishError(
                    f"configs/profiles/{base.name}.yaml: extends: goes round: {' -> '.join(seen)}"
                )
            base = _find("profile", self.profiles, base.extends)
            resources = {**base.resources, **resources}
        return profile.model_copy(update={"resources": resources})

    def experiment(self, name: str) -> Experiment:
        """An experiment of configs/experiments, or the user's own file if `name` is a path."""
        if name.endswith((".yaml", ".yml")):
            return read_yaml(Path(name), Experiment).beside(Path(name).parent.resolve())
        return _find("experiment", self.experiments, name)


def _find(kind: str, known: Mapping[str, T], name: str) -> T:
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    raise CrayfishError(
        f"{kind} {name!r}: there is no configs/{kind}s/{name}.yaml{meant}",
        hint=f"known: {', '.join(sorted(known)) or 'none'} (`crayfish ls` shows them all)",
    )


def load_catalog(root: Path) -> Catalog:
    """Read every file under `root`/configs.

    Raises:
        CrayfishError: naming file and field.
    """
    configs = root / "configs"
    if not configs.is_dir():
        raise CrayfishError(
            f"{configs}: not there",
            hint="run crayfish in the project's folder, or set CRAYFISH_ROOT",
        )
    return Catalog(
        root=root,
        processors=_folder(configs / "processors", Processor),
        tools=_folder(configs / "tools", Tool),
        models=_folder(configs / "models", Model),
        profiles=_folder(configs / "profiles", Profile),
        experiments={
            name: found.beside((configs / "experiments").resolve())
            for name, found in _folder(configs / "experiments", Experiment).items()
        },
    )


def _folder(folder: Path, kind: type[T]) -> dict[str, T]:
    entries = {}
    for path in sorted(folder.glob("*.yaml")):
        entry = read_yaml(path, kind)
        name = getattr(entry, "name", path.stem)
        if name != path.stem:
            raise CrayfishError(
                f"{path}: name: is {name!r}, the file is called {path.stem!r}",
                hint="file name and `name` must be the same",
            )
        entries[path.stem] = entry
    return entries


def read_yaml(path: Path, kind: type[T]) -> T:
    """One YAML file as a typed config.

    Raises:
        CrayfishError: naming the file, and each field with what is wrong.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CrayfishError(f"{path}: not YAML: {error}") from None
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        lines = [_explain(item["loc"], item["msg"], kind) for item in error.errors()]
        raise CrayfishError("\n".join(f"{path}: {line}" for line in lines)) from None


def _explain(location: Iterable[int | str], message: str, kind: type[BaseModel]) -> str:
    where = [str(part) for part in location]
    field = ".".join(where) or "(whole file)"
    if message.startswith("Extra inputs"):
        close = get_close_matches(where[-1], kind.model_fields, n=1) if len(where) == 1 else []
        meant = f"; did you mean {close[0]}?" if close else ""
        return f"{field}: unknown field{meant}"
    return f"{field}: {message}"
