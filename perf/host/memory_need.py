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
    """The bytes that a worker is estimated to take, and ``what`` takes them, such as a model in float32."""

    what: str
    needed_bytes: int

    def __str__(self) -> str:
        return f"{self.what} takes about {self.needed_bytes / GIB:.0f} GiB here"

    def fits(self, machine: Machine) -> bool:
        """Tell whether as much may be used on the machine."""
        return self.needed_bytes <= usable_bytes(machine)

    def is_large(self, machine: Machine) -> bool:
        """Tell whether it is a good part of what may be used, so that somebody may want to know."""
        return self.needed_bytes > WORTH_SAYING * usable_bytes(machine)


def usable_bytes(machine: Machine) -> int:
    """Return the machine's memory, or the limit of the control group that this process is in."""
    return min(machine.memory_bytes, machine.memory_limit_bytes or machine.memory_bytes)


def memory_need(variant: Variant, model: str, parameters: int, size: Size, *, exports: bool) -> MemoryNeed:
    """Return what a worker of this row takes for images of that size.

    Args:
        variant: The row.
        model: The model's name.
        parameters: The number of all its parameters.
        size: The size of the images.
        exports: Whether the model must be exported first; only for backends that run an export.
    """
    factor = EXPORTING[variant.backend] if exports else _running(variant)
    weights_bytes = factor * FLOAT32_BYTES * parameters
    image_bytes = BYTES_PER_PIXEL * size.width * size.height
    if variant.precision != "fp32":
        image_bytes //= 2
    return MemoryNeed(
        what=f"{model} {_how(variant, exports=exports)}",
        needed_bytes=int(LIBRARIES_BYTES + weights_bytes + image_bytes),
    )


def _running(variant: Variant) -> float:
    if variant.quantized:
        return QUANTIZED[variant.quantized]
    return BACKENDS.get(variant.backend) or EAGER.get(variant.precision, CONVERTED)


def _how(variant: Variant, *, exports: bool) -> str:
    if exports:
        return f"exported to {'ONNX' if variant.backend == 'onnxruntime' else 'OpenVINO'}"
    return "in float32" if variant.precision == "fp32" else f"as {variant.name}"
