"""Data parallelism: the rows of one batch shared out among devices, and their gradients averaged."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from lab.errors import bad_value

HOW = (
    "On a machine without GPUs, cut the CPU before TensorFlow's first operation: "
    "tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')[0], "
    "[tf.config.LogicalDeviceConfiguration()] * {count})"
)


def device_names(owner: str, count: int) -> list[str]:
    """Return the names of the first `count` devices: GPUs where there are any, else logical CPUs.

    Raises:
        UsageError: When there are fewer.
    """
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    found = [device.name for device in tf.config.list_logical_devices(kind)]
    if count > len(found):
        received = f"{count}, and this machine has {len(found)} logical {kind}{'s' * (len(found) != 1)}"
        raise bad_value(
            owner, "devices", received, f"at most {len(found)}", f"fewer devices. {HOW.format(count=count)}."
        )
    return found[:count]


def differentiated(
    objective: Callable[..., tuple[tf.Tensor, Any]], inputs: Sequence[Any], variables: Sequence[Any], devices: int = 1
) -> tuple[tf.Tensor, Any, list[tf.Tensor]]:
    """Differentiate an objective whose rows are shared out among devices; for use in a traced update.

    In `tf.distribute.MirroredStrategy.run` each device computes loss and gradient of its share with the one set of
    variables; the first device averages them in the devices' order, so that sums do not depend on who is ready first.
    An objective that is a mean over rows gives what one device gives, but for rounding; random numbers of rows belong
    into `inputs` for that reason.

    Args:
        objective: From a share of the inputs to a loss, (), and whatever else is to be known: nested tensors, of which
            numbers () are averaged and rows (b, ...) put together again.
        inputs: Nested tensors (B, ...); None stays None.
        variables: What is differentiated by; they are kept on one device.
        devices: How many; B must be a multiple.

    Returns:
        The loss, what else is to be known, and the gradients.
    """
    if devices == 1:
        return _gradients(objective, inputs, variables)
    strategy = _strategy(tuple(device_names("devices", devices)))

    def replica() -> tuple[tf.Tensor, Any, list[tf.Tensor]]:
        number = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
        return _gradients(objective, _share(inputs, int(number), devices), variables)

    loss, more, gradients = strategy.run(replica)
    local = strategy.experimental_local_results
    with tf.device(strategy.extended.worker_devices[0]):
        loss, more = tf.nest.map_structure(lambda part: _combined(*local(part)), (loss, more))
        return loss, more, [_mean(local(part)) for part in gradients]


@functools.cache
def _strategy(names: tuple[str, ...]) -> tf.distribute.Strategy:
    with tf.init_scope():
        # It reduces nothing itself; said so that it does not warn of a library for GPUs that it would choose.
        return tf.distribute.MirroredStrategy(names, tf.distribute.ReductionToOneDevice())


def _gradients(
    objective: Callable[..., tuple[tf.Tensor, Any]], inputs: Sequence[Any], variables: Sequence[Any]
) -> tuple[tf.Tensor, Any, list[tf.Tensor]]:
    with tf.GradientTape() as tape:
        loss, more = objective(*inputs)
    return loss, more, tape.gradient(loss, variables)


def _share(inputs: Any, i: int, count: int) -> Any:
    def part(rows: Any) -> Any:
        if rows is None:
            return None
        size = rows.shape[0] // count
        return rows[i * size : (i + 1) * size]

    return tf.nest.map_structure(part, inputs)


def _combined(*parts: Any) -> Any:
    if parts[0] is None:
        return None
    return tf.concat(parts, axis=0) if parts[0].shape.rank else _mean(parts)


def _mean(parts: Sequence[Any]) -> Any:
    if parts[0] is None:
        # Of a variable that the objective does not depend on.
        return None
    # An embedding's gradient comes as a list of the rows that were looked up.
    total = tf.convert_to_tensor(parts[0])
    for part in parts[1:]:
        total = total + tf.convert_to_tensor(part)
    return total / len(parts)
