"""Vision transformers: a picture as a sequence of patches."""

from __future__ import annotations

import keras

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.layers.patches import ClassToken, PatchTokens
from lab.networks.vision.pictures import picture

# Patches along the shorter side that a size is chosen for, and the largest one that is chosen.
WANTED, LARGEST = 8, 16


def vit(
    shape: tuple[int, ...],
    outputs: int,
    *,
    patch: int | None = None,
    width: int = 64,
    depth: int = 4,
    heads: int = 4,
    pooling: str = "token",
    dropout: float = 0.1,
    activation: str = "gelu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build a transformer over the patches of a picture (Dosovitskiy et al. 2021, equations 1 to 4).

    Args:
        patch: Pixels of a patch's side; None for the divisor of both sides that `chosen_patch` takes.
        width: Numbers in a token.
        depth: Blocks of attention and perceptron.
        heads: Of each attention; a divisor of the width.
        pooling: "token" reads the picture from a learnt token of its own, "mean" from the mean over patches (there,
            appendix D.3).
        dropout: Of tokens, attention and each branch, in training.
        shape, outputs, activation, seed, dtype: As for `cnn`.

    Returns:
        A model as `cnn` returns.

    Raises:
        UsageError: Where an argument is none of these, or patches of that size do not fill the picture.
    """
    build = Builder("vit", activation, dropout, seed, dtype)
    inputs, x = picture(build, shape)
    build.choice("pooling", pooling, ("token", "mean"))
    build.check_heads(width, heads)
    size = chosen_patch(shape[0], shape[1]) if patch is None else build.whole("patch", patch)
    if shape[0] % size or shape[1] % size:
        known = ", ".join(str(n) for n in range(1, min(shape[:2]) + 1) if not shape[0] % n and not shape[1] % n)
        expected = f"a divisor of both sides, {shape[0]} and {shape[1]}"
        raise bad_value("vit", "patch", size, expected, f"one of {known}, or pictures of another size.")
    x = PatchTokens(size, width, build.seed(), dtype=dtype)(x)
    if pooling == "token":
        x = ClassToken(build.seed(), dtype=dtype)(x)
    x = build.encoder(build.drop(x), depth, heads)
    x = x[:, 0] if pooling == "token" else keras.layers.GlobalAveragePooling1D(dtype=dtype)(x)
    return keras.Model(inputs, build.head(x, outputs), name="vit")


def chosen_patch(height: int, width: int) -> int:
    """Return the divisor of both sides, from 2 to 16, that cuts the shorter one into a number of patches nearest to 8.

    Raises:
        UsageError: Where none divides both.
    """
    fitting = [n for n in range(2, min(LARGEST, height, width) + 1) if not height % n and not width % n]
    if not fitting:
        raise bad_value(
            "vit", "patch", None, f"sides with a common divisor from 2 to {LARGEST}; they are {height} and {width}",
            "patch=1, or resize the pictures, such as to multiples of 4.",
        )  # fmt: skip
    return min(fitting, key=lambda n: (abs(min(height, width) // n - WANTED), n))
