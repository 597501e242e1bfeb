"""Each claim, of evidence that bears it out and of evidence that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perf.host.machine import Machine
from perf.measure.command import MALLOC_CONF
from perf.proof.claims import Claim, Facts, check, failed
from perf.records.claim import worst_of
from perf.records.evidence import Evidence, Kernel
from perf.records.sample import Session
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from tests.builders.evidence import AMX_CONVOLUTION, AMX_MATMUL, DECODE, PLAIN, REORDER, evidence
from tests.builders.machines import GENOA, recorded
from tests.builders.samples import sample

SAPPHIRE_RAPIDS = replace(GENOA, flags=frozenset({"amx_bf16", "avx512_bf16", "avx512_fp16"}))
ICE_LAKE = replace(GENOA, flags=frozenset({"avx512_vnni"}))
STEPS = 20
PROTOCOL = Protocol(size=Size(512, 512), steps=STEPS)

F32 = tuple(
    replace(kernel, types="f32", implementation="brg_conv_fwd:avx512_core") for kernel in (AMX_CONVOLUTION, DECODE)
)
F16 = tuple(
    replace(kernel, types="f16", implementation="brg_conv_fwd:avx512_core_fp16") for kernel in (AMX_CONVOLUTION, DECODE)
)
# A quantised UNet as OpenVINO's profile shows it: convolutions in 8 bits, the products of attention in bfloat16, and
# linear layers that widen their weights.
INT8_CONVOLUTION = replace(AMX_CONVOLUTION, implementation="brgconv_avx512_amx", types="i8")
WIDENED = replace(AMX_MATMUL, implementation="brgemm_avx512_amx", types="bf16:i8:bf16", count=100)
HYBRID = (INT8_CONVOLUTION, AMX_MATMUL, WIDENED, DECODE)
COMPRESSED = (AMX_CONVOLUTION, AMX_MATMUL, WIDENED, DECODE)
TUNED = replace(
    PLAIN,
    allocators=("libjemalloc.so.2",),
    openmp=("libgomp-24e2ab19.so.1", "libiomp5.so"),
    malloc_conf=MALLOC_CONF,
    cpus={"0,2": 4},
)


def claims(
    name: str,
    seen: Evidence,
    machine: Machine = SAPPHIRE_RAPIDS,
    *,
    calls: int | None = None,
    scheduler: str = "PNDMScheduler",
    step_s: float = 0.05,
) -> list[Claim]:
    (variant,) = ladder.select([name])
    steps = variant.steps or STEPS
    usual_calls = steps + 1 if scheduler == "PNDMScheduler" else steps
    timed = replace(sample(1.0), parts=replace(sample(1.0).parts, unet_steps_s=(step_s,) * (calls or usual_calls)))
    return check(
        Facts(
            variant=variant,
            machine=machine,
            scheduler=scheduler,
            protocol=replace(PROTOCOL, steps=steps),
            session=Session(variant=name, load_s=1.0, export_s=0.0, warmups=(), samples=(timed,)),
            evidence=seen,
        )
    )


def genai(*kernels: Any, **state: Any) -> Evidence:
    return openvino(*kernels, **{"dynamic_shapes": None, **state})


def openvino(*kernels: Any, **state: Any) -> Evidence:
    usual = {"weights": None, "channels_last": None, "graphs": None, "isa": None}
    own = {"precision": "bf16", "dynamic_shapes": False, "streams": 1, "pinned": True}
    return evidence(*kernels, **{**usual, **own, **state})


@pytest.mark.parametrize(
    ("name", "seen", "machine"),
    [
        ("bf16-channels-last", evidence(), SAPPHIRE_RAPIDS),
        ("eager-fp32", evidence(*F32, weights={"f32": 1000}, channels_last=0.0), ICE_LAKE),
        ("eager-fp32-jemalloc", evidence(*F32, weights={"f32": 1}, channels_last=0.0, surroundings=TUNED), ICE_LAKE),
        ("bf16-autocast", evidence(weights={"f32": 1000}, channels_last=0.0), SAPPHIRE_RAPIDS),
        ("bf16-compile", evidence(graphs=2), SAPPHIRE_RAPIDS),
        ("bf16-compile-freeze", evidence(graphs=2, packed=90), SAPPHIRE_RAPIDS),
        ("bf16-compile-autotune", evidence(graphs=2, packed=90, autotuned=40), SAPPHIRE_RAPIDS),
        ("fp16-channels-last", evidence(*F16, weights={"f16": 1000}), SAPPHIRE_RAPIDS),
        ("ipex-bf16", evidence(channels_last=None, prepacked=1.0, surroundings=TUNED), SAPPHIRE_RAPIDS),
        ("openvino-static", openvino(), SAPPHIRE_RAPIDS),
        ("openvino-static", openvino(*F32, precision="f32"), ICE_LAKE),
        ("openvino-static-taesd", openvino(), SAPPHIRE_RAPIDS),
        ("openvino-int8-hybrid", openvino(*HYBRID, weights={"i8": 1000}), SAPPHIRE_RAPIDS),
        ("openvino-int8-weights", openvino(*COMPRESSED, weights={"i8": 1000}), SAPPHIRE_RAPIDS),
        ("genai-static", genai(), SAPPHIRE_RAPIDS),
        ("genai-int8", genai(*HYBRID, weights={"i8": 1000}), SAPPHIRE_RAPIDS),
        ("openvino-dynamic", openvino(dynamic_shapes=True), SAPPHIRE_RAPIDS),
    ],
)
def test_what_is_so_is_found_so(name: str, seen: Evidence, machine: Machine) -> None:
    assert failed(claims(name, seen, machine)) == []


SLOW_MATMUL = replace(AMX_MATMUL, implementation="jit:avx512_core", time_s=3.0)
LIMITED = replace(PLAIN, steering={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"})


@pytest.mark.parametrize(
    ("name", "seen", "says"),
    [
        (
            "bf16-channels-last",
            evidence(AMX_CONVOLUTION, SLOW_MATMUL, REORDER, surroundings=LIMITED, isa="AVX-512 with bfloat16"),
            "instructions: 9 % of matmul and convolution time on AMX, expected over 80 %; oneDNN reports AVX-512 with "
            "bfloat16; most time is in jit:avx512_core bf16; ONEDNN_MAX_CPU_ISA is set (AVX512_CORE_BF16)",
        ),
        (
            "bf16-channels-last",
            evidence(weights={"f32": 1000}),
            "weights: 0 % of the UNet's weights are bf16, expected all",
        ),
        (
            "bf16-channels-last",
            evidence(channels_last=0.5),
            "memory format: 50 % of the UNet's convolutions have channels_last weights, expected all",
        ),
        ("bf16-compile", evidence(graphs=0), "compiled: 0 graphs compiled by TorchInductor, expected some"),
        ("bf16-channels-last", evidence(graphs=2), "compiled: 2 graphs compiled by TorchInductor, expected none"),
        (
            "bf16-compile-freeze",
            evidence(graphs=2),
            "packed: weights of 0 products packed by TorchInductor, expected some",
        ),
        (
            "bf16-compile-autotune",
            evidence(graphs=2, packed=90),
            "autotuned: 0 kernels chosen by timing them, expected some",
        ),
        (
            "bf16-compile-autotune",
            evidence(graphs=2, autotuned=40),
            "packed: weights of 0 products packed by TorchInductor, expected some",
        ),
        (
            "openvino-int8-hybrid",
            openvino(*COMPRESSED, weights={"i8": 1000}),
            "int8: 0 % of the UNet's convolution time in int8, expected over 80 %",
        ),
        (
            "openvino-int8-weights",
            openvino(*HYBRID, weights={"i8": 1000}),
            "int8: 100 % of the UNet's convolution time in int8, expected none",
        ),
        (
            "openvino-static",
            openvino(*HYBRID),
            "int8: 100 % of the UNet's convolution time in int8, expected none",
        ),
        (
            "openvino-int8-weights",
            openvino(weights={"i8": 1000}),
            "int8 weights: 0 of the UNet's 48 matmuls have weights of 8 bits, expected most",
        ),
        (
            "openvino-int8-weights",
            openvino(AMX_CONVOLUTION, AMX_MATMUL, replace(WIDENED, count=1), weights={"i8": 1000}),
            "int8 weights: 1 of the UNet's 49 matmuls have weights of 8 bits, expected most",
        ),
        (
            "openvino-int8-hybrid",
            openvino(*HYBRID, weights={"f16": 900, "i8": 100}),
            "weights: 10 % of the UNet's weights are i8, expected all",
        ),
        (
            "openvino-int8-hybrid",
            openvino(INT8_CONVOLUTION, replace(WIDENED, types="f32:i8:f32"), DECODE, weights={"i8": 1000}),
            "precision: 50 % of matmul and convolution time in bf16; OpenVINO was told bf16, expected over 80 %",
        ),
        (
            "fp16-channels-last",
            evidence(*F16, weights={"bf16": 1000}),
            "weights: 0 % of the UNet's weights are f16, expected all",
        ),
        (
            "fp16-channels-last",
            evidence(weights={"f16": 1000}),
            "precision: 0 % of matmul and convolution time in f16, expected over 80 %",
        ),
        ("openvino-static", openvino(dynamic_shapes=True), "shapes: dynamic, expected static"),
        ("openvino-static", openvino(streams=2), "streams: 2, expected 1"),
        ("openvino-static", openvino(threads=1), "threads: 1, expected 2"),
        ("openvino-static-dpm", openvino(), "scheduler: PNDMScheduler, expected DPMSolverMultistepScheduler"),
        ("bf16-channels-last", evidence(scheduler="DDIMScheduler"), "scheduler: DDIMScheduler, expected PNDMScheduler"),
        (
            "ipex-bf16",
            evidence(prepacked=0.2, surroundings=TUNED),
            "prepacked: 20 % of the UNet's products are IPEX's own, expected over 80 %",
        ),
        (
            "ipex-bf16",
            evidence(surroundings=replace(TUNED, allocators=())),
            "allocator: the C library's, expected jemalloc",
        ),
        (
            "ipex-bf16",
            evidence(surroundings=replace(TUNED, openmp=("libgomp.so.1",))),
            "OpenMP: libgomp.so.1, expected libiomp5.so preloaded",
        ),
        (
            "ipex-bf16",
            evidence(surroundings=replace(TUNED, malloc_conf=None)),
            f"MALLOC_CONF: None, expected {MALLOC_CONF}",
        ),
        (
            "ipex-bf16",
            evidence(surroundings=replace(TUNED, cpus={"0,2": 3, "0-3": 1})),
            "pinning: threads may run on CPUs 0-3, expected 0,2",
        ),
        (
            "bf16-channels-last",
            evidence(surroundings=replace(PLAIN, memory_policy="interleave")),
            "memory policy: interleave, expected default",
        ),
        (
            "bf16-channels-last",
            evidence(surroundings=replace(PLAIN, allocators=("libjemalloc.so.2",))),
            "allocator: libjemalloc.so.2, expected the C library's",
        ),
    ],
)
def test_what_is_not_so_is_said_in_a_sentence(name: str, seen: Evidence, says: str) -> None:
    assert says in [str(claim) for claim in failed(claims(name, seen))]


def test_autocast_that_is_off() -> None:
    failing = failed(claims("bf16-autocast", evidence(*F32, weights={"f32": 1000}, channels_last=0.0)))
    assert str(failing[0]) == "precision: 0 % of matmul and convolution time in bf16, expected over 80 %"


def test_openvino_that_was_told_f32() -> None:
    failing = failed(claims("openvino-static", openvino(*F32, precision="f32")))
    assert str(failing[0]) == (
        "precision: 0 % of matmul and convolution time in bf16; OpenVINO was told f32, expected over 80 %"
    )


@pytest.mark.parametrize(
    ("name", "usable_cores", "threads"),
    [("bf16-channels-last", 4, 4), ("bf16-channels-last", 2, 2), ("openvino-static", 4, 2)],
)
def test_torch_takes_the_cores_that_it_may_use_on_all_sockets(name: str, usable_cores: int, threads: int) -> None:
    """A process that is bound to one of two sockets has the cores of one; they were counted twice."""
    machine = replace(SAPPHIRE_RAPIDS, sockets=2, usable_cores=usable_cores)
    seen = openvino(threads=threads) if name.startswith("openvino") else evidence(threads=threads)
    assert failed(claims(name, seen, machine)) == []


@pytest.mark.parametrize(("policy", "holds"), [("preferred", True), ("preferred-many", True), ("default", False)])
def test_memory_is_where_it_was_asked_for(policy: str, holds: bool) -> None:
    seen = evidence(surroundings=replace(PLAIN, memory_policy=policy))
    failing = failed(claims("bf16-channels-last", seen, replace(SAPPHIRE_RAPIDS, memory_node=8)))
    assert [str(claim) for claim in failing] == ([] if holds else ["memory policy: default, expected preferred"])


def test_two_openmp_runtimes_at_once_are_said() -> None:
    (openmp,) = [str(claim) for claim in claims("ipex-bf16", evidence(surroundings=TUNED)) if claim.name == "OpenMP"]
    assert openmp == "OpenMP: libgomp-24e2ab19.so.1, libiomp5.so (2 at once)"


def test_a_unet_that_is_called_too_rarely() -> None:
    (failing,) = failed(claims("bf16-channels-last", evidence(), calls=STEPS))
    assert str(failing) == "UNet calls: 20 in each generation, expected 21"


def test_the_expectations_follow_the_cpu() -> None:
    wide = replace(AMX_CONVOLUTION, implementation="brg_conv_fwd:avx512_core_bf16")
    assert failed(claims("bf16-channels-last", evidence(wide), GENOA)) == []
    assert failed(claims("bf16-channels-last", evidence(wide), SAPPHIRE_RAPIDS)) != []


def test_mkl_does_not_say_what_it_runs_on() -> None:
    attention = replace(AMX_MATMUL, implementation="mkl:gemm_bf16bf16f32", types="bf16:bf16:f32", time_s=3.0)
    assert failed(claims("bf16-channels-last", evidence(AMX_CONVOLUTION, attention))) == []
    slow = replace(attention, implementation="mkl:sgemm", types="f32")
    (failing,) = failed(claims("bf16-channels-last", evidence(AMX_CONVOLUTION, slow)))
    assert str(failing) == "precision: 9 % of matmul and convolution time in bf16, expected over 80 %"


FALLEN_BACK = tuple(replace(kernel, implementation="ref:any") for kernel in F16)
ON_AMX = tuple(replace(kernel, implementation="brg_conv_fwd:avx10_1_512_amx_fp16") for kernel in F16)


@pytest.mark.parametrize(
    ("cpu", "kernels", "instructions"),
    [
        ("sapphire-rapids.known", F16, "100 % of matmul and convolution time on AVX-512 fp16"),
        ("sapphire-rapids.known", FALLEN_BACK, "0 % of matmul and convolution time on AVX-512 fp16, expected over"),
        ("granite-rapids.known", ON_AMX, "100 % of matmul and convolution time on AMX fp16"),
        ("granite-rapids.known", F16, "0 % of matmul and convolution time on AMX fp16, expected over 80 %; "),
    ],
)
def test_float16_runs_on_the_instructions_that_the_cpu_has(
    cpu: str, kernels: tuple[Kernel, ...], instructions: str
) -> None:
    seen = evidence(*kernels, weights={"f16": 1000})
    (said,) = [claim for claim in claims("fp16-channels-last", seen, recorded(cpu)) if claim.name == "instructions"]
    assert said.sentence.startswith(instructions)
    assert said.holds == ("expected" not in instructions)


def test_what_is_in_8_bits_does_not_count_for_the_precision_of_the_rest() -> None:
    """Of a quantised UNet most time may be in 8 bits; without them, what is left is all in bfloat16."""
    longer = replace(INT8_CONVOLUTION, time_s=30.0)
    quantized = {claim.name: claim for claim in claims("openvino-int8-hybrid", openvino(longer, *COMPRESSED[1:]))}
    assert quantized["precision"].sentence.startswith("100 % of matmul and convolution time in bf16")
    plain = {claim.name: claim for claim in claims("openvino-static", openvino(longer, *COMPRESSED[1:]))}
    assert not plain["precision"].holds


def test_rows_without_openvino_claim_nothing_of_8_bits() -> None:
    names = {claim.name for claim in claims("bf16-channels-last", evidence())}
    assert not names & {"int8", "int8 weights", "packed", "autotuned", "GenAI"}


@pytest.mark.parametrize(
    ("step_s", "holds"),
    [
        (0.5, True),
        (0.65, True),
        (1.0, False),
    ],  # its kernels take 0.65 s, a reorder among them; half as much again is allowed
)
def test_genais_calls_take_no_longer_than_the_kernels_that_were_seen(step_s: float, holds: bool) -> None:
    (said,) = [claim for claim in claims("genai-static", genai(), step_s=step_s) if claim.name == "GenAI"]
    assert said.holds == holds
    expected = f"GenAI's fastest UNet call takes {1000 * step_s:.3g} ms, its kernels 650 ms"
    assert said.sentence == (expected if holds else f"{expected}, expected hardly more")


def test_genais_fastest_call_counts_since_other_work_makes_calls_slower() -> None:
    (variant,) = ladder.select(["genai-static"])
    timed = replace(sample(1.0), parts=replace(sample(1.0).parts, unet_steps_s=(9.0, 0.5, 9.0)))
    session = Session(variant=variant.name, load_s=1.0, export_s=0.0, warmups=(), samples=(timed,))
    facts = Facts(
        variant=variant, machine=SAPPHIRE_RAPIDS, scheduler="", protocol=PROTOCOL, session=session, evidence=genai()
    )
    (said,) = [claim for claim in check(facts) if claim.name == "GenAI"]
    assert said.holds


@pytest.mark.parametrize("name", ["lcm-4", "openvino-lcm-4"])
def test_a_latent_consistency_model_makes_four_calls_whatever_the_protocol_says(name: str) -> None:
    make = openvino if name.startswith("openvino") else evidence
    seen = make(scheduler="LCMScheduler")
    assert failed(claims(name, seen, scheduler="LCMScheduler")) == []
    (failing,) = failed(claims(name, seen, scheduler="LCMScheduler", calls=STEPS))
    assert str(failing) == "UNet calls: 20 in each generation, expected 4"
    (failing,) = failed(claims(name, make(), scheduler="LCMScheduler", calls=5))
    assert str(failing) == "scheduler: PNDMScheduler, expected LCMScheduler"


def test_nothing_seen_is_nothing_proved() -> None:
    failing = failed(claims("bf16-channels-last", evidence(REORDER)))
    assert "precision: no matrix product or convolution was seen" in [str(claim) for claim in failing]


def test_a_claim_that_any_instance_does_not_hold_does_not_hold() -> None:
    fine, wrong = Claim("threads", True, "4"), Claim("threads", False, "8, expected 4")
    other = Claim("scheduler", True, "PNDMScheduler")
    assert worst_of([[fine, other]]) == [fine, other]
    assert worst_of([[fine, other], [fine, other]]) == [fine, other]
    assert worst_of([[fine, other], [wrong, other], [wrong]]) == [
        Claim("threads", False, "instance 2: 8, expected 4"),
        other,
    ]
    assert worst_of([[other], [wrong]]) == [other, Claim("threads", False, "instance 2: 8, expected 4")]


def test_an_instance_has_a_thread_for_each_of_its_cores_and_stays_on_them() -> None:
    part = replace(SAPPHIRE_RAPIDS, cores=(4, 5), usable_cores=2, is_part=True)
    near, far = (
        {str(claim) for claim in failed(claims("bf16-channels-last", seen, part))}
        for seen in (evidence(threads=2, surroundings=replace(PLAIN, cpus={cpus: 3})) for cpus in ("4-5", "0-7"))
    )
    assert near == set()
    assert far == {"pinning: threads may run on CPUs 0-7, expected 4,5"}


def of_own(seen: Evidence, **options: Any) -> list[str]:
    """Return the claims that do not hold of a row of one's own, derived from openvino-static unless it is another's."""
    (static,) = ladder.select(["openvino-static"])
    usual = {"backend": "openvino", "static_shape": True} if "backend" not in options else {"static_shape": False}
    facts = Facts(
        variant=replace(static, **{"name": "own", **usual, **options}),
        machine=SAPPHIRE_RAPIDS,
        scheduler="PNDMScheduler",
        protocol=PROTOCOL,
        session=Session(variant="own", load_s=1.0, export_s=0.0, warmups=(), samples=()),
        evidence=seen,
    )
    return list(map(str, failed(check(facts))))


def test_what_a_row_tells_openvino_is_what_is_claimed() -> None:
    assert of_own(openvino(threads=1, streams=3), ov_config={"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": "3"}) == []
    assert of_own(openvino(), ov_config={"INFERENCE_NUM_THREADS": 1}) == ["threads: 2, expected 1"]
    assert of_own(openvino(), ov_config={"NUM_STREAMS": 2}) == ["streams: 1, expected 2"]
    assert of_own(openvino(*F32, precision="f32"), ov_config={"INFERENCE_PRECISION_HINT": "f32"}) == []
    precision, *_ = of_own(openvino(), ov_config={"INFERENCE_PRECISION_HINT": "f32"})
    assert precision.startswith("precision: 0 % of matmul and convolution time in f32; OpenVINO was told bf16")


def test_the_variables_that_a_row_sets_have_arrived() -> None:
    own = {"KMP_BLOCKTIME": "1", "OMP_NUM_THREADS": "2"}
    assert of_own(openvino(surroundings=replace(PLAIN, steering=own)), environment=own) == []
    (lost,) = of_own(openvino(surroundings=replace(PLAIN, steering={"OMP_NUM_THREADS": "2"})), environment=own)
    assert lost == "environment: KMP_BLOCKTIME=, expected KMP_BLOCKTIME=1"


def test_a_package_whose_backend_tells_no_kernels_claims_neither_precision_nor_instructions() -> None:
    brought = {"backend": "silly", "precision": "bf16-weights", "channels_last": True}
    silent = replace(evidence(), kernels=())
    assert of_own(silent, **brought) == []
    assert of_own(evidence(*F32), **brought)[0].startswith("precision: "), "where it tells some, they count"


@pytest.mark.parametrize(("count", "holds"), [(2, True), (4, True), (1, False)])
def test_a_package_may_use_one_socket_or_all(count: int, holds: bool) -> None:
    two_sockets = replace(SAPPHIRE_RAPIDS, usable_cores=4)
    (static,) = ladder.select(["openvino-static"])
    variant = replace(static, name="own", backend="silly", static_shape=False)
    session = Session(variant="own", load_s=1.0, export_s=0.0, warmups=(), samples=())
    seen = replace(evidence(threads=count), kernels=())
    facts = Facts(
        variant=variant,
        machine=two_sockets,
        scheduler="PNDMScheduler",
        protocol=PROTOCOL,
        session=session,
        evidence=seen,
    )
    assert ("threads" not in [claim.name for claim in failed(check(facts))]) == holds
