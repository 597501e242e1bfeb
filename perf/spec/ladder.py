"""The ladder: every variant, in the order in which the variants are measured and shown. To add one, add an entry.

Published figures are seconds per image, the mean of 10, from "Accelerating Stable Diffusion Inference on Intel CPUs"
(Hugging Face, March 2023): 512x512, 20 steps. Sapphire Rapids is an Amazon EC2 r7iz.metal-16xl (32 cores); the
Ice Lake machine is not named. Revisions of the article disagree about the IPEX row (5.4 and 6.3).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence

from perf.errors import UnknownName
from perf.spec.variant import Limits, Precision, Quantized, Tuning, Variant

ICE_LAKE = "Ice Lake"
SAPPHIRE_RAPIDS = "Sapphire Rapids"
JEMALLOC = Tuning(allocator="jemalloc")
TCMALLOC = Tuning(allocator="tcmalloc")

LADDER: tuple[Variant, ...] = (
    Variant(
        name="eager-fp32",
        about="PyTorch as it comes: float32, nothing tuned. The row all others are compared with.",
        stack="current",
        backend="eager",
        precision="fp32",
        published_s={ICE_LAKE: 45.0, SAPPHIRE_RAPIDS: 32.3},
    ),
    Variant(
        name="eager-fp32-jemalloc",
        about="The same with jemalloc and Intel OpenMP preloaded, on the cores of one socket.",
        stack="current",
        backend="eager",
        precision="fp32",
        tuning=JEMALLOC,
        published_s={SAPPHIRE_RAPIDS: 11.8},
    ),
    Variant(
        name="eager-fp32-tcmalloc",
        about="The same with tcmalloc, the article's alternative to jemalloc.",
        stack="current",
        backend="eager",
        precision="fp32",
        tuning=TCMALLOC,
    ),
    Variant(
        name="bf16-autocast",
        about="float32 weights, matrix products and convolutions in bfloat16 under CPU autocast.",
        stack="current",
        backend="eager",
        precision="bf16-autocast",
    ),
    Variant(
        name="bf16-channels-last",
        about="Weights converted to bfloat16 once, in the memory format that convolutions prefer.",
        stack="current",
        backend="eager",
        precision="bf16-weights",
        channels_last=True,
    ),
    Variant(
        name="bf16-compile",
        about="The same with the UNet and the VAE decoder compiled by TorchInductor.",
        stack="current",
        backend="eager",
        precision="bf16-weights",
        channels_last=True,
        compiled="plain",
        warmup_rounds=2,  # the first one compiles; the second is the warm-up that the other rows have
    ),
    Variant(
        name="bf16-compile-freeze",
        about="The same with the weights taken for constants, so that TorchInductor packs them for oneDNN beforehand.",
        stack="current",
        backend="eager",
        precision="bf16-weights",
        channels_last=True,
        compiled="freezing",
        warmup_rounds=2,
    ),
    Variant(
        name="bf16-compile-autotune",
        about="The same, the fastest kernel of each matrix product found by timing oneDNN's and C++ templates.",
        stack="current",
        backend="eager",
        precision="bf16-weights",
        channels_last=True,
        compiled="max-autotune",
        warmup_rounds=2,
    ),
    Variant(
        name="fp16-channels-last",
        about="Weights converted to float16 once, where the CPU multiplies it by itself.",
        stack="current",
        backend="eager",
        precision="fp16-weights",
        channels_last=True,
    ),
    Variant(
        name="lcm-4",
        about="A latent consistency model in bfloat16: four steps, each of which sees the image once.",
        stack="current",
        backend="eager",
        precision="bf16-weights",
        channels_last=True,
        latent_consistency=True,
        steps=4,
    ),
    Variant(
        name="ipex-bf16",
        about="Intel Extension for PyTorch on top of the system tuning: weights prepacked, bf16 autocast.",
        stack="ipex",
        backend="ipex",
        precision="bf16-autocast",
        channels_last=True,
        tuning=JEMALLOC,
    ),
    Variant(
        name="ipex-bf16-sample-input",
        about="The same, the UNet optimised for a sample input of the shapes that it will see, as in the article.",
        stack="ipex",
        backend="ipex",
        precision="bf16-autocast",
        channels_last=True,
        sample_input=True,
        tuning=JEMALLOC,
        published_s={SAPPHIRE_RAPIDS: 5.4},
    ),
    Variant(
        name="ipex-bf16-dpm",
        about="The same with DPMSolverMultistepScheduler: one UNet call fewer than PNDM for the same steps.",
        stack="ipex",
        backend="ipex",
        precision="bf16-autocast",
        scheduler="dpm-solver",
        channels_last=True,
        sample_input=True,
        tuning=JEMALLOC,
        published_s={SAPPHIRE_RAPIDS: 5.05},
    ),
    Variant(
        name="openvino-dynamic",
        about="Exported once by optimum-intel, any size accepted; OpenVINO chooses the precision.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        published_s={SAPPHIRE_RAPIDS: 16.7},
    ),
    Variant(
        name="openvino-static",
        about="The same, reshaped to one image of the measured size before it is compiled.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        static_shape=True,
        published_s={SAPPHIRE_RAPIDS: 4.7},
    ),
    Variant(
        name="openvino-static-dpm",
        about="The same with DPMSolverMultistepScheduler.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        scheduler="dpm-solver",
        static_shape=True,
    ),
    Variant(
        name="openvino-static-taesd",
        about="The static one with the small VAE, AutoencoderTiny, which decodes nearly for nothing.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        static_shape=True,
        vae="taesd",
    ),
    Variant(
        name="openvino-int8-hybrid",
        about="The static one quantised by NNCF: the UNet's convolutions in int8, weights of 8 bits elsewhere.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        static_shape=True,
        quantized="int8-hybrid",
    ),
    Variant(
        name="openvino-int8-weights",
        about="The static one with weights of 8 bits, which are widened again before each product: for memory alone.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        static_shape=True,
        quantized="int8-weights",
    ),
    Variant(
        name="openvino-lcm-4",
        about="The latent consistency model of lcm-4, static, by OpenVINO.",
        stack="current",
        backend="openvino",
        precision="chosen-by-backend",
        static_shape=True,
        latent_consistency=True,
        steps=4,
    ),
    Variant(
        name="genai-static",
        about="The models of openvino-static driven by OpenVINO GenAI: C++ all the way, in a stack without torch.",
        stack="genai",
        backend="genai",
        precision="chosen-by-backend",
        static_shape=True,
    ),
    Variant(
        name="genai-int8",
        about="The same with the models of openvino-int8-hybrid.",
        stack="genai",
        backend="genai",
        precision="chosen-by-backend",
        static_shape=True,
        quantized="int8-hybrid",
    ),
    Variant(
        name="onnxruntime",
        about="Exported once by optimum-onnx, run by ONNX Runtime in float32: it has no bfloat16 for CPUs.",
        stack="onnx",
        backend="onnxruntime",
        precision="fp32",
    ),
)

EAGER_FP32 = "eager-fp32"
MAKER = "current"  # the stack that makes checkpoints, exports and references for all rows

# How far a row's image may be from that of eager float32. Measured on an AMD EPYC (Genoa) with both synthetic
# checkpoints, tiny at 128x128 and full-size at 256x256, 20 steps (`python -m perf explain` prints it for any run):
# float32 rows bit-equal; bfloat16 rows 48.4 to 52.6 dB, SSIM 0.9996 to 0.9998, latents 0.9 to 1.7 %. On the tiny one,
# a UNet that finds no noise (4 steps): 25 dB, 32 %; other timesteps of the same scheduler: 29 %.
BFLOAT16 = Limits(psnr_db=40, ssim=0.998, latents_error=0.05)  # three times the error that bfloat16 causes
# Int8 on an AMD EPYC (Turin), tiny likewise, full-size by --quick: hybrid 39.2 to 40.8 dB, SSIM 0.9968 to 0.9978,
# latents 4.4 to 5.6 %; weights alone 45.8 to 48.9 dB, SSIM 0.9993 to 0.9997, latents 1.3 to 2.2 %, as bfloat16.
INT8_ACTIVATIONS = Limits(psnr_db=30, ssim=0.97, latents_error=0.17)  # three times that error, too
FIDELITY: Mapping[Precision | Quantized, Limits] = {
    "fp32": Limits(psnr_db=80, ssim=0.9999, latents_error=0.001),  # the same additions may come in another order
    "bf16-autocast": BFLOAT16,
    "bf16-weights": BFLOAT16,
    "fp16-weights": BFLOAT16,  # three more bits of fraction: nearer, and not measured on a CPU that has it
    "chosen-by-backend": BFLOAT16,  # OpenVINO takes bfloat16 where the CPU has it
    "int8-hybrid": INT8_ACTIVATIONS,
    "int8-weights": BFLOAT16,
}


def select(names: Iterable[str], rows: Sequence[Variant] = LADDER) -> tuple[Variant, ...]:
    """Return the variants of these names or patterns in ladder order, or all of them for none.

    A pattern is a shell's, ``openvino-*``. ``rows`` are the suite's own, and whatever a settings file adds to them.
    Raises UnknownName for one that no variant matches.
    """
    wanted = set(names)
    known = [variant.name for variant in rows]
    for pattern in sorted(wanted):
        if not fnmatch.filter(known, pattern):
            raise UnknownName("variant", pattern, known)
    return tuple(variant for variant in rows if not wanted or any(fnmatch.fnmatch(variant.name, p) for p in wanted))


def has(pattern: str, rows: Sequence[Variant] = LADDER) -> bool:
    """Tell whether a name or a pattern is that of any variant."""
    return any(fnmatch.fnmatch(variant.name, pattern) for variant in rows)


def stacks(rows: Sequence[Variant] = LADDER) -> tuple[str, ...]:
    """Return the names of all stacks that these rows use, each once, in ladder order."""
    return tuple(dict.fromkeys(variant.stack for variant in rows))
