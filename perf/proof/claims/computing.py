"""Claims on what is computed and how: precision, instructions, memory format, shapes, scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from perf.proof.claims.claim import Facts, equal, expecting
from perf.records.claim import Claim
from perf.records.evidence import Kernel, share
from perf.records.part import Part
from perf.spec.variant import Variant

MOSTLY = 0.8  # of the time in products: small ones of odd shapes never use the widest instructions
NEARLY_ALL = 0.99
ISA_NAMES = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 bf16", "amx_fp16": "AMX fp16", "avx512_fp16": "AVX-512 fp16"}

# How many UNet calls a generation of so many steps makes; nothing is claimed of a scheduler that is not listed.
UNET_CALLS: Mapping[str, Callable[[int], int]] = {
    "PNDMScheduler": lambda steps: steps + 1,
    "DPMSolverMultistepScheduler": lambda steps: steps,
    "DDIMScheduler": lambda steps: steps,
    "EulerDiscreteScheduler": lambda steps: steps,
    "LCMScheduler": lambda steps: steps,
    "FlowMatchEulerDiscreteScheduler": lambda steps: steps,
}
MKL = "mkl:"
MOST_BEYOND_KERNELS = 1.5
DPM_SOLVER = "DPMSolverMultistepScheduler"


def precision(facts: Facts) -> Claim | None:
    """Claim the precision of the matrix products and convolutions, by the time spent in them.

    Convolutions in 8 bits are another claim's matter. Nothing is claimed where a package's backend tells no kernels.
    """
    if tells_no_products(facts):
        return None
    expected = facts.precision
    least, least_text = (NEARLY_ALL, "all") if expected == "f32" else (MOSTLY, f"over {100 * MOSTLY:.0f} %")
    products = facts.products
    if facts.variant.quantized:
        products = [kernel for kernel in products if kernel.precision != "i8"]
    reached = share(products, [kernel for kernel in products if kernel.precision == expected])
    if reached is None:
        return Claim("precision", False, "no matrix product or convolution was seen")
    setting = facts.evidence.state.precision  # OpenVINO's; None for the others
    holds = reached >= least and setting in (None, expected)
    sentence = f"{100 * reached:.0f} % of matmul and convolution time in {expected}"
    if setting:
        sentence += f"; OpenVINO was told {setting}"
    return expecting("precision", holds, sentence, least_text)


def int8_convolutions(facts: Facts) -> Claim | None:
    """Claim that the UNet's convolutions run in 8 bits, by the time spent in them, or that none does."""
    convolutions = [
        kernel for kernel in facts.products if kernel.part == Part.UNET_STEP and kernel.operation == "convolution"
    ]
    reached = share(convolutions, [kernel for kernel in convolutions if kernel.precision == "i8"])
    if reached is None or not facts.variant.runs_openvino:
        return None
    sentence = f"{100 * reached:.0f} % of the UNet's convolution time in int8"
    if facts.variant.quantized == "int8-hybrid":
        return expecting("int8", reached >= MOSTLY, sentence, f"over {100 * MOSTLY:.0f} %")
    return expecting("int8", reached == 0, sentence, "none")


def int8_weights(facts: Facts) -> Claim | None:
    """Claim that most of the UNet's products take their weights from 8 bits, by their number.

    Those of attention may be among them, which have no weights.
    """
    if not facts.variant.quantized:
        return None
    products = [kernel for kernel in facts.products if kernel.part == Part.UNET_STEP and kernel.operation == "matmul"]
    total = sum(kernel.count for kernel in products)
    narrow = sum(kernel.count for kernel in products if kernel.weights_are_int8)
    sentence = f"{narrow} of the UNet's {total} matmuls have weights of 8 bits"
    return expecting("int8 weights", 2 * narrow > total, sentence, "most")


def instructions(facts: Facts) -> Claim | None:
    """Claim the instruction set that 16 bits run on, by the products whose implementation names it; MKL's do not."""
    isa = facts.isa
    if isa is None or tells_no_products(facts):
        return None
    named = [kernel for kernel in facts.products if not kernel.implementation.startswith(MKL)]
    reached = share(named, [kernel for kernel in named if runs_on(kernel, isa)]) or 0.0
    sentence = f"{100 * reached:.0f} % of matmul and convolution time on {ISA_NAMES[isa]}"
    return expecting("instructions", reached >= MOSTLY, sentence, f"over {100 * MOSTLY:.0f} %; {likely_cause(facts)}")


def tells_no_products(facts: Facts) -> bool:
    """Tell whether a backend that a package brings lets nobody see what it multiplies with."""
    return facts.variant.is_brought and not facts.products


def runs_on(kernel: Kernel, isa: str) -> bool:
    """Return whether the implementation's name says that it uses the instruction set; 8 bits have one of their own."""
    if isa.startswith("amx"):
        return "amx" in kernel.implementation
    return kernel.precision != "f32" and not kernel.implementation.endswith(("avx512_core", "ref", "any"))


def likely_cause(facts: Facts) -> str:
    """Name what may explain other instructions than expected: oneDNN's report, the longest kernel, the environment."""
    evidence = facts.evidence
    longest = max(facts.products, key=lambda kernel: kernel.time_s, default=None)
    causes = []
    if evidence.state.isa:
        causes.append(f"oneDNN reports {evidence.state.isa}")
    if longest:
        causes.append(f"most time is in {longest.implementation} {longest.types}")
    causes += [f"{name} is set ({value})" for name, value in evidence.surroundings.steering.items() if "ISA" in name]
    return "; ".join(causes)


