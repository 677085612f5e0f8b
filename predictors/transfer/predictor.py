"""TransferPredictor: a predictor whose network may begin with one that is trained already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import tensorflow as tf

from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.learner import Learner
from predictors import architectures
from predictors.base import Predictor
from predictors.data.examples import ExampleSpec
from predictors.network_predictor import NetworkPredictor
from predictors.transfer import applications, backbones, paces, pictures
from predictors.transfer.pretrained import INHERITED, Origin, inherited, origin_of, run_name, take_weights
from predictors.transfer.settings import TransferSettings

if TYPE_CHECKING:
    import keras

RANDOM = {"kind": "random", "name": "", "sha256": ""}


class TransferPredictor(NetworkPredictor):
    """Trains a network by name, or a new last layer on a backbone: one of keras.applications, or one trained here.

    A backbone is in inference mode throughout: its dropout leaves nothing out, its batch normalisations keep the
    averages that they have. Its weights are part of the checkpoints and its form follows from the settings, so that a
    run is resumed and loaded without the files that it began with; a run's files are never followed to them.

    Args:
        config: The settings, or their fields as keywords.
        network: As for `NetworkPredictor`.
        pretrained: A trained `Classifier` of pictures, or the directory of its run; its architecture and, if no other
            is given, the size of its pictures are taken over.
    """

    Settings: ClassVar[type[Settings]] = TransferSettings
    not_state: tuple[str, ...] = ("source", "backbone", "paced")
    carried: ClassVar[tuple[str, ...]] = (*NetworkPredictor.carried, "source")

    # What the backbone's weights were when it began.
    origin: Mapping[str, str] = RANDOM

    def __init__(self, config: Any = None, /, *, network: Any = None, pretrained: Any = None, **settings: Any) -> None:
        owner, source = type(self).__name__, None
        if isinstance(pretrained, (str, os.PathLike)):
            settings["pretrained"] = os.fspath(pretrained)
            # A copy is given all settings.
            if settings["pretrained"] and any(name not in settings for name in INHERITED):
                source = _of_run(owner, settings["pretrained"])
        elif pretrained is not None:
            if not isinstance(pretrained, Predictor):
                raise bad_value(owner, "pretrained", pretrained, "a trained Classifier, or the directory of its run")
            source = origin_of(owner, pretrained, pretrained.spec.name if pretrained.built else owner)
            settings["pretrained"] = source.name
        if source is not None:
            settings = inherited(owner, source.settings, settings)
        super().__init__(config, network=network, **settings)
        self.source: Origin | None = source

    @property
    def begins_trained(self) -> bool:
        return self.built and bool(self.origin["sha256"])

    # ---------------------------------------------------------------- building

    def build(self) -> None:
        self.backbone: keras.Model | None = None
        self.paced: list[paces.Pace] | None = None
        if self._wants_weights:
            # State, so that a resumed run knows it too.
            self.origin = dict(RANDOM)
        super().build()
        # XLA has no antialiased resizing.
        if architectures.perceptron(self.network) and not self.config.input_shape:
            self.compile = "xla"

    def make_network(self) -> keras.Model:
        c, seed, units = self.config, self.seeds.integer("network"), [head.units for head in self.heads]
        if not (c.backbone or c.pretrained or c.input_shape):
            return architectures.make_network(self.spec, c, units, seed)
        network, backbone = backbones.assembled(type(self).__name__, self.spec, c, units, seed)
        self.backbone = backbone
        self._take_weights(backbone)
        layers = paces.weighty_layers(backbone)
        if c.trainable_layers is not None:
            if c.trainable_layers > len(layers):
                expected = f"at most {len(layers)}, all layers with weights of the backbone"
                raise bad_value(type(self).__name__, "trainable_layers", c.trainable_layers, expected)
            # Before anything is traced, and for good.
            for layer in layers[: len(layers) - c.trainable_layers]:
                layer.trainable = False
        trained = [layer for layer in layers if layer.trainable]
        self.paced = paces.paces(trained, c.layer_groups, c.rate_divisor, c.unfreeze_every, network.trainable_variables)
        return network

    def _take_weights(self, backbone: keras.Model) -> None:
        c, owner = self.config, type(self).__name__
        if c.pretrained and (self.source is not None or self.follows):
            source = self.source or _of_run(owner, c.pretrained)
            take_weights(owner, source, backbone)
            self.origin = {"kind": "run", "name": source.name, "sha256": source.digest}
        elif c.backbone and c.weights != applications.RANDOM and self.follows:
            path = applications.weights_file(owner, c.backbone, c.weights)
            digest = applications.load_weights(owner, c.backbone, backbone, path)
            self.origin = {"kind": "file", "name": path.name, "sha256": digest}

    @property
    def _wants_weights(self) -> bool:
        c = self.config
        return self.given is None and bool(c.pretrained or (c.backbone and c.weights != applications.RANDOM))

    def check_spec(self, spec: ExampleSpec) -> None:
        super().check_spec(spec)
        c = self.config
        if self.given is None and (c.backbone or c.pretrained or c.input_shape):
            owner, (field, *others) = type(self).__name__, spec.inputs
            if others:
                received, fix = f"{len(spec.inputs)} inputs", "network=... for one of yours."
                raise bad_value(owner, "backbone", received, "one picture", fix)
            pictures.check_pictures(owner, field)
            pictures.check_channels(owner, field, backbones.shape_of(spec, c))

    def check_training(self) -> None:
        super().check_training()
        c = self.config
        if self._wants_weights and not self.origin["sha256"]:
            what = "pretrained" if c.pretrained else "weights"
            raise UsageError(
                f"{type(self).__name__}: {what} received {getattr(c, what)!r} from a run's files, which are not "
                f"followed, and the run has no checkpoint to go on from. Fix: begin again with {type(self).__name__}"
                f"({what}=...)."
            )

    def describe(self) -> dict[str, Any]:
        found = super().describe()
        # A network without a backbone of its own is as random as any.
        if self.backbone is not None and (self.config.backbone or self.config.pretrained):
            change = pictures.change_said(self.spec.inputs[0], backbones.shape_of(self.spec, self.config))
            found["backbone"] = {**self.origin, **({"pictures": change} if change else {})}
        return found

    def unread_settings(self) -> dict[str, str]:
        return {**super().unread_settings(), **backbones.unread(self)}

    # ---------------------------------------------------------------- learning

    def apply(self, gradients: list[tf.Tensor], variables: list[Any]) -> None:
        if self.paced is None:
            super().apply(gradients, variables)
        else:
            paces.apply_at_paces(self.optimizer, gradients, variables, self.paced)


def _of_run(owner: str, path: str) -> Origin:
    learner: Learner = Predictor.load(path)
    return origin_of(owner, learner, run_name(path))
