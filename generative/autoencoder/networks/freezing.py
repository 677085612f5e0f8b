"""Fine-tuning: which layers of a generator training changes, and which it leaves as they are."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import keras

from generative.base import Generator
from generative.data.dataset import DataSpec
from lab.errors import UsageError, bad_value, nearest
from lab.seeding import Seeds
from lab.training.adam import Adam, of_keras

# As Keras has it.
EPSILON = 1e-7


class Freezing(Generator):
    """A generator that can go on learning with some of its layers left as they are.

    The names of these layers are the setting `frozen`, so that a run's config.json has them and a resumed run is the
    same. `update` must differentiate with regard to `variables` and nothing else; no layer's `trainable` is touched.

        agent = Autoencoder.load("runs/digits")
        agent.freeze("encoder")                      # or: agent.freeze(); agent.unfreeze(last=4)
        agent.learning_rate = 1e-4
        Experiment(agent, new_data, run_dir="runs/fine").train(500)

    Attributes:
        traced: Whether an update may have been compiled, which holds on to the layers it then changed.
    """

    not_state: tuple[str, ...] = ("traced",)
    traced: bool = False

    def setup(self, spec: DataSpec, seeds: Seeds) -> None:
        super().setup(spec, seeds)
        # Said here, because an error within a compiled update comes late and in many words.
        _ = self.variables

    def begin_run(self, steps: int) -> None:
        super().begin_run(steps)
        # Its updates may be another learner's, traced already, so that `update` does not run.
        self.traced = True

    def set_state(self, state: Mapping[str, Any]) -> None:
        optimizer = state.get("optimizer")
        if isinstance(optimizer, Mapping) and "0" in optimizer:
            state = {**state, "optimizer": of_keras(optimizer)}
        super().set_state(state)

    @abstractmethod
    def models(self) -> dict[str, keras.Model]:
        """Return the networks by name, in the order in which data pass through them."""

    def parts(self) -> dict[str, list[Any]]:
        """Return every layer's trainable variables by name, in order: `encoder.0`, `encoder.1`, ... `decoder.0`, ..."""
        return parts_of(self.models())

    @property
    def variables(self) -> list[Any]:
        """What the optimizer changes.

        Raises:
            UsageError: When the setting `frozen` names a part that there is not, or all of them.
        """
        parts = self.parts()
        frozen = matching(self.config.frozen, parts, type(self).__name__)
        learning = [variable for part, variables in parts.items() if part not in frozen for variable in variables]
        if not learning:
            raise bad_value(
                type(self).__name__, "frozen", "every part", "at least one that learns", "unfreeze(last=4)."
            )
        return learning

    def make_optimizer(self) -> Adam:
        """Build the optimizer, with moments for what it changes only."""
        c = self.config
        return Adam(self.variables, c.learning_rate, epsilon=EPSILON, decay=c.weight_decay, undecayed=self.undecayed())

    def undecayed(self) -> list[Any]:
        """Return the variables that weight decay leaves alone (hook)."""
        return []

    def freeze(self, *names: str) -> None:
        """Leave layers as they are from now on, besides those that are frozen already.

        Args:
            names: Such as "encoder" or "decoder.0", see `parts`; none for all of them.

        Raises:
            UsageError: On an unknown name; before it is built; or once an experiment has trained it, whose compiled
                updates would go on changing these layers.
        """
        known = tuple(self._known_parts("freeze"))
        chosen = known if not names else matching(names, known, type(self).__name__)
        self._leave((*matching(self.config.frozen, known, type(self).__name__), *chosen))

    def unfreeze(self, *names: str, last: int | None = None) -> None:
        """Let frozen layers learn again.

        Args:
            names: As for `freeze`; none and no `last` for all of them.
            last: The last layers that data pass through, this many; layers without weights do not count.

        Raises:
            UsageError: As for `freeze`.
        """
        known = tuple(self._known_parts("unfreeze"))
        chosen = known if not names and last is None else matching(names, known, type(self).__name__)
        if last is not None:
            if isinstance(last, bool) or not isinstance(last, int) or not 0 < last <= len(known):
                raise bad_value(f"{type(self).__name__}.unfreeze", "last", last, f"a whole number in [1, {len(known)}]")
            chosen = (*chosen, *known[-last:])
        frozen = matching(self.config.frozen, known, type(self).__name__)
        self._leave(part for part in frozen if part not in chosen)

    def _known_parts(self, method: str) -> dict[str, list[Any]]:
        name = type(self).__name__
        if not self.built:
            raise UsageError(f"{name}.{method}: this {name} is not built yet. Fix: {name}.load(run), or frozen=(...).")
        if self.traced:
            raise UsageError(
                f"{name}.{method}: an experiment has compiled updates of this {name}, which would go on as they were. "
                f"Fix: {name}.load(run) gives a fresh one."
            )
        return self.parts()

    def _leave(self, frozen: Iterable[str]) -> None:
        self.config = dataclasses.replace(self.config, frozen=tuple(dict.fromkeys(frozen)))
        if any(variables for part, variables in self.parts().items() if part not in self.config.frozen):
            # New, because its moments were those of other variables.
            rate = self.learning_rate
            self.optimizer = self.make_optimizer()
            self.learning_rate = rate


def parts_of(models: Mapping[str, keras.Model]) -> dict[str, list[Any]]:
    """Return the trainable variables of every layer that has any.

    Args:
        models: Networks by name, in the order in which data pass through them.

    Returns:
        Variables by part: "encoder.0" is the encoder's first layer with weights, whatever Keras calls it, because
        Keras counts the layers of a whole process.
    """
    found = {}
    for name, model in models.items():
        for i, variables in enumerate(_layer_variables(model)):
            found[f"{name}.{i}"] = variables
    return found


def matching(names: Iterable[str], parts: Iterable[str], owner: str) -> tuple[str, ...]:
    """Return the parts that names stand for, in the parts' order; "encoder" stands for all of the encoder's.

    Raises:
        UsageError: On a name that stands for none.
    """
    names, parts = tuple(names), tuple(parts)
    known = {*parts, *(part.split(".")[0] for part in parts)}
    for name in names:
        if name not in known:
            raise UsageError(f"{owner} has no part called {name!r}; {nearest(name, known)}")
    return tuple(part for part in parts if part in names or part.split(".")[0] in names)


def _layer_variables(model: keras.Model) -> list[list[Any]]:
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _layer_variables(layer)
        elif layer.trainable_variables:
            found.append(list(layer.trainable_variables))
    return found
