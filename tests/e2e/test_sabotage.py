"""Each way to lose an optimisation quietly, or to spoil the image, done to the real worker and detected."""

from __future__ import annotations

import dataclasses
import itertools
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from perf.host.machine import Machine
from perf.host.stack import Stack
from perf.measure import bench as measured_with
from perf.measure import command, latents, settings
from perf.measure.command import Command
from perf.measure.progress import Progress
from perf.measure.run import Run
from perf.proof.proofs import Proofs
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from perf.spec.variant import Variant
from tests.builders.runs import DATA, HERE

SIZE = Size(128, 128)
STEPS = 20  # as the tiny ladder, which shares the reference images
SESSIONS = itertools.count(1)  # each has a folder of its own
needs_int8 = pytest.mark.skipif(not HERE.int8_isa, reason="this CPU has no instructions for 8 bits")
needs_bf16 = pytest.mark.skipif(not HERE.bf16_isa, reason="this CPU has no bfloat16 instructions")


class Bench:
    """A run on the tiny model whose workers can be started in a spoiled way."""

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run, self._monkeypatch = run, monkeypatch

    def faults(
        self,
        name: str,
        *,
        deed: str | None = None,
        environment: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
        machine: Machine = HERE,
        steps: int | None = None,
        size: Size = SIZE,
        export_of: str | None = None,
    ) -> list[str]:
        """Return the claims of the row that do not hold, with that deed done, environment set and words left out.

        ``steps`` and ``size`` are those of a generation where they are not the row's; then its image is another one.
        ``export_of`` is the row of GenAI whose model is run in place of the row's own.
        """
        (variant,) = ladder.select([name])

        def spoiled(variant: Variant, stack: Stack, _: Machine, origin: command.Origin) -> Command:
            started = command_for(variant, stack, machine, origin)
            arguments = [word for word in started.arguments if word not in without]
            if deed and variant.name == name:
                arguments = [*arguments[:-2], str(DATA / "saboteur.py"), deed]
            return Command(tuple(arguments), {**started.environment, **(environment or {})})

        command_for = command.for_variant
        proofs = Proofs(self._run)
        with self._monkeypatch.context() as patched:
            patched.setattr(command, "for_variant", spoiled)
            patched.setattr(self._run, "machine", machine)
            steps = steps or self._run.bench_of(variant).protocol.steps
            own = self._bench_of(variant, size, export_of)
            with self._run.measuring(variant, next(SESSIONS), own) as measurement:
                for _ in range(variant.warmup_rounds):
                    measurement.generate(steps)
                measurement.generate(steps)
                inspection = measurement.inspect()
            proofs.add(variant, measurement.session, inspection)
        proofs.complete()
        return proofs.faults(name)

    def _bench_of(self, variant: Variant, size: Size, export_of: str | None) -> measured_with.Bench:
        """Return what the row is measured with, for images of this size and with the model of another row."""
        own = self._run.bench_of(variant)
        export = self._run.bench_of(*ladder.select([export_of])).export if export_of else own.export
        noise = latents.write(own.latents.parent, own.protocol.seed, own.model.latents_shape(size))
        protocol = dataclasses.replace(own.protocol, size=size)
        return dataclasses.replace(own, protocol=protocol, latents=noise, export=export)


@pytest.fixture(scope="module")
def run(cache_dir: Path, stacks: dict[str, Stack]) -> Iterator[Run]:
    wanted = settings.for_selftest(
        model="tiny",
        variants=ladder.LADDER,
        stacks={name: Path(stack.python) for name, stack in stacks.items()},
        size=SIZE,
        protocol=Protocol(size=SIZE, steps=STEPS, warmup_steps=1, rounds=1),
        wait_s=600,
    )
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
        patched.setenv("PERF_CACHE", str(cache_dir))
        with (
            (Path(folder) / "progress").open("w") as stream,
            Run(wanted, ladder.LADDER, Path(folder), Progress(stream)) as run,
        ):
            yield run


