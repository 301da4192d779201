"""Results for people: a table on the terminal and one page to look at. Reads only results."""

from .console import print_results
from .index import write_index
from .page import REPORT_FILE, write_report

__all__ = ["REPORT_FILE", "print_results", "write_index", "write_report"]