def weights(facts: Facts) -> Claim | None:
    """Claim the type that the UNet's weights are kept in."""
    counts = facts.evidence.state.weights
    if counts is None:
        return None
    expected = kept_in(facts.variant)
    kept = counts.get(expected, 0) / sum(counts.values())
    return expecting("weights", kept > NEARLY_ALL, f"{100 * kept:.0f} % of the UNet's weights are {expected}", "all")


def kept_in(variant: Variant) -> str:
    """Return the type of a variant's weights: autocast keeps float32, which IPEX converts beforehand."""
    if variant.quantized:
        return "i8"
    if variant.backend == "ipex":
        return "bf16"
    return {"bf16-weights": "bf16", "fp16-weights": "f16"}.get(variant.precision, "f32")


def memory_format(facts: Facts) -> Claim | None:
    """Claim whether the UNet's convolutions have their weights in channels_last."""
    reached = facts.evidence.state.channels_last
    if reached is None:
        return None
    sentence = f"{100 * reached:.0f} % of the UNet's convolutions have channels_last weights"
    if facts.variant.channels_last:
        return expecting("memory format", reached > NEARLY_ALL, sentence, "all")
    return expecting("memory format", reached < 1 - NEARLY_ALL, sentence, "none")


def compiled(facts: Facts) -> Claim | None:
    """Claim whether TorchInductor compiled anything."""
    graphs = facts.evidence.state.graphs
    if graphs is None:
        return None
    sentence = f"{graphs} graphs compiled by TorchInductor"
    if facts.variant.compiled:
        return expecting("compiled", graphs > 0, sentence, "some")
    return expecting("compiled", graphs == 0, sentence, "none")


def packed(facts: Facts) -> Claim | None:
    """Claim that TorchInductor took the weights for constants and packed them for oneDNN."""
    if facts.variant.compiled not in ("freezing", "max-autotune"):
        return None
    count = facts.evidence.state.packed or 0
    return expecting("packed", count > 0, f"weights of {count} products packed by TorchInductor", "some")


def autotuned(facts: Facts) -> Claim | None:
    """Claim that TorchInductor timed several kernels for each matrix product."""
    if facts.variant.compiled != "max-autotune":
        return None
    count = facts.evidence.state.autotuned or 0
    return expecting("autotuned", count > 0, f"{count} kernels chosen by timing them", "some")


def prepacked(facts: Facts) -> Claim | None:
    """Claim that IPEX replaced the UNet's products by its own, whose weights are packed beforehand."""
    reached = facts.evidence.state.prepacked
    if reached is None:
        return None
    sentence = f"{100 * reached:.0f} % of the UNet's products are IPEX's own"
    return expecting("prepacked", reached >= MOSTLY, sentence, f"over {100 * MOSTLY:.0f} %")


def shapes(facts: Facts) -> Claim | None:
    """Claim whether OpenVINO's models were compiled for one image size or for any."""
    is_dynamic = facts.evidence.state.dynamic_shapes
    if is_dynamic is None:
        return None
    observed = "dynamic" if is_dynamic else "static"
    return equal("shapes", observed, "static" if facts.variant.static_shape else "dynamic")


def own_models(facts: Facts) -> Claim | None:
    """Claim that GenAI's UNet is the model that was profiled: its fastest call takes no longer than that one's kernels.

    GenAI lets nobody look into it. A model of other shapes shows so; float32 shows in the image. What several instances
    took is an image's share of all of them.
    """
    shares = facts.protocol.batch * max(1, len(facts.protocol.instances))
    steps_s = [shares * step_s for sample in facts.session.samples for step_s in sample.parts.unet_steps_s]
    if facts.variant.backend != "genai" or not steps_s:
        return None
    kernels_s = sum(kernel.time_s for kernel in facts.evidence.kernels if kernel.part == Part.UNET_STEP)
    sentence = f"GenAI's fastest UNet call takes {1000 * min(steps_s):.3g} ms, its kernels {1000 * kernels_s:.3g} ms"
    return expecting("GenAI", min(steps_s) <= MOST_BEYOND_KERNELS * kernels_s, sentence, "hardly more")


def scheduler(facts: Facts) -> Claim:
    """Claim the scheduler's class: the variant's own, or else the checkpoint's."""
    expected = DPM_SOLVER if facts.variant.scheduler == "dpm-solver" else facts.scheduler
    return equal("scheduler", facts.evidence.state.scheduler, expected)


def unet_calls(facts: Facts) -> Claim | None:
    """Claim the number of UNet calls in each timed generation."""
    calls_of = UNET_CALLS.get(facts.evidence.state.scheduler)
    counts = {len(sample.parts.unet_steps_s) for sample in facts.session.samples}
    if calls_of is None or not counts:
        return None
    expected = calls_of(facts.protocol.steps)
    observed = " or ".join(map(str, sorted(counts)))
    return expecting("UNet calls", counts == {expected}, f"{observed} in each generation", expected)


CLAIMS: Sequence[Callable[[Facts], Claim | None]] = (
    precision,
    int8_convolutions,
    int8_weights,
    instructions,
    weights,
    memory_format,
    compiled,
    packed,
    autotuned,
    prepacked,
    shapes,
    own_models,
    scheduler,
    unet_calls,
)
