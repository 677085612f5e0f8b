"""What a run learnt as one file that other programs run."""

from lab.exporting.exportable import Exportable, Input

__all__ = ["Exportable", "Input"]
