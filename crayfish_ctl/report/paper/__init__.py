"""The report's figures for print: the same panels, drawn by matplotlib."""

from .write import COLUMN_MM, FORMATS, write_figures

__all__ = ["COLUMN_MM", "FORMATS", "write_figures"]
