"""The controller: reads what the user wants, runs it in containers, and reports."""

__version__ = "0.1.0"
