"""Results for people: a table on the terminal and one page to look at. Reads only results."""

from .console import print_results
from .page import REPORT_FILE, write_report

__all__ = ["REPORT_FILE", "print_results", "write_report"]
