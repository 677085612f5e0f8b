"""Make the pictures of README.md: `python docs/make_pictures.py [DEMO_FOLDER]`, about four minutes on two cores.

All but the drawing of the architecture is what the project itself writes: the demo's videos, its report, a generator's
grids. The report is photographed by a headless Chromium, where there is one; else its picture stays as it is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
from PIL import Image

DOCS = Path(__file__).resolve().parent
IMAGES = DOCS / "images"
GRIDS = DOCS.parent / "benchmarks" / "results" / "generative"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def shrunk(frame: np.ndarray, width: int) -> Image.Image:
    """Return a frame uint8 (H, W, 3) as a picture of a width in pixels."""
    picture = Image.fromarray(frame)
    return picture.resize((width, round(width * picture.height / picture.width)), Image.Resampling.LANCZOS)


def quantized(picture: Image.Image, colours: int) -> Image.Image:
    """Return a picture in few colours, the rare ones too."""
    return picture.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def write_gif(path: Path, pictures: list[Image.Image], colours: int, milliseconds: int, hold: int = 1_200) -> None:
    """Write pictures as a small looping GIF of one palette, whose last one stays for a while."""
    palette = quantized(pictures[len(pictures) // 2], colours)
    frames = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    times = [milliseconds] * (len(frames) - 1) + [hold]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True)


def write_png(path: Path, picture: Image.Image, colours: int) -> None:
    """Write a picture as a small PNG."""
    quantized(picture.convert("RGB"), colours).save(path, optimize=True)


def episodes(demo: Path) -> None:
    """Make GIFs of the episodes that the demo has filmed."""
    cartpole = list(imageio.imiter(demo / "dqn/videos/episode.mp4", plugin="FFMPEG"))
    # Every fourth of the first eight seconds, shown at the pace of the film: 50 frames a second.
    write_gif(IMAGES / "cartpole.gif", [shrunk(f[120:], 300) for f in cartpole[:400:4]], 32, 80)
    policy = list(imageio.imiter(demo / "q_learning/videos/policy.mp4", plugin="FFMPEG"))
    write_gif(IMAGES / "gridworld.gif", [shrunk(f, 300) for f in policy], 128, 200)


def generators(demo: Path) -> None:
    """Make a GIF of noise that becomes digits, and copies of grids that benchmarks and the demo have written."""
    from generative import Diffusion
    from lab import Experiment

    with tempfile.TemporaryDirectory() as folder:
        experiment = Experiment(Diffusion(), "digits", seed=1, run_dir=Path(folder) / "run")
        experiment.train(400)
        film = list(imageio.imiter(experiment.render("denoising.gif", kind="denoising")))
    frames = [shrunk(np.asarray(Image.fromarray(f).convert("RGB")), 300) for f in film]
    write_gif(IMAGES / "denoising.gif", frames, 16, 120)
    glyphs = np.asarray(Image.open(GRIDS / "glyphs-diffusion-10.png").convert("RGB"))
    write_png(IMAGES / "glyphs.png", shrunk(glyphs, 300), 16)
    latent = Image.open(demo / "autoencoder/samples/latent.png").convert("RGB")
    write_png(IMAGES / "latent.png", shrunk(np.asarray(latent), 640), 64)


def report(demo: Path) -> None:
    """Photograph the top of the demo's report."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("no Chromium: docs/images/report.png stays as it is")
        return
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "report.png"
        page = (demo / "report.html").resolve().as_uri()
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,1300")
        subprocess.run([browser, *flags, f"--screenshot={picture}", page], check=True, capture_output=True)
        # Below the table of all runs, which is wider than a page in a README.
        shown = np.asarray(Image.open(picture).convert("RGB"))[530:]
        write_png(IMAGES / "report.png", shrunk(shown, 1000), 128)


def architecture() -> None:
    """Draw which part drives which."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import FancyBboxPatch

    figure, axes = plt.subplots(figsize=(10, 4.9), dpi=110)
    axes.set(xlim=(-0.5, 100.5), ylim=(0, 49))
    axes.axis("off")

    def part(x: float, y: float, width: float, height: float, colour: str, title: str, words: str = "") -> None:
        style: Any = "round,pad=0,rounding_size=1.2"
        axes.add_patch(FancyBboxPatch((x, y), width, height, style, facecolor=colour, edgecolor="#5a6478", linewidth=1))
        middle = x + width / 2
        axes.text(middle, y + height - 2.6, title, ha="center", va="center", fontsize=10, weight="bold")
        axes.text(middle, y + (height - 3.6) / 2, words, ha="center", va="center", fontsize=8, linespacing=1.4)

    def arrow(start: tuple[float, float], end: tuple[float, float]) -> None:
        style = {"arrowstyle": "-|>", "color": "#5a6478", "linewidth": 1.4}
        axes.annotate("", end, start, arrowprops=style)

    blue, green, sand, grey = "#dce8f7", "#dff0e0", "#fbeed5", "#eceef2"
    part(0, 36, 25, 11, grey, "callbacks", "evaluate, checkpoint, stop,\nvideos, schedules, logs, yours")
    part(34, 36, 32, 11, blue, "Experiment", "train · evaluate · render\nresume · train_many")
    part(75, 36, 25, 11, grey, "run directory", "config, metrics, checkpoints,\nvideos; the report reads these")
    part(4, 20, 56, 10, blue, "task: an agent in environments", "host lane: the environment steps in Python\n"
         "compiled lane: acting, stepping, learning are one XLA program")  # fmt: skip
    part(
        65,
        20,
        33,
        10,
        blue,
        "task: a generator on data",
        "many updates a compiled call,\nrows drawn by a stored stream",
    )
    part(4, 3, 26, 11, green, "agents", "DQN, QLearning,\nDecisionTransformer, ..., yours")
    part(34, 3, 26, 11, sand, "environments", "CartPole, GridWorld,\nKeyDoor, ..., yours")
    part(65, 3, 15.5, 11, green, "generative", "VAE, GAN,\nDiffusion, ...")
    part(82.5, 3, 15.5, 11, sand, "data sets", "digits, glyphs,\narrays, ...")
    arrow((25, 41.5), (34, 41.5))
    arrow((66, 41.5), (75, 41.5))
    for start, end in (((44, 36), (33, 30)), ((56, 36), (80, 30)), ((24, 20), (17, 14)), ((42, 20), (46.5, 14)),
                       ((76, 20), (73, 14)), ((87, 20), (90, 14))):  # fmt: skip
        arrow(start, end)
    figure.savefig(IMAGES / "architecture.png", bbox_inches="tight", pad_inches=0.05)
    write_png(IMAGES / "architecture.png", Image.open(IMAGES / "architecture.png"), 96)
    plt.close(figure)


def main(folder: str | None = None) -> None:
    """Make them all, from a demo's folder or from a new one."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        demo = Path(folder or Path(fresh) / "demo")
        if folder is None:
            subprocess.run([sys.executable, "-m", "lab", "demo", "--run", str(demo)], check=True)
        episodes(demo)
        report(demo)
        architecture()
        generators(demo)
    for path in sorted(IMAGES.iterdir()):
        print(f"{path.stat().st_size / 1000:8.0f} kB  {path.name}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
