"""Several experiments in one command: each named one, with each model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crayfish_ctl.errors import CrayfishError

from .build import make_plan
from .choices import choices, parse_list
from .names import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.catalog import Catalog, Model, Roots

    from .plan import Plan


@dataclass(frozen=True)
class Series:
    """Plans that are run one after the other."""

    plans: tuple[Plan, ...]
    left_out: tuple[str, ...] = ()
    """Experiments that `all` means and that the flags do not fit, each with the reason."""

    @property
    def roots(self) -> Roots:
        """Where all of it is from."""
        return self.plans[0].roots

    @property
    def images(self) -> list[str]:
        """The images of all of them."""
        return list(dict.fromkeys(image for plan in self.plans for image in plan.images))

    @property
    def unmade(self) -> list[Model]:
        """Models that have to be made before the first run."""
        models = {plan.model.name: plan.model for plan in self.plans if plan.model.unmade}
        return list(models.values())

    def anew(self, catalog: Catalog) -> Series:
        """The same, planned with what there is now.

        Raises:
            CrayfishError: if one of them cannot be run after all.
        """
        plans = tuple(make_plan(catalog, plan.choices, plan.experiment) for plan in self.plans)
        return replace(self, plans=plans)


def make_series(
    catalog: Catalog, experiments: str, models: Sequence[str], flags: dict[str, Any]
) -> Series:
    """A plan for each experiment with each model.

    Args:
        catalog: what exists.
        experiments: names or files, separated by commas, or `all`.
        models: names; none: the experiment's own; `all`.
        flags: the other fields of `Choices`.

    Raises:
        CrayfishError: if one of those that are named cannot be run, or none of `all`.
    """
    every = experiments.strip() == ALL
    names = sorted(catalog.experiments) if every else _names(experiments)
    several: Sequence[str | None] = models or [None]
    if tuple(models) == (ALL,):
        several = sorted(catalog.models)
    plans, errors = [], []
    for name in names:
        for model in several:
            asked = choices(experiment=name, model=model, **flags)
            try:
                plans.append(make_plan(catalog, asked))
            except CrayfishError as error:
                if not every:
                    raise
                errors.append((name, error))
    if not plans:
        raise errors[0][1]
    return Series(tuple(plans), tuple(f"{name}: {error.message}" for name, error in errors))


def _names(experiments: str) -> Sequence[str]:
    """By commas, unless a file is called so."""
    names = [experiments] if Path(experiments).is_file() else parse_list([experiments])
    if ALL in names:
        raise CrayfishError(f"{experiments}: `{ALL}` stands alone")
    return names or [experiments]
