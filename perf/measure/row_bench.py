"""What a row is measured with where that is not what the others are: another checkpoint, size or steps, a small VAE."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perf.errors import WorkerFailed
from perf.host.prerequisites import Missing
from perf.host.stack import Stack
from perf.measure import checkpoints, latents
from perf.measure.bench import Bench
from perf.measure.checkpoints import Model, quoted_end, run_module
from perf.measure.run_stacks import exporter
from perf.spec import synthetic
from perf.spec.protocol import NO_SWEEP, Protocol
from perf.spec.variant import Variant

CONSISTENCY_MODELS = "--model synthetic-lcm, tiny-lcm, or one such as SimianLuo/LCM_Dreamshaper_v7"
CONSISTENCY_ROWS = "measure the rows made for it: --variant '*lcm-4'"


def find_unsuited(variant: Variant, model: Model) -> Missing | None:
    """Return why the model cannot be run by this variant, or None."""
    if model.is_consistency and not variant.latent_consistency:
        reason = f"{model.name} is a latent consistency model, which is told the guidance and not guided by two calls"
        return Missing(reason, CONSISTENCY_ROWS)
    if variant.latent_consistency and not model.is_consistency and twin_of(model) is None:
        return Missing(f"{model.name} is no latent consistency model", CONSISTENCY_MODELS)
    return None


def twin_of(model: Model) -> str | None:
    """Return the synthetic latent consistency model of the same architecture, or None."""
    spec = synthetic.SYNTHETIC.get(model.name)
    return spec.consistency_twin if spec else None


def row_bench(bench: Bench, variant: Variant, makers: Sequence[Stack], folder: Path) -> Bench:
    """Return the bench of a row: the run's own, but for what the variant itself decides.

    Args:
        bench: the run's.
        variant: a variant that the model suits.
        makers: the stacks that make checkpoints; the first does, and the first that can exports for a variant whose own
            stack cannot.
        folder: where the starting latents are written.

    Raises:
        PerfError: what the row needs could not be made.
    """
    model, noise, protocol = bench.model, bench.latents, of_row(bench.protocol, variant)
    if variant.latent_consistency and (twin := None if model.is_consistency else twin_of(model)):
        bench.progress.begin(twin, "making the model ready (the first time takes a minute)", logged=True)
        model = checkpoints.resolve(twin, makers[0])
    if (model, protocol.size) != (bench.model, bench.protocol.size):
        noise = latents.write(folder, protocol.seed, model.latents_shape(protocol.size, protocol.batch))
    small_vae = checkpoints.resolve_taesd(model, makers[0]) if variant.vae == "taesd" else None
    own = replace(bench, protocol=protocol, model=model, latents=noise, small_vae=small_vae)
    if variant.backend == "genai":
        return replace(own, export=export(own, variant, exporter(makers)))
    return own


def of_row(protocol: Protocol, variant: Variant) -> Protocol:
    """Return the protocol with the variant's own size and steps, if it has any; a warm-up has no more steps.

    A row has one setting, also where the run sweeps over several.
    """
    size, steps = variant.size or protocol.size, variant.steps or protocol.steps
    warmup_steps = protocol.warmup_steps if variant.steps is None else min(steps, protocol.warmup_steps)
    return replace(protocol, size=size, steps=steps, warmup_steps=warmup_steps, sweep=NO_SWEEP)


def export(bench: Bench, variant: Variant, maker: Stack | None) -> Path:
    """Have another stack export the model for a variant whose own cannot, and return the folder.

    Raises WorkerFailed if there is none, or if it fails.
    """
    if maker is None:
        raise WorkerFailed(variant.name, "no stack is installed here that exports a model to OpenVINO", "")
    bench.progress.begin(variant.name, f"exporting by stack {maker.name} (the first time takes minutes)", logged=True)
    request = json.dumps(bench.load_request(variant))
    result = run_module(maker, "exports", request)
    if result.returncode:
        raise WorkerFailed(variant.name, "the export failed", quoted_end(result.stderr))
    return Path(result.stdout.splitlines()[-1])