@pytest.fixture
def bench(run: Run, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(run, monkeypatch)


@pytest.mark.parametrize(
    ("name", "deed", "claim"),
    [
        pytest.param("bf16-autocast", "turn_autocast_off", "precision", marks=needs_bf16),
        ("openvino-static-dpm", "take_another_scheduler", "scheduler"),
        ("eager-fp32", "decode_to_zeros", "image"),
        ("eager-fp32", "put_nan_into_a_weight", "image"),
        ("openvino-static", "take_a_faster_unet", "image"),
    ],
)
def test_a_deed_is_found_by_the_claim_that_it_breaks(bench: Bench, name: str, deed: str, claim: str) -> None:
    faults = bench.faults(name, deed=deed)
    print(faults)
    assert claim in [fault.split(":")[0] for fault in faults]


def names_of(faults: Sequence[str]) -> list[str]:
    print(*faults, sep="\n")
    return [fault.split(":")[0] for fault in faults]


@needs_bf16
def test_a_compiler_that_was_not_told_what_to_do(bench: Bench) -> None:
    """Each claim has a counter of its own, so one worker shows both; the ladder's own rows show that they count."""
    assert names_of(bench.faults("bf16-compile-autotune", deed="compile_plainly")) == ["packed", "autotuned"]


@needs_int8
@pytest.mark.parametrize(
    ("name", "broken"),
    [("openvino-int8-hybrid", ["int8", "int8 weights"]), ("openvino-int8-weights", ["int8 weights"])],
)
def test_a_model_that_was_not_quantised(bench: Bench, name: str, broken: list[str]) -> None:
    assert names_of(bench.faults(name, deed="export_plainly")) == broken


@pytest.mark.alone
@needs_int8
def test_a_model_that_was_not_quantised_given_to_genai(bench: Bench) -> None:
    assert names_of(bench.faults("genai-int8", export_of="genai-static")) == ["int8", "int8 weights"]


def test_the_checkpoints_own_vae_in_place_of_the_small_one(bench: Bench) -> None:
    assert names_of(bench.faults("openvino-static-taesd", deed="export_plainly")) == ["image"]


@pytest.mark.skipif(bool(HERE.fp16_isa), reason="this CPU multiplies float16")
def test_float16_that_falls_back(bench: Bench) -> None:
    """oneDNN is asked for float16 where the CPU has no instructions for it, and says what it takes instead."""
    pretended = dataclasses.replace(HERE, flags=HERE.flags | {"avx512_fp16"})
    faults = bench.faults("fp16-channels-last", machine=pretended, steps=1)  # each takes a second
    assert "instructions" in names_of(faults)


@needs_bf16
def test_a_model_of_few_steps_that_makes_more_of_them_by_another_scheduler(bench: Bench) -> None:
    scheduler, calls, image = bench.faults("lcm-4", deed="take_a_step_more_by_another_scheduler")
    assert scheduler == "scheduler: EulerDiscreteScheduler, expected LCMScheduler"
    assert calls == "UNet calls: 5 in each generation, expected 4"
    assert image.startswith("image: ")


@pytest.mark.alone
def test_genai_runs_another_model_than_the_one_that_is_profiled(bench: Bench) -> None:
    """What is slower by half a kernel's time shows; float32 on a CPU without AMX is hardly that.

    On two cores of a Turin a call of the tiny UNet takes 0.4 of its kernels' seconds at 128x128, where a profile itself
    takes longest, and 0.95 at 512x512, in float32 1.3.
    """
    faults = bench.faults("genai-static", deed="profile_another_size", size=Size(256, 256))
    assert names_of(faults) == ["GenAI", "image"], "the reference image is of another size"


@pytest.mark.alone
@needs_bf16
def test_precision_lost_to_genai(bench: Bench) -> None:
    """The image shows it, which is float32's own; the seconds do as well where float32 is slow enough."""
    *seconds, image = bench.faults("genai-static", deed="compile_genai_for_float32")
    assert names_of(seconds) in ([], ["GenAI"])
    assert image.startswith("image: ")
    assert image.endswith(": it is float32's own, which no bf16 makes")


def test_threads_lost_to_onnxruntime(bench: Bench) -> None:
    (threads,) = bench.faults("onnxruntime", deed="give_onnxruntime_one_thread")
    assert threads == f"threads: 1, expected {len(HERE.cores)}"


def test_precision_and_threads_lost_to_openvino(bench: Bench) -> None:
    """Precision shows in the hint and the kernels, threads in their number, so neither hides the other."""
    faults = bench.faults("openvino-static", deed="set_openvino_to_f32_and_one_thread")
    *precision, threads = faults
    assert [fault.split(":")[0] for fault in precision] == (["precision", "instructions"] if HERE.bf16_isa else [])
    assert threads == f"threads: 1, expected {len(HERE.cores)}"


@needs_bf16
def test_instructions_switched_off_and_channels_last_lost(bench: Bench) -> None:
    switched_off = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
    instructions, memory_format = bench.faults(
        "bf16-channels-last", deed="lose_channels_last", environment=switched_off
    )
    assert instructions.startswith("instructions: ")
    assert instructions.endswith("ONEDNN_MAX_CPU_ISA is set (AVX512_CORE)")
    assert memory_format == "memory format: 0 % of the UNet's convolutions have channels_last weights, expected all"


def preloading_only(kept: str, stacks: Mapping[str, Stack]) -> dict[str, str]:
    """Return an environment that preloads only one of a tuned row's libraries."""
    (variant,) = ladder.select(["eager-fp32-jemalloc"])
    preloaded = command.for_variant(variant, stacks["current"], HERE).environment["LD_PRELOAD"].split(":")
    (left,) = (library for library in preloaded if kept in library)
    return {"LD_PRELOAD": left}


def test_the_allocator_not_preloaded_and_a_thread_fewer(bench: Bench, stacks: Mapping[str, Stack]) -> None:
    count, openmp_alone = len(HERE.cores), preloading_only("libiomp5.so", stacks)
    faults = bench.faults("eager-fp32-jemalloc", deed="take_a_thread", environment=openmp_alone)
    assert faults == ["allocator: the C library's, expected jemalloc", f"threads: {count - 1}, expected {count}"]


def test_openmp_not_preloaded(bench: Bench, stacks: Mapping[str, Stack]) -> None:
    (fault,) = bench.faults("eager-fp32-jemalloc", environment=preloading_only("jemalloc", stacks))
    assert re.fullmatch("OpenMP: .*, expected libiomp5.so preloaded", fault)


def test_a_thread_more_and_pinning_lost(bench: Bench) -> None:
    one_core = dataclasses.replace(HERE, cores=HERE.cores[:1])
    pinning = ("numactl", "-C", str(HERE.cores[0]))
    more, astray = bench.faults("eager-fp32-tcmalloc", deed="add_a_thread", machine=one_core, without=pinning)
    assert more == "threads: 2, expected 1"
    assert astray.startswith("pinning: threads may run on CPUs ")
