"""A generator small enough to train in a blink, which draws random numbers in its updates."""

from __future__ import annotations

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

from generative import Batch, Generator
from lab import Settings, setting


@dataclasses.dataclass(frozen=True)
class TinySettings(Settings):
    """Settings of `Tiny`."""

    batch_size: int = setting(8, "rows an update", at_least=1)
    compile: str | None = setting("graph", "how updates run")
    bad_at: int = setting(0, "update whose loss is not a number; 0 for none", at_least=0)


class Tiny(Generator):
    """Learns a map that takes noise away; its samples are noise of its own size."""

    Settings = TinySettings

    def build(self) -> None:
        self.compile = self.config.compile
        self.size = math.prod(self.spec.shape)
        self.network = keras.Sequential(
            [keras.Input((self.size,)), keras.layers.Dense(self.size, kernel_initializer=keras.initializers.Zeros())]
        )
        self.optimizer = keras.optimizers.Adam(1e-2)
        self.optimizer.build(self.network.trainable_variables)
        self.noise = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        self.updates = tf.Variable(0)

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        data = tf.reshape(batch.data, (-1, self.size))
        with tf.GradientTape() as tape:
            output = self.network(data + 0.1 * keras.random.normal(tf.shape(data), seed=self.noise))
            loss = tf.reduce_mean(tf.square(output - data))
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self.updates.assign_add(1)
        loss = tf.where(self.updates == self.config.bad_at, float("nan"), loss)
        return {"loss": loss, "first": data[0, 0]}

    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        return self.spec.quantise(self.rng(seed).standard_normal((self.count(number), *self.spec.shape)))


def images(count: int = 40, shape: tuple[int, ...] = (4, 4, 1)) -> np.ndarray:
    """Return uint8 images (count, *shape)."""
    return np.random.default_rng(5).integers(0, 256, (count, *shape), dtype=np.uint8)


def same(first: object, second: object) -> bool:
    """Return whether two states are equal to the bit."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()
    return type(first) is type(second) and first == second
