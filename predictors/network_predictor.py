"""NetworkPredictor: a predictor that trains one Keras network by gradient, with a head for each target."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from generative.data.batching import all_in_batches
from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.networks.builder import HEAD
from lab.networks.combined.features import features_of
from lab.networks.given import TakesNetwork, keras_seeded
from predictors.base import Predictor
from predictors.data.examples import ExampleSpec, Part
from predictors.exporting import Answering
from predictors.heads import Head, head_for
from predictors.metrics.table import MetricTable
from predictors.parts import given_network
from predictors.parts.compression import NONE, Compression
from predictors.parts.optimizers import make_optimizer, rate_at
from predictors.settings import TrainingSettings

if TYPE_CHECKING:
    import keras

    from predictors.data.updates import Batch


class NetworkPredictor(TakesNetwork, Answering, Predictor):
    """Trains a network with a head for each target; a subclass gives `make_network`.

    Args:
        config: The settings, or their fields as keywords.
        network: A `keras.Model`, or a function from the `ExampleSpec` to one, in place of `make_network`'s. It takes
            what `Field` says that networks see and gives logits (B, classes) or numbers (B, D) for each target. Such a
            run is resumed and loaded by giving the same again.
    """

    Settings: ClassVar[type[Settings]] = TrainingSettings
    not_state: tuple[str, ...] = ("given", "heads", "programs", "warmup", "length")
    carried: ClassVar[tuple[str, ...]] = ("given",)
    training_state: ClassVar[tuple[str, ...]] = ("optimizer", "compression")

    # An object's own only where something is compressed, so that other checkpoints stay as they are.
    compression: Compression = NONE

    # ---------------------------------------------------------------- what a subclass gives

    def make_network(self) -> keras.Model:
        """Return the network, built, with seeds of `self.seeds.integer("network")`.

        It maps what `Field` says that networks see of the inputs to `head.units` numbers for each of `self.heads`.
        """
        raise UsageError(f"{type(self).__name__} has no network. Fix: {type(self).__name__}(network=...).")

    def make_head(self, field: Any) -> Head:
        """Return the head of a target (hook)."""
        return head_for(field)

    def network_spec(self) -> ExampleSpec:
        """Return what the network is called on, where that is not an example (hook)."""
        return self.spec

    def penalty(self, batch: Batch) -> tf.Tensor | float:
        """Return what is added to the mean loss of a batch of B examples, a number or float32 () (hook)."""
        return 0.0

    def varied(self, batch: Batch) -> Batch:
        """Return the batch to learn from, such as one of mixed examples (hook)."""
        return batch

    # ---------------------------------------------------------------- building

    def build(self) -> None:
        policy = "float32" if self.config.precision == "float32" else "mixed_bfloat16"
        self.heads = [self.make_head(field) for field in self.spec.targets]
        seed = self.seeds.integer("network")
        if self.given is not None:
            self.network = given_network.built(self.given, self.network_spec(), seed, policy)
        else:
            with keras_seeded(seed), given_network.in_precision(policy):
                self.network = self.make_network()
        shapes, from_file = [head.shape for head in self.heads], self.most_numbers is not None
        given_network.check_outputs(self.network, self.network_spec(), shapes, from_file)
        c = self.config
        self.optimizer = make_optimizer(c.optimizer, c.learning_rate, c.weight_decay, self.network.trainable_variables)
        # The largest step size; the optimizer's own is that of the last update.
        self.rate = tf.Variable(c.learning_rate, dtype=tf.float32, trainable=False)
        self.warmup, self.length = (tf.Variable(1.0, trainable=False) for _ in range(2))
        int8 = c.quantise == "int8"
        if c.sparsity or int8:
            name, how = type(self).__name__, {"sparsity": c.sparsity, "every": c.prune_every}
            self.compression = Compression(name, self.network, int8=int8, **how)
        self.programs: dict[str, dict[int, Any]] = {}
        self.main_metric = self.metric_name(self.heads[0], self.heads[0].main)
        self.higher_metrics = tuple(self.metric_name(head, name) for head in self.heads for name in head.higher)
        self.apply_schedules()

    def apply_schedules(self) -> None:
        self.warmup.assign(float(self.scheduled("warmup_steps")))
        self.length.assign(float(self.scheduled("schedule_steps")))
        if self.config.sparsity:
            begin, end = (self.scheduled(name) for name in ("prune_begin", "prune_end"))
            self.compression.schedule(begin, end, known=bool(self.run_length))

    def unread_settings(self) -> dict[str, str]:
        why = "nothing is pruned, for sparsity is 0"
        return {} if self.config.sparsity else dict.fromkeys(("prune_begin", "prune_end", "prune_every"), why)

    def _learning_rate(self) -> Any:
        return self.rate

    # ---------------------------------------------------------------- learning

    def update(self, batch: Batch) -> Mapping[str, tf.Tensor]:
        batch = self.varied(batch)
        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            with self.compression.weights():
                outputs = self.outputs(batch.inputs, training=True)
                extras = [tf.cast(extra, tf.float32) for extra in self.network.losses]
            loss = self.mean_loss(outputs, batch) + self.penalty(batch)
            total = tf.add_n([loss, *extras])
        gradients = tape.gradient(total, variables)
        norm = self.step(gradients)
        more = {**self._progress(outputs, batch), **self.compression.progress()}
        return {"loss": loss, "gradient_norm": norm, **more}

    def outputs(self, inputs: Mapping[str, tf.Tensor], training: bool) -> list[tf.Tensor]:
        """Return the network's outputs, float32 (B, units) for each target in order."""
        # In training `update` sets the weights, because the network's own losses are of the same call.
        with contextlib.nullcontext() if training else self.compression.weights():
            found = given_network.called(self.network, inputs, self.spec, training)
        return [tf.cast(output, tf.float32) for output in found]

    def mean_loss(self, outputs: list[tf.Tensor], batch: Batch) -> tf.Tensor:
        """Return the loss of a batch, float32 (): the sum over targets of the weighted mean over examples.

        Args:
            outputs: float32 (B, units) for each target in order.
            batch: Of B examples.
        """
        losses = self.losses(outputs, batch)
        if batch.weights is None:
            return tf.reduce_mean(losses)
        return tf.reduce_sum(losses * batch.weights) / tf.reduce_sum(batch.weights)

    def losses(self, outputs: list[tf.Tensor], batch: Batch) -> tf.Tensor:
        """Return the loss of each example, float32 (B,): the sum over targets (hook)."""
        return tf.add_n([h.loss(o, batch.targets[h.field.name]) for h, o in zip(self.heads, outputs, strict=True)])

    def step(self, gradients: list[tf.Tensor]) -> tf.Tensor:
        """Move the weights, and return the gradient's norm before it was capped, float32 ()."""
        variables = self.network.trainable_variables
        pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        if len(pairs) < len(variables):
            gradients = [tf.zeros(v.shape) if g is None else g for g, v in zip(gradients, variables, strict=True)]
        gradients = self.compression.masked(gradients, variables)
        norm = tf.linalg.global_norm(gradients)
        if self.config.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self.config.clip_norm, norm)
        factor = rate_at(self.optimizer.iterations, self.config.schedule, self.warmup, self.length)
        self.optimizer.learning_rate.assign(self.rate * factor)
        self.apply(gradients, variables)
        self.compression.after_update(self.optimizer.iterations)
        return norm

    def apply(self, gradients: list[tf.Tensor], variables: list[Any]) -> None:
        """Move variables by the optimizer (hook).

        Args:
            gradients: float32, each of its variable's shape (...).
            variables: In that order.
        """
        self.optimizer.apply(gradients, variables)

    def _progress(self, outputs: list[tf.Tensor], batch: Batch) -> dict[str, tf.Tensor]:
        found = {}
        for head, output in zip(self.heads, outputs, strict=True):
            for name, value in head.progress(output, batch.targets[head.field.name]).items():
                found[self.metric_name(head, name)] = value
        return found

    def metric_name(self, head: Head, name: str) -> str:
        """Return what a head's metric is called: with the target's name before it where there are several."""
        return name if len(self.heads) == 1 else f"{head.field.name}_{name}"

    # ---------------------------------------------------------------- predicting

    def predict(self, inputs: Any) -> Any:
        given = self.checked_inputs(inputs)
        found = {h.field.name: h.answers(o) for h, o in zip(self.heads, self.raw_outputs(given), strict=True)}
        return found if len(found) > 1 else next(iter(found.values()))

    def raw_outputs(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Return the network's outputs, float32 (N, units) for each target in order.

        Args:
            inputs: Checked, in the user's own unit.
        """
        held = [field.held(inputs[field.name]) for field in self.spec.inputs]
        return self.forward(held, "outputs", self._outputs_of_held)

    @property
    def has_features(self) -> bool:
        """Whether the network has a layer called `head`, before which its features are."""
        return HEAD in [layer.name for layer in self.network.layers] and bool(getattr(self.network, "inputs", None))

    def features(self, inputs: Any) -> np.ndarray:
        """Return what the network has before its head, float32 (N, ...).

        Args:
            inputs: As for `predict`.

        Raises:
            UsageError: When the network has no layer called `head`.
        """
        given = self.checked_inputs(inputs)

        def features(*held: tf.Tensor) -> list[tf.Tensor]:
            fields = self.spec.inputs
            seen = {f.name: f.seen(h) for f, h in zip(fields, held, strict=True)}
            with self.compression.weights():
                found = features_of(self.network)(next(iter(seen.values())) if len(seen) == 1 else seen, training=False)
            return [tf.cast(found, tf.float32)]

        return self.forward([f.held(given[f.name]) for f in self.spec.inputs], "features", features)[0]

    def forward(self, held: list[np.ndarray], name: str, function: Any) -> list[np.ndarray]:
        """Apply a function of held inputs in batches of few sizes, each of which is compiled once.

        Args:
            held: (N, ...) for each input, in the dtypes of `Field.held`.
            name: What the compiled function is kept by.
            function: From tensors (B, ...) of those dtypes to a list of tensors (B, ...).

        Returns:
            (N, ...) for each of the function's outputs, float32.
        """
        programs = self.programs.setdefault(name, {})

        def applied(*rows: np.ndarray) -> list[tf.Tensor]:
            tensors = [tf.constant(each) for each in rows]
            if len(rows[0]) not in programs:
                # Each size on its own: of a function that takes all, TensorFlow warns that it is traced so often.
                like = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
                program = tf.function(function, autograph=False)
                programs[len(rows[0])] = program.get_concrete_function(*like)
            return list(programs[len(rows[0])](*tensors))

        return all_in_batches(applied, *held)

    def _outputs_of_held(self, *held: tf.Tensor) -> list[tf.Tensor]:
        fields = self.spec.inputs
        return self.answering({f.name: f.seen(h) for f, h in zip(fields, held, strict=True)})

    def answering(self, inputs: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Return the outputs by which it predicts and is scored, float32 (B, units) for each target in order (hook)."""
        return self.outputs(inputs, training=False)

    def scores(self, part: Part) -> MetricTable:
        table = self.scores_of(self.raw_outputs(part.inputs), part)
        table.update(self.compression.scores())
        return table

    def scores_of(self, outputs: list[np.ndarray], part: Part) -> MetricTable:
        """Return metrics of outputs, wherever they come from, on examples.

        Args:
            outputs: float32 (N, units) for each target in order.
            part: The N examples.
        """
        table = MetricTable()
        total = 0.0
        for head, output in zip(self.heads, outputs, strict=True):
            targets = part.targets[head.field.name]
            total += float(np.mean(head.loss(tf.constant(output), tf.constant(head.held(targets))).numpy()))
            found = head.scores(output, targets)
            table.update({self.metric_name(head, name): value for name, value in found.items()})
            table.left_out.update({self.metric_name(head, name): why for name, why in found.left_out.items()})
        table["loss"] = total
        return table

    def check_spec(self, spec: ExampleSpec) -> None:
        for field in spec.targets:
            if field.kind not in ("class", "number"):
                raise bad_value(type(self).__name__, f"target {field.name!r}", field.kind, "classes or numbers")
