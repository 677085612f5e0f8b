"""`lab explore`: what a generator learnt, under sliders: latents, seed, class, steps and guidance."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

import numpy as np
import pygame

from generative import Generator
from generative.figures.pictures import pixels
from lab.command.windows.sliders import HEIGHT, Slider, Sliders
from lab.command.windows.window import LINE, MARGIN, Window, check_display
from lab.errors import UsageError
from lab.media.grids import image_grid

SIDE = 560
PANEL = 320
MOST_LATENTS = 10
MOST_SEED = 99
MOST_STEPS = 50
MOST_GUIDANCE = 8.0
# So many latents tell how far each of their numbers reaches.
MANY = 256
GRID = 9
FPS = 30.0


def explore(options: argparse.Namespace) -> None:
    """Show what a generator learnt, under sliders."""
    check_display()
    explorer = Explorer(Generator.load(options.run))
    explorer.run(str(options.run))


class Explorer:
    """Draws what a generator gives for the values of its sliders.

    Where rows come of latents of numbers (autoencoders, GANs), each of the widest ten has a slider and one row is
    shown; the slider of the seed draws all of them anew. All others show nine rows of a seed.

    Args:
        generator: A trained one, of pictures.

    Raises:
        UsageError: When its rows are no pictures.
    """

    def __init__(self, generator: Any) -> None:
        self.generator = generator
        if not generator.spec.is_image:
            raise UsageError(
                f"lab explore shows pictures, and the rows of {generator.spec.name} have the shape "
                f"{generator.spec.shape}. Fix: `lab render RUN` shows them."
            )
        known = inspect.signature(generator.sample).parameters
        self.seed = Slider("seed", 0, MOST_SEED, 0, whole=True)
        self.label = self._label_slider()
        self.steps = Slider("steps", 1, MOST_STEPS, self._default_steps(), whole=True) if "steps" in known else None
        guided = "guidance" in known and self.label is not None
        self.guidance = Slider("guidance", 0.0, MOST_GUIDANCE, float(generator.config.guidance)) if guided else None
        self.latents, self.chosen = self._drawn(), list[int]()
        self.numbers = self._number_sliders()
        found = (self.seed, self.label, self.steps, self.guidance)
        self.sliders = [slider for slider in (*found, *self.numbers) if slider is not None]

    def take(self, moved: Slider) -> None:
        """Take note of a slider that was moved."""
        if moved is self.seed and self.latents is not None:
            self.latents = found = self._drawn()
            for slider, i in zip(self.numbers, self.chosen, strict=True):
                slider.value = float(found[0, i]) if found is not None else slider.value
        elif moved in self.numbers and self.latents is not None:
            self.latents[0, self.chosen[self.numbers.index(moved)]] = moved.value

    def picture(self) -> np.ndarray:
        """Return what the sliders stand for, uint8 (H, W, 3)."""
        labels = {} if self.label is None else {"labels": self._labels()[int(self.label.value)]}
        if self.latents is not None:
            rows = self.generator.decode(self.latents, **labels)
        else:
            more: dict[str, Any] = dict(labels)
            if self.steps is not None:
                more["steps"] = int(self.steps.value)
            if self.guidance is not None:
                more["guidance"] = self.guidance.value
            rows = self.generator.sample(GRID, int(self.seed.value), **more)
        return image_grid(pixels(rows, self.generator.spec))

    def run(self, title: str) -> None:
        """Open the window until it is closed."""
        height = max(SIDE, 2 * MARGIN + HEIGHT * len(self.sliders) + 2 * LINE)
        sliders = Sliders(self.sliders, SIDE + 2 * MARGIN, MARGIN, PANEL - 4 * MARGIN)
        frame = self.picture()
        with Window(f"lab explore {title}", SIDE + PANEL, height) as window:
            while True:
                changed = False
                for event in window.events():
                    if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                        return
                    moved = sliders.take(event)
                    if moved is not None:
                        self.take(moved)
                        changed = True
                if changed:
                    # Once for all events of a frame: a slow generator lags behind the mouse by one picture at most.
                    frame = self.picture()
                window.clear()
                window.image(frame, MARGIN, MARGIN, SIDE - 2 * MARGIN, height - 2 * MARGIN)
                sliders.draw(window)
                window.text("drag the sliders; Esc: the end", SIDE + 2 * MARGIN, height - LINE - MARGIN)
                window.show(FPS)

    def _drawn(self) -> np.ndarray | None:
        """Return the latents of the seed, float32 (1, D), or None where rows come of no numbers."""
        seed, generator = int(self.seed.value), self.generator
        if not hasattr(generator, "decode"):
            return None
        if hasattr(generator, "sample_latents"):
            try:
                found = np.asarray(generator.sample_latents(1, seed))
            except NotImplementedError:
                return None
            return found.astype(np.float32) if found.ndim == 2 and found.dtype.kind == "f" else None
        size = getattr(generator, "latent_size", None)
        return generator.rng(seed).standard_normal((1, size), np.float32) if isinstance(size, int) else None

    def _number_sliders(self) -> list[Slider]:
        if self.latents is None:
            return []
        if hasattr(self.generator, "sample_latents"):
            many = np.asarray(self.generator.sample_latents(MANY, 0))
            low, high, width = many.min(0), many.max(0), many.std(0)
        else:
            width = np.ones(self.latents.shape[1])
            low, high = -3.0 * width, 3.0 * width
        self.chosen = sorted(np.argsort(-width, kind="stable")[:MOST_LATENTS].tolist())
        return [Slider(f"latent {i}", float(low[i]), float(high[i]), float(self.latents[0, i])) for i in self.chosen]

    def _label_slider(self) -> Slider | None:
        conditional = bool(getattr(self.generator, "conditional", False) or getattr(self.generator, "classes", 0))
        if not conditional:
            return None
        names = [self.generator.spec.label_name(i) for i in range(self.generator.spec.classes)]
        return Slider("class", 0, len(names) - 1, 0, whole=True, words=names)

    def _labels(self) -> list[int]:
        spec = self.generator.spec
        return list(spec.label_values or range(spec.classes))

    def _default_steps(self) -> int:
        chosen = getattr(self.generator.config, "steps", None)
        return min(MOST_STEPS, int(chosen)) if isinstance(chosen, int) else MOST_STEPS
