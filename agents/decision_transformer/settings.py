"""Settings of the Decision Transformer."""

from __future__ import annotations

import dataclasses

from lab.config import Settings, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class DecisionTransformerSettings(Settings):
    """Settings of `DecisionTransformer`.

    The defaults learn from mixed play where observations tell all that matters: few steps, so that it goes by what it
    sees and not by what it did before, no dropout, so that it tells near observations apart, and weights averaged over
    the last updates, as what single updates obtain differs. Chen et al. 2021 (for the Gym tasks) have context_length
    20, layers 3, width 128, dropout 0.1, encoder_sizes (), learning_rate 1e-4, weight_decay 1e-4, average_decay 0 and
    batch_size 64.
    """

    context_length: int = setting(
        3, "steps that it sees, the present one among them; as many as must be remembered, and few where none need be",
        at_least=1,
        at_most=16_384,
    )  # fmt: skip
    max_episode_length: int = setting(1_000, "steps of an episode that have a position of their own", at_least=1)
    positions: str = setting(
        "timestep",
        "what a step's position is: its number in the episode, or the distance",
        choices=("timestep", "relative"),
    )
    layers: int = setting(1, "transformer blocks", at_least=1)
    heads: int = setting(1, "heads of each attention", at_least=1)
    width: int = setting(64, "numbers in a token", at_least=1)
    dropout: float = setting(0.0, "share of numbers dropped in training", at_least=0, below=1)
    encoder_sizes: tuple[int, ...] = setting(
        (128,), "units of each hidden layer of the observation's encoder", at_least=1
    )
    filters: tuple[int, ...] = setting(
        (16,), "filters of each 3x3 convolution, for observations that are pictures", at_least=1
    )
    normalise_observations: bool = setting(True, "whether flat observations get mean 0 and deviation 1 over the data")
    bound: str = setting(
        "tanh",
        "how bounded actions (Box) are kept within their bounds: by tanh, or cut off there after a loss on predictions "
        "as they are; the gradient of tanh vanishes near a bound, so actions that lie there are hardly reached",
        choices=("tanh", "clip"),
    )
    learning_rate: float = setting(1e-3, "AdamW's step size after the warm-up", above=0, search="1e-5:1e-2:log")
    warmup_updates: int | None = setting(
        None, "updates over which the step size rises in a line from 0; none for 100, or half of a run of fewer than "
        "200", at_least=0, of_run=0.5, most_steps=100,
    )  # fmt: skip
    weight_decay: float = setting(0.1, "share of each weight lost an update, times the step size", at_least=0)
    average_decay: float = setting(
        0.998,
        "share of the old that the averaged weights, by which it plays, keep each update; 0: go by the latest",
        at_least=0,
        below=1,
    )
    gradient_clip: float = setting(1.0, "largest global norm of a gradient; inf: any", above=0, infinite=True)
    batch_size: int = setting(256, "windows an update", at_least=1, search="32,64,128,256")
    sampling: str = setting(
        "length",
        "how often an episode is learnt from: by its length; as often as any other, for where long ones are poor; or "
        "so that each tenth of the range of returns comes equally often, by length within it: for rare successes",
        choices=("length", "episode", "return"),
    )
    return_scale: float | None = setting(
        None, "what returns are divided by; None for the largest size of a return in the data", above=0
    )
    return_octaves: int = setting(
        0, "sines and cosines that a return is given by beside itself, the first as long as the range from -1 to 1 of "
        "scaled returns, each other half as long as the one before; for tasks where small differences matter",
        at_least=0, at_most=16,
    )  # fmt: skip
    target_return: float | None = setting(None, "return asked for when acting; None for the best in the data")
    stochastic: bool = setting(False, "whether actions are drawn from what is predicted (Discrete), or the likeliest")
    temperature: float = setting(
        1.0, "what logits are divided by before actions are drawn; below 1 likely ones become likelier", above=0
    )
    cache: bool = setting(
        True, "whether acting keeps the keys and values of past tokens instead of computing them anew"
    )
    slide_steps: int | None = setting(
        None, "oldest steps dropped at once when the context is full; 1 as in the paper, None for half of it",
        at_least=1,
    )  # fmt: skip

    def check(self) -> None:
        name = "DecisionTransformer"
        if self.context_length > self.max_episode_length:
            fix = "a shorter context_length, or a larger max_episode_length."
            expected = f"at most max_episode_length ({self.max_episode_length})"
            raise bad_value(name, "context_length", self.context_length, expected, fix)
        if self.slide_steps is not None and self.slide_steps > self.context_length:
            expected = f"at most context_length ({self.context_length})"
            raise bad_value(name, "slide_steps", self.slide_steps, expected)
        if self.width % self.heads:
            raise bad_value(name, "width", self.width, f"a multiple of heads ({self.heads})")
        if self.positions == "relative" and self.width // self.heads % 2:
            raise bad_value(name, "width", self.width, f"an even number for each of the heads ({self.heads})")
