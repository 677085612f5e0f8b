"""What tests of figures ask of a drawn figure."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def check_whole(figure: Figure) -> None:
    """Draw a figure and check that nothing of it is cut off at its edges, and that something is there."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.get_tightbbox(canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02 and box.y0 > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02, (box, width, height)
    assert len(np.unique(np.asarray(canvas.buffer_rgba())[..., :3].reshape(-1, 3)[::7], axis=0)) > 3


def texts(figure: Figure) -> list[str]:
    """Return all texts of a figure that are not empty."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]
