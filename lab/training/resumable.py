"""Finds in a traced update what a checkpoint does not hold, so that no resumed run parts from the whole one unheard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from lab.errors import UsageError
from lab.runs.state_variables import variables

# They draw from generators within TensorFlow's kernels, which nobody can read or set.
RANDOM = frozenset(
    (
        *(
            "RandomUniform",
            "RandomUniformInt",
            "RandomStandardNormal",
            "TruncatedNormal",
            "ParameterizedTruncatedNormal",
        ),
        *("RandomGamma", "RandomPoisson", "RandomPoissonV2", "RandomShuffle", "Multinomial", "RandomCrop"),
        *(
            "SampleDistortedBoundingBox",
            "SampleDistortedBoundingBoxV2",
            "AllCandidateSampler",
            "UniformCandidateSampler",
        ),
        *("FixedUnigramCandidateSampler", "LogUniformCandidateSampler", "LearnedUnigramCandidateSampler"),
        *("ThreadUnsafeUnigramCandidateSampler", "RiscRandomUniform", "XlaRngBitGenerator"),
    )
)
# These draw only where they are not told to be deterministic.
POOLING = frozenset(("FractionalAvgPool", "FractionalMaxPool"))
PYTHON = frozenset(("PyFunc", "EagerPyFunc"))
# What looks at a variable or table and leaves it as it is.
READS = frozenset(
    (
        *("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VariableShape", "VarIsInitializedOp"),
        *("DisableCopyOnRead", "LookupTableFindV2", "LookupTableSizeV2", "LookupTableExportV2"),
    )
)
# Calls whose first input chooses among functions, which get the others.
BRANCHES = frozenset(("If", "StatelessIf", "Case", "StatelessCase"))
# What is expected in their place, and how to mend it.
SEEDED = (
    "keras.random with a keras.random.SeedGenerator kept in an attribute, or keras.layers.Dropout and the like",
    "keras.random.uniform(shape, seed=self.random) in place of tf.random.uniform, "
    "keras.random.dropout(x, rate, seed=self.random) in place of tf.nn.dropout.",
)


class Written(NamedTuple):
    """A variable, table, iterator or the like that an operation changes.

    Attributes:
        operation: The type of the operation.
        node: Its name.
    """

    operation: str
    node: str


def check_resumable(owner: str, graph: Any, holders: Iterable[Any], instead: tuple[str, str] = SEEDED) -> None:
    """Check that what a traced update draws at random and changes is in the state that checkpoints hold.

    Args:
        owner: The update's name, for messages.
        graph: The `FuncGraph` that it was traced into; the functions that it calls are looked through too.
        holders: Objects whose state is saved, such as the learner.
        instead: Where random numbers are expected from, and how to mend it.

    Raises:
        UsageError: On random numbers of TensorFlow's kernels, calls of Python, or changes of what is in no state.
    """
    traced = graph.as_graph_def()
    functions = {f.signature.name: f for f in traced.library.function}
    for node in _nodes(traced, functions.values()):
        if node.op in RANDOM or (node.op in POOLING and not node.attr["deterministic"].b):
            raise UsageError(
                f"{owner} received the operation {node.op} ({node.name}), whose random numbers no checkpoint can hold; "
                f"expected {instead[0]}. Fix: {instead[1]}"
            )
        if node.op in PYTHON:
            raise UsageError(
                f"{owner} received the operation {node.op} ({node.name}), which calls Python, whose state no "
                "checkpoint holds; expected operations of TensorFlow. Fix: write it in TensorFlow, or "
                "tf.numpy_function(..., stateful=False) where the same arguments always give the same."
            )
    captured = {inner.name.partition(":")[0]: outer for outer, inner in graph.captures if inner.dtype == tf.resource}
    if not captured:
        return
    held = [variable.handle for holder in holders for variable in variables(holder)]
    known = {id(handle) for handle in held}
    for name, written in _written(traced.node, {name: name for name in captured}, functions, {}).items():
        if id(captured[name]) not in known:
            raise UsageError(
                f"{owner} received the operation {written.operation} ({written.node}), which changes a variable, "
                "generator, table or iterator that no checkpoint holds; expected changes of the learner's own state "
                "alone. Fix: keep it in an attribute made in `build`, or in a layer as "
                "self.add_weight(trainable=False) or keras.random.SeedGenerator."
            )


def _nodes(traced: Any, functions: Iterable[Any]) -> Iterator[Any]:
    yield from traced.node
    for function in functions:
        yield from function.node_def


def _written(
    nodes: Iterable[Any], names: Mapping[str, Any], functions: Mapping[str, Any], met: dict[str, dict[int, Written]]
) -> dict[Any, Written]:
    """Return which of some resources nodes change, themselves or in functions that they call.

    Args:
        nodes: Of a graph or a function.
        names: What to call each resource, by the name of the tensor that it is there.
        functions: By name.
        met: What is known already of functions' arguments, by the function's name.
    """
    found: dict[Any, Written] = {}
    for node in nodes:
        places = [(i, names[name]) for i, given in enumerate(node.input) if (name := given.partition(":")[0]) in names]
        if not places:
            continue
        called = [name for value in node.attr.values() for name in _functions_in(value) if name in functions]
        if not called and node.op not in READS and node.op != "Identity":
            found.update({key: Written(node.op, node.name) for _, key in places})
        first = 1 if node.op in BRANCHES else 0
        for name in called:
            inside = _arguments_written(functions[name], functions, met)
            found.update({key: inside[i - first] for i, key in places if i - first in inside})
    return found


def _arguments_written(
    function: Any, functions: Mapping[str, Any], met: dict[str, dict[int, Written]]
) -> dict[int, Written]:
    name = function.signature.name
    if name not in met:
        # A function that calls itself changes no more by that.
        met[name] = {}
        arguments = {argument.name: i for i, argument in enumerate(function.signature.input_arg)}
        resources = {
            n: i for n, i in arguments.items() if function.signature.input_arg[i].type == tf.resource.as_datatype_enum
        }
        met[name] = _written(function.node_def, resources, functions, met)
    return met[name]


def _functions_in(value: Any) -> list[str]:
    if value.HasField("func"):
        return [value.func.name]
    return [function.name for function in value.list.func] if value.HasField("list") else []
