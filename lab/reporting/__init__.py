"""Reports: one self-contained HTML page about one run or several, made from their files alone."""

from lab.reporting.page import write_report

__all__ = ["write_report"]
