"""What OpenVINO's own profile of a call tells: operations in oneDNN's names, and the layers that they belong to."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from openvino import CompiledModel, Model, ProfilingInfo

from perf.records.evidence import Executed
from perf.worker.layers import layer_of

# OpenVINO's names -> oneDNN's.
LAYERS = {"Convolution": "convolution", "FullyConnected": "matmul", "MatMul": "matmul"}
# A product whose weights are kept in 8 bits, and widened to the type of what they are multiplied with.
COMPRESSED = "FullyConnectedCompressed"
# What is in the profile and runs nothing by itself: what was fused into something else, and the model's ends.
FUSED, ENDS = "undef", frozenset({"Parameter", "Result", "Constant"})
# The module of an operation, as the export has named it; a denoiser that is told the guidance is wrapped in another.
TRACED = re.compile(r"__module\.(?:model\.)?([\w.]+)")
TYPES = {"FP32": "f32", "BF16": "bf16", "FP16": "f16", "I8": "i8", "U8": "u8"}
NAMES = {"f32": "f32", "f16": "f16", "bf16": "bf16", "i8": "i8", "u8": "i8"}  # of the types of constants


def primitives(compiled: CompiledModel) -> dict[str, str]:
    """Return the name of each layer of a compiled model -> the primitive that it runs."""
    layers = compiled.get_runtime_model().get_ops()
    return {layer.get_friendly_name(): layer.get_rt_info()["primitiveType"].value for layer in layers}


def named(profiled: Iterable[ProfilingInfo]) -> Iterator[tuple[str, float]]:
    """Yield the layer that each operation belongs to and its seconds; what the compiler has added belongs to none."""
    for operation in filter(runs, profiled):
        traced = TRACED.match(operation.node_name)
        if traced and (layer := layer_of(traced[1])):
            yield layer, operation.real_time.total_seconds()


def executed(profiled: Iterable[ProfilingInfo], primitives: Mapping[str, str]) -> Iterator[Executed]:
    """Yield what was executed, with its seconds."""
    for layer in filter(runs, profiled):
        primitive = primitives.get(layer.node_name, layer.exec_type)
        implementation, _, precision = primitive.rpartition("_")
        types = TYPES.get(precision, precision)
        if layer.node_type == COMPRESSED:
            operation, types = "matmul", f"{types}:i8:{types}"
        else:
            operation = LAYERS.get(layer.node_type, layer.node_type.lower())
        yield operation, implementation, types, layer.real_time.total_seconds()


def runs(operation: ProfilingInfo) -> bool:
    """Tell whether something in the profile is an operation that runs.

    Its status says so only of what took a microsecond or more, which is another set in every call of the same model.
    """
    return operation.exec_type != FUSED and operation.node_type not in ENDS


def quantized_weights(model: Model) -> dict[str, int] | None:
    """Return the number of a model's weights of each type; None of one that has none of 8 bits.

    What is smaller than a matrix, and what only steers operations, is left out.
    """
    counts: Counter[str] = Counter()
    for constant in model.get_ops():
        name = constant.get_element_type().get_type_name() if constant.get_type_name() == "Constant" else None
        if name in NAMES and len(constant.get_output_shape(0)) > 1:
            counts[NAMES[name]] += math.prod(constant.get_output_shape(0))
    return dict(counts) if counts["i8"] else None
