"""What a results folder says of itself, read by any version of Crayfish."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Recorded(BaseModel):
    """Fields that this version does not know are kept: they tell two cells apart all the same.

    A class with another base names this one last, because pydantic takes the last base's settings.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _from_another(cls, value: Any) -> Any:
        """What the plan, the catalog or the contract hold of the same name and fields."""
        other = isinstance(value, BaseModel) and not isinstance(value, cls)
        return value.model_dump() if other else value

    @property
    def unknown(self) -> dict[str, Any]:
        """What a newer version has added."""
        return self.model_extra or {}
