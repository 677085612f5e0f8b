"""Distributions over actions, by kind of space: see `head_for`."""

from agents.parts.heads.beta import Beta
from agents.parts.heads.categorical import Bernoulli, Categorical, MultiCategorical
from agents.parts.heads.choice import head_for
from agents.parts.heads.gaussian import Gaussian, SquashedGaussian
from agents.parts.heads.head import PolicyHead
from agents.parts.masking.masked import masked

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Gaussian",
    "MultiCategorical",
    "PolicyHead",
    "SquashedGaussian",
    "head_for",
    "masked",
]
