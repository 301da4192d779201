"""Results in other people's formats. Reads only results."""

from .formats import FORMATS, Exported, export

__all__ = ["FORMATS", "Exported", "export"]
