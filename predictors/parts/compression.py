"""What makes a network smaller as it trains: pruning, and weights as 8 bits hold them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from lab.runs.state import Stateful
from predictors.parts.kernels import Kernel, kernels_of
from predictors.parts.pruning import Pruning, fraction_of_zeros
from predictors.parts.quantising import in_int8


class Compression(Stateful):
    """Does to a network what the settings `sparsity` and `quantise` say; without arguments nothing.

    Args:
        owner: Whose network it is, for errors.
        network: Built.
        sparsity, every: As for `Pruning`; a sparsity of 0 for none.
        int8: Whether kernels are rounded to 8 bits.

    Attributes:
        pruning: The masks, or None where nothing is pruned.
    """

    not_state: tuple[str, ...] = ("owner", "network", "kernels", "int8")

    pruning: Pruning | None = None

    def __init__(
        self, owner: str = "", network: Any = None, *, sparsity: float = 0.0, every: int = 1, int8: bool = False
    ) -> None:
        self.owner, self.network, self.int8 = owner, network, int8
        self.kernels: list[Kernel] = kernels_of(owner, network) if sparsity or int8 else []
        if sparsity:
            training = {id(variable) for variable in network.trainable_variables}
            trained = [kernel for kernel in self.kernels if id(kernel.variable) in training]
            self.pruning = Pruning(trained, sparsity, every)

    def schedule(self, begin: int, end: int, known: bool) -> None:
        """Take over between which updates it prunes; see `Pruning.schedule`."""
        if self.pruning is not None:
            self.pruning.schedule(self.owner, begin, end, known)

    def weights(self) -> contextlib.AbstractContextManager[None]:
        """Let the network compute, while in it, with the weights that a file of it is to have."""
        return in_int8(self.network, self.kernels) if self.int8 else contextlib.nullcontext()

    def masked(self, gradients: list[Any], variables: Sequence[Any]) -> list[Any]:
        """Return the gradients by which to move variables."""
        return gradients if self.pruning is None else self.pruning.masked(gradients, variables)

    def after_update(self, updates: Any) -> None:
        """Do what is due after so many updates, int (), this one among them."""
        if self.pruning is not None:
            self.pruning.after_update(updates)

    def progress(self) -> dict[str, Any]:
        """Return metrics of an update."""
        return {} if self.pruning is None else {"sparsity": self.pruning.reached.value()}

    def scores(self) -> dict[str, float]:
        """Return metrics of what has been learnt: the fraction of zeros in all pruned kernels."""
        return {} if self.pruning is None else {"sparsity": fraction_of_zeros(self.pruning.variables)}


NONE = Compression()
