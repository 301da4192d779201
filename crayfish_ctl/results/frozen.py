"""What all parts of a result have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Fields that a newer version has added are passed over; NaN and infinity become null."""

    model_config = ConfigDict(extra="ignore", frozen=True, ser_json_inf_nan="null")
