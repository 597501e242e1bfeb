"""Claims on what is computed and how: precision, instructions, memory format, shapes, scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from perf.proof.claims.claim import Claim, Facts, equal, expecting
from perf.records.evidence import Kernel, share

MOSTLY = 0.8  # of the time in products, which small ones of odd shapes never all spend in the widest instructions
NEARLY_ALL = 0.99
ISA_NAMES = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 bf16"}

# How many UNet calls a generation of n steps makes; a scheduler that is not here is not claimed anything of.
UNET_CALLS: Mapping[str, Callable[[int], int]] = {
    "PNDMScheduler": lambda steps: steps + 1,
    "DPMSolverMultistepScheduler": lambda steps: steps,
    "DDIMScheduler": lambda steps: steps,
    "EulerDiscreteScheduler": lambda steps: steps,
}
MKL = "mkl:"
DPM_SOLVER = "DPMSolverMultistepScheduler"


def precision(facts: Facts) -> Claim:
    """What the products are computed in, by the time spent in them."""
    wanted = "bf16" if facts.computes_in_bf16 else "f32"
    products = facts.products
    found = share(products, [kernel for kernel in products if kernel.in_bf16 == (wanted == "bf16")])
    if found is None:
        return Claim("precision", False, "no matrix product or convolution was seen")
    told = facts.evidence.state.precision
    holds = found >= (MOSTLY if wanted == "bf16" else NEARLY_ALL) and told in (None, wanted)
    hint = f"; OpenVINO was told {told}" if told else ""
    says = f"{found:.0%} of matmul and convolution time in {wanted}{hint}"
    return expecting("precision", holds, says, f"over {MOSTLY:.0%}" if wanted == "bf16" else "all")


def instructions(facts: Facts) -> Claim | None:
    """Which instruction set bfloat16 runs on, by the products whose implementation says so; MKL's do not."""
    isa = facts.machine.bf16_isa
    if not facts.computes_in_bf16 or isa is None:
        return None
    telling = [kernel for kernel in facts.products if not kernel.implementation.startswith(MKL)]
    found = share(telling, [kernel for kernel in telling if runs_on(kernel, isa)]) or 0.0
    says = f"{found:.0%} of matmul and convolution time on {ISA_NAMES[isa]}"
    return expecting("instructions", found >= MOSTLY, says, f"over {MOSTLY:.0%}; {why(facts)}")


def runs_on(kernel: Kernel, isa: str) -> bool:
    """Whether the implementation's name says that it uses the instruction set."""
    if isa == "amx_bf16":
        return "amx" in kernel.implementation
    return kernel.in_bf16 and not kernel.implementation.endswith(("avx512_core", "ref", "any"))


def why(facts: Facts) -> str:
    """What may explain other instructions than expected: the library's own word, and the environment."""
    evidence = facts.evidence
    used = max(facts.products, key=lambda kernel: kernel.time_s, default=None)
    said = [f"oneDNN reports {evidence.state.isa}"] if evidence.state.isa else []
    said += [f"most time is in {used.implementation} {used.types}"] if used else []
    said += [f"{name} is set ({value})" for name, value in evidence.surroundings.steering.items() if "ISA" in name]
    return "; ".join(said)


def weights(facts: Facts) -> Claim | None:
    """The type that the UNet's weights are kept in."""
    found = facts.evidence.state.weights
    if found is None:
        return None
    in_bf16 = facts.variant.precision == "bf16-weights" or facts.variant.backend == "ipex"
    wanted = "bf16" if in_bf16 else "f32"
    kept = found.get(wanted, 0) / sum(found.values())
    return expecting("weights", kept > NEARLY_ALL, f"{kept:.0%} of the UNet's weights are {wanted}", "all")


def memory_format(facts: Facts) -> Claim | None:
    found = facts.evidence.state.channels_last
    if found is None:
        return None
    wanted = facts.variant.channels_last
    holds = found > NEARLY_ALL if wanted else found < 1 - NEARLY_ALL
    says = f"{found:.0%} of the UNet's convolutions have channels_last weights"
    return expecting("memory format", holds, says, "all" if wanted else "none")


def compiled(facts: Facts) -> Claim | None:
    graphs = facts.evidence.state.graphs
    if graphs is None:
        return None
    wanted = facts.variant.compiled
    says = f"{graphs} graphs compiled by TorchInductor"
    return expecting("compiled", (graphs > 0) == wanted, says, "some" if wanted else "none")


def prepacked(facts: Facts) -> Claim | None:
    found = facts.evidence.state.prepacked
    if found is None:
        return None
    return expecting("prepacked", found >= MOSTLY, f"{found:.0%} of the UNet's products are IPEX's own", "nearly all")


def shapes(facts: Facts) -> Claim | None:
    found, wanted = facts.evidence.state.dynamic_shapes, not facts.variant.static_shape
    if found is None:
        return None
    return equal("shapes", "dynamic" if found else "static", "dynamic" if wanted else "static")


def scheduler(facts: Facts) -> Claim:
    wanted = DPM_SOLVER if facts.variant.scheduler == "dpm-solver" else facts.scheduler
    return equal("scheduler", facts.evidence.state.scheduler, wanted)


def unet_calls(facts: Facts) -> Claim | None:
    """How many UNet calls each timed generation made."""
    calls = UNET_CALLS.get(facts.evidence.state.scheduler)
    found = {len(sample.parts.unet_steps_s) for sample in facts.session.samples}
    if calls is None or not found:
        return None
    wanted = calls(facts.steps)
    said = " or ".join(map(str, sorted(found)))
    return expecting("UNet calls", found == {wanted}, f"{said} in each generation", wanted)


CLAIMS: Sequence[Callable[[Facts], Claim | None]] = (
    precision,
    instructions,
    weights,
    memory_format,
    compiled,
    prepacked,
    shapes,
    scheduler,
    unet_calls,
)
