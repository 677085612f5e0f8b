"""Distillation: a network learns from the probabilities that a trained one, its teacher, gives to all classes."""

from __future__ import annotations

import tensorflow as tf


def softened_divergence(teacher: tf.Tensor, student: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return T^2 KL(softmax(teacher / T), softmax(student / T)) of each row, float32 (B,).

    Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2; the square keeps gradients as large
    as those of the labels whatever the temperature. The cross-entropy there differs by the teacher's entropy alone.

    Args:
        teacher, student: Logits float32 (B, classes).
        temperature: T > 0; the higher, the more the least likely classes count.
    """
    wanted = tf.nn.log_softmax(teacher / temperature)
    found = tf.nn.log_softmax(student / temperature)
    return temperature**2 * tf.reduce_sum(tf.exp(wanted) * (wanted - found), axis=1)
