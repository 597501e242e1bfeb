"""The memory that a worker will need, estimated before it starts from the model's parameters and the row.

The figures are fitted to peaks of the full-size Stable Diffusion 1.5 on two cores at 512x512: eager fp32 5.3 to 7.2 GB,
bf16 weights 5.6 (they are loaded as float32), autocast 6.7 to 7.3, IPEX 8 to 10.5, OpenVINO 7.1 to 9 (in 8 bits 3.1 to
4.9, with weights alone in 8 bits 7.2), and 11.5 while exporting, 14 while quantising, ONNX Runtime 10.4 at 256x256 and
14.7, and 19.4 while exporting. Only a row that cannot fit is refused: of what was measured twice, the smaller figure
counts more.
"""

from __future__ import annotations

from dataclasses import dataclass

from perf.host.machine import GIB, Machine
from perf.spec.protocol import Size
from perf.spec.variant import Variant

FLOAT32_BYTES = 4
LIBRARIES_BYTES = 500_000_000
BYTES_PER_PIXEL = 3_800  # what the VAE's decoding takes in float32, at 512x512; half of it in bfloat16
WORTH_SAYING = 0.5  # of the machine's memory

# How many times the weights in float32 a worker takes.
EAGER = {"fp32": 1.0, "bf16-autocast": 1.2}  # autocast keeps copies of the weights in bfloat16
CONVERTED = 1.1  # from float32, a model at a time
BACKENDS = {"ipex": 1.5, "openvino": 1.3, "genai": 1.3, "onnxruntime": 1.8}
QUANTIZED = {"int8-hybrid": 0.5, "int8-weights": 1.1}
EXPORTING = {"openvino": 2.3, "genai": 2.3, "onnxruntime": 3.2}


@dataclass(frozen=True, kw_only=True)
class MemoryNeed:
    """The bytes that workers are estimated to take, and ``what`` takes them, such as a model in float32.

    ``each_bytes`` are those of one worker, ``first_bytes`` those of one that has an export to make, alone, before
    ``instances`` of them run side by side.
    """

    what: str
    each_bytes: int
    first_bytes: int = 0
    instances: int = 1

    @property
    def needed_bytes(self) -> int:
        """The most that is needed at any time."""
        return max(self.first_bytes, self.instances * self.each_bytes)

    def __str__(self) -> str:
        is_many = self.instances > 1 and self.needed_bytes > self.first_bytes
        takes = f"{self.instances} times {self.what} take" if is_many else f"{self.what} takes"
        return f"{takes} about {self.needed_bytes / GIB:.0f} GiB here"

    def fits(self, machine: Machine) -> bool:
        """Tell whether as much may be used on the machine."""
        return self.needed_bytes <= usable_bytes(machine)

    def most_instances(self, machine: Machine) -> int:
        """Return how many workers side by side would fit."""
        return usable_bytes(machine) // self.each_bytes

    def is_large(self, machine: Machine) -> bool:
        """Tell whether it is a good part of what may be used, so that somebody may want to know."""
        return self.needed_bytes > WORTH_SAYING * usable_bytes(machine)


def usable_bytes(machine: Machine) -> int:
    """Return the machine's memory, or the limit of the control group that this process is in."""
    return min(machine.memory_bytes, machine.memory_limit_bytes or machine.memory_bytes)


def memory_need(
    variant: Variant, model: str, parameters: int, size: Size, *, exports: bool, batch: int = 1, instances: int = 1
) -> MemoryNeed:
    """Return what the workers of this row take for images of that size.

    Args:
        variant: The row.
        model: The model's name.
        parameters: The number of all its parameters.
        size: The size of the images.
        exports: Whether the model must be exported first; only for backends that run an export.
        batch: The images that a worker makes at once.
        instances: The workers side by side.
    """
    image_bytes = batch * BYTES_PER_PIXEL * size.width * size.height
    if variant.precision != "fp32":
        image_bytes //= 2

    def with_weights(factor: float) -> int:
        return int(LIBRARIES_BYTES + factor * FLOAT32_BYTES * parameters + image_bytes)

    each_bytes = with_weights(_running(variant))
    first_bytes = with_weights(EXPORTING[variant.backend]) if exports else 0
    return MemoryNeed(
        what=f"{model} {_how(variant, exports=exports and first_bytes >= instances * each_bytes)}",
        each_bytes=each_bytes,
        first_bytes=first_bytes,
        instances=instances,
    )


def _running(variant: Variant) -> float:
    if variant.quantized:
        return QUANTIZED[variant.quantized]
    return BACKENDS.get(variant.backend) or EAGER.get(variant.precision, CONVERTED)


def _how(variant: Variant, *, exports: bool) -> str:
    if exports:
        return f"exported to {'ONNX' if variant.backend == 'onnxruntime' else 'OpenVINO'}"
    return "in float32" if variant.precision == "fp32" else f"as {variant.name}"
