"""Figures of a GAN: the losses of both players, and ways between latents that end where they begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from generative.figures import pictures
from generative.figures.slerp import slerp
from lab.media.plotting import COLOUR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A picture of ways, and a video: images side by side, how far each one walks, and how slowly.
ROWS = 8
CELLS = 36
LEGS = 4
FRAMES_A_LEG = 20
OTHER = "#c05f1a"


def players(updates: np.ndarray, losses: np.ndarray, name: str) -> Figure:
    """Draw the losses of both players over the updates.

    Args:
        updates: Whole numbers (n,).
        losses: (n, 2): the discriminator's and the generator's.
        name: Of the generator and its data, for the title.
    """
    figure, axes = pictures.new_figure(7.0, 4.0)
    for i, (player, colour) in enumerate((("discriminator", COLOUR), ("generator", OTHER))):
        axes.plot(updates, losses[:, i], color=colour, linewidth=1.4, label=player)
    axes.set_title(f"{name}: losses of both players", fontsize=10, loc="left")
    axes.set(xlabel="updates", ylabel="loss, without penalties")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e8ec", linewidth=0.6)
    pictures.legend(axes)
    return figure


def round_trip(stops: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the latents of frames that go from stop to stop and at the end back to the first.

    Args:
        stops: (S, N, L), N latents at each stop.

    Yields:
        (N, L) a frame.
    """
    # Slow at both ends of a leg, so that every stop can be seen.
    fractions = 0.5 - 0.5 * np.cos(np.pi * np.arange(FRAMES_A_LEG) / FRAMES_A_LEG)
    for leg in range(len(stops)):
        way = slerp(stops[leg], stops[(leg + 1) % len(stops)], fractions)
        yield from np.swapaxes(way, 0, 1)
