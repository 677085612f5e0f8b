"""PolicyDistillation: learns what a trained DQN holds of every action, in a network of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from agents.cloning import losses
from agents.cloning.agent import BehaviorCloning
from agents.cloning.settings import BehaviorCloningSettings
from agents.dqn import DQN
from agents.offline import ActionBatch
from agents.parts import observations as features
from lab.config import Settings, owner_name, setting
from lab.errors import bad_value
from lab.runs.opening import teachers


@dataclasses.dataclass(frozen=True)
class PolicyDistillationSettings(BehaviorCloningSettings):
    """Settings of `PolicyDistillation`."""

    teacher: str = setting("", "directory of the run of the DQN to learn from", path=True)
    teacher_settings: str = setting("", "of what the teacher's network is built; teacher=... sets it")
    temperature: float = setting(
        0.01, "by which the teacher's action values are divided; the lower, the more its best action counts", above=0
    )

    def check(self) -> None:
        super().check()
        teachers.check_settings(owner_name(type(self)), self)


class PolicyDistillation(BehaviorCloning):
    """Learns a DQN's policy by its action values in recorded observations (Rusu et al. 2016, "Policy Distillation").

    Equation 3: the divergence of the softmax of the student's outputs from that of the teacher's values over the
    temperature. Record the teacher's own play for it, some of it at random: `lab record RUN --epsilon 0.1`. The actions
    of the recording are not looked at. The teacher's weights are part of the checkpoints, so that the run goes on
    without the teacher's.

    Args:
        config: The settings, or their fields as keywords.
        teacher: A trained `DQN`, or the directory of its run.
        settings: Fields of the settings.
    """

    Settings: ClassVar[type[Settings]] = PolicyDistillationSettings
    training_state: ClassVar[tuple[str, ...]] = (*BehaviorCloning.training_state, "teacher", "taught")
    not_state: tuple[str, ...] = ("given_teacher", "teaching")

    def __init__(self, config: Any = None, /, *, teacher: Any = None, **settings: Any) -> None:
        super().__init__(config, **teachers.with_teacher(type(self).__name__, DQN, teacher, settings))
        self.given_teacher = teacher if isinstance(teacher, DQN) else None

    @property
    def begins_trained(self) -> bool:
        return super().begins_trained or (self.built and self.taught)

    def build(self) -> None:
        super().build()
        owner, c = type(self).__name__, self.config
        if not c.teacher_settings:
            raise bad_value(owner, "teacher", "none", "a trained DQN, or the directory of its run")
        self.teaching: DQN = teachers.built_again(owner, DQN, c.teacher_settings)
        self.teaching.setup(self.observation_space, self.action_space, self.seeds)
        self.teacher: keras.Model = _greedy_network(self.teaching)
        self.taught = False
        source = self.given_teacher
        if source is None and c.teacher and self.follows:
            source = DQN.load(c.teacher)
        if source is None:
            return
        if (source.observation_space, source.action_space) != (self.observation_space, self.action_space):
            received = f"one of {source.observation_space} and {source.action_space}"
            raise bad_value(owner, "teacher", received, f"one of {self.observation_space} and {self.action_space}")
        for theirs, mine in zip(_greedy_network(source).weights, self.teacher.weights, strict=True):
            mine.assign(theirs)
        self.taught = True

    def check_training(self) -> None:
        super().check_training()
        teachers.check_taught(type(self).__name__, self.config, self.taught)

    def update_on(self, batch: ActionBatch) -> Mapping[str, tf.Tensor]:
        observed = features.pure_features(self.observation_space, batch.observation)
        values = self.teaching.action_values_of(self.teacher(observed, training=False))
        return super().update_on(batch._replace(action=values))

    def loss(self, outputs: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        return losses.divergence(actions, outputs, self.config.temperature)

    def best_actions(self, actions: tf.Tensor) -> tf.Tensor:
        return tf.argmax(actions, axis=-1, output_type=tf.int32)


def _greedy_network(agent: DQN) -> keras.Model:
    return agent.online if agent.average is None else agent.average
