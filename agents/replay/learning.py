"""Calls an agent's `learn`, and holds it to what it declares while it is traced, which costs nothing as it runs."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from agents.transitions import Batch
from lab.errors import UsageError


def learnt_from(agent: Any, state: Any, batch: Batch, key: tf.Tensor, wants_errors: bool) -> Any:
    """Make one update, as pure TensorFlow.

    Args:
        agent: Whose `learn` it is.
        state: Of the agent.
        batch: Of B rows.
        key: uint32 (2,).
        wants_errors: Whether a sampler goes by the errors. Where one is not finite all metrics become NaN, so that
            training ends there: no row could be preferred by it.

    Returns:
        The `Learnt`, its parameters in the structure of the state's.

    Raises:
        UsageError: When it is of another kind, structure, shape or dtype than declared.
    """
    where, learnt = f"{type(agent).__name__}.learn", agent.learn(state, batch, key)
    if not all(hasattr(learnt, field) for field in ("parameters", "metrics", "errors")):
        raise UsageError(f"{where} returned {learnt!r}; expected Learnt(parameters, metrics, errors).")
    _check_metrics(where, agent.metric_names, learnt.metrics)
    after = _same_parameters(where, state.parameters, learnt.parameters)
    metrics, errors, rows = learnt.metrics, learnt.errors, batch.reward.shape[:1]
    if wants_errors:
        found = getattr(errors, "shape", None)
        if found != rows or not errors.dtype.is_floating:
            received = f"{errors.dtype.name} {tuple(found)}" if found is not None else repr(errors)
            raise UsageError(
                f"{where} returned the errors {received}; expected a number for each row, float32 {tuple(rows)}, by "
                "which the sampler prefers rows."
            )
        whole = tf.reduce_all(tf.math.is_finite(errors))
        metrics = {name: tf.where(whole, tf.cast(m, tf.float32), float("nan")) for name, m in metrics.items()}
        errors = tf.cast(errors, tf.float32)
    return learnt._replace(parameters=after, metrics=metrics, errors=errors)


def _check_metrics(where: str, names: tuple[str, ...], metrics: Any) -> None:
    if not isinstance(metrics, dict) or metrics.keys() != set(names):
        received = sorted(metrics) if isinstance(metrics, dict) else repr(metrics)
        raise UsageError(
            f"{where} returned the metrics {received}; expected one number for each of {sorted(names)}, as "
            "`metric_names` declares."
        )
    for name, value in metrics.items():
        if tf.convert_to_tensor(value).shape != ():
            raise UsageError(
                f"{where} returned the metric {name} of shape {tuple(value.shape)}; expected one number. Fix: take "
                "the mean over the rows."
            )


def _same_parameters(where: str, before: Any, after: Any) -> Any:
    try:
        tf.nest.assert_same_structure(before, after, check_types=False)
    except (ValueError, TypeError):
        raise UsageError(
            f"{where} returned parameters of another structure than it was given: {_outline(after)}; expected "
            f"{_outline(before)}, as `parameters` has them."
        ) from None
    olds, news = tf.nest.flatten(before), [tf.convert_to_tensor(leaf) for leaf in tf.nest.flatten(after)]
    for i, (old, new) in enumerate(zip(olds, news, strict=True)):
        if old.shape != new.shape or old.dtype != new.dtype:
            raise UsageError(
                f"{where} changed part {i} of the parameters from {old.dtype.name} {tuple(old.shape)} to "
                f"{new.dtype.name} {tuple(new.shape)}; expected the same."
            )
    return tf.nest.pack_sequence_as(before, news)


def _outline(nested: Any) -> str:
    return str(tf.nest.map_structure(lambda leaf: tuple(getattr(leaf, "shape", ())), nested))
