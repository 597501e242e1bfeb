"""The backend of OpenVINO GenAI: C++ from the prompt to the pixels, in a stack without torch.

GenAI lets nobody look into its models. So the evidence is of the same files, compiled once more as GenAI compiles them
and profiled. That GenAI runs no other thing shows in the seconds that it tells of its own UNet, which a claim compares
(perf.proof.claims.computing), and float32 in its image (perf.proof.proof). oneDNN's log would be of GenAI itself, but
OpenVINO 2026.4 ends with "could not execute a primitive" where ONEDNN_VERBOSE is set.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openvino_genai
from openvino import CompiledModel, Core, ProfilingInfo, Tensor

from perf.records.evidence import Kernel, Layer, Peak, State, grouped
from perf.records.part import Part
from perf.spec.families import Shape
from perf.spec.protocol import Size
from perf.spec.variant import Property, Variant
from perf.worker.layers import in_layers
from perf.worker.parts import PartsClock
from perf.worker.peaks import of_openvino
from perf.worker.pipelines import BuildRequest, Image, Observed, Replay
from perf.worker.pipelines.profiles import executed, named, primitives, quantized_weights

DEVICE = "CPU"
PROFILED_CALLS = 5  # the fastest counts: what else runs meanwhile makes a call slower, and nothing makes it faster
WHITE = 255
MICROSECONDS = 1e6
MODEL = "openvino_model.xml"
TOKENIZER = "tokenizer/openvino_tokenizer.xml"


class StartingLatents(openvino_genai.Generator):  # type: ignore[misc]
    """The given latents where GenAI asks for noise, which it does once, between the text encoder and the first step."""

    def __init__(self, latents: Image, on_asked: Callable[[], None]) -> None:
        super().__init__()
        self._latents = latents
        self._on_asked = on_asked

    def randn_tensor(self, shape: Any) -> Tensor:
        """Return the latents. Raises ValueError if another shape is asked for."""
        if tuple(shape) != self._latents.shape:
            raise ValueError(f"GenAI asks for latents of {tuple(shape)}, and was given {self._latents.shape}")
        self._on_asked()
        return Tensor(self._latents)

    def next(self) -> float:
        """Refuse: a scheduler that draws noise at every step would make another image each time."""
        raise NotImplementedError("GenAI asks for noise beyond the starting latents")


class GenAi:
    """A Pipeline that GenAI drives. It tells the seconds of its UNet's calls; the other parts are timed around them.

    It calls back from a thread of its own and does not wait, so that no generation can be stopped between two steps: in
    pairs whole sessions alternate (perf.compare.side_pair).
    """

    export_s = 0.0

    def __init__(self, request: BuildRequest) -> None:
        self.request = request
        self._clock = PartsClock(on_step=lambda _: None)
        self._pipe = openvino_genai.Text2ImagePipeline(export_of(request))
        self._pipe.reshape(request.batch, request.size.height, request.size.width, request.guidance_scale)
        self._pipe.compile(DEVICE, **request.variant.ov_config)
        self._scaling = config(request, "vae_decoder/config.json")["scaling_factor"]
        self._began_s = 0.0
        self._final_latents: Image = np.empty(0, np.float32)

    def watch(self, clock: PartsClock) -> None:
        """Have the clock told of the pipeline's parts."""
        self._clock = clock

    def generate(self, *, prompt: str, steps: int, guidance_scale: float, size: Size, latents: Image) -> Image:
        """Make a batch of images; see Pipeline."""
        self._begin(Part.TEXT_ENCODER)
        made = self._pipe.generate(
            prompt,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            width=size.width,
            height=size.height,
            num_images_per_prompt=len(latents),
            generator=StartingLatents(latents, self._on_encoded),
            callback=self._on_step,
        )
        self._clock.add(Part.VAE_DECODE, self._elapsed_s)
        for step_us in self._pipe.get_performance_metrics().raw_metrics.unet_inference_durations:
            self._clock.add(Part.UNET_STEP, step_us / MICROSECONDS)
        image: Image = made.data[0].astype(np.float32) / WHITE
        return image

    @property
    def final_latents(self) -> Image:
        """What GenAI has shown after the last step, scaled as it scales it for its decoder."""
        latents: Image = self._final_latents / self._scaling
        return latents

    @contextmanager
    def surrounded(self) -> Iterator[None]:
        """Enter no context: GenAI needs none."""
        yield

    def _on_encoded(self) -> None:
        self._clock.add(Part.TEXT_ENCODER, self._elapsed_s)
        self._begin(Part.UNET_STEP)

    def _on_step(self, step: int, steps: int, latents: Tensor) -> bool:
        """Begin the next part after a step; GenAI goes on where it is told False."""
        is_last = step + 1 == steps
        self._clock.report(step + 1)
        if is_last:
            self._final_latents = np.array(latents.data[:1])
        self._begin(Part.VAE_DECODE if is_last else Part.UNET_STEP)
        return False

    def _begin(self, part: Part) -> None:
        self._clock.begin(part)
        self._began_s = time.perf_counter()

    @property
    def _elapsed_s(self) -> float:
        return time.perf_counter() - self._began_s


def export_of(request: BuildRequest) -> Path:
    """Return the export that another stack has made for this one.

    Raises ValueError where there is none, and where it lacks the tokenizer, without which GenAI reads no prompt.
    """
    if request.export is None:
        raise ValueError("GenAI makes no export, and was given none")
    if not (request.export / TOKENIZER).is_file():
        raise ValueError(f"{request.export} has no {TOKENIZER}: remove the folder, and the next run makes it again")
    return request.export


def config(request: BuildRequest, path: str) -> dict[str, Any]:
    """Return the content of a JSON file of the export."""
    content: dict[str, Any] = json.loads((export_of(request) / path).read_text(encoding="utf-8"))
    return content


def build(request: BuildRequest) -> GenAi:
    """Load the export that was made for GenAI, reshape it to the measured size, and compile it for the CPU."""
    return GenAi(request)


def measure_peak(_: Variant) -> Peak:
    """Measure what OpenVINO reaches, in 8 bits too: a second is not worth a choice."""
    return of_openvino.measure()


def observe(pipeline: GenAi, _: Replay) -> Observed:
    """Read kernels, layers and state from the models that GenAI loads, compiled once more."""
    kernels: list[Kernel] = []
    layers: list[Layer] = []
    request, folder = pipeline.request, export_of(pipeline.request)
    properties = request.variant.ov_config
    unet, denoising = profile(folder / "unet", denoiser_shapes(request), properties)
    decoded = (request.batch, *pipeline.final_latents.shape[1:])
    _, decoding = profile(folder / "vae_decoder", {"latent_sample": decoded}, properties)
    for part, profiled, names in ((Part.UNET_STEP, *denoising), (Part.VAE_DECODE, *decoding)):
        kernels += grouped(part, executed(profiled, names))
        layers += in_layers(part, named(profiled))
    state = State(
        scheduler=config(request, "scheduler/scheduler_config.json")["_class_name"],
        threads=unet.get_property("INFERENCE_NUM_THREADS"),
        weights=quantized_weights(Core().read_model(folder / "unet" / MODEL)),
        precision=unet.get_property("INFERENCE_PRECISION_HINT").to_string(),
        streams=unet.get_property("NUM_STREAMS"),
        pinned=unet.get_property("ENABLE_CPU_PINNING"),
    )
    return Observed(kernels=tuple(kernels), layers=tuple(layers), state=state)


def denoiser_shapes(request: BuildRequest) -> dict[str, Shape]:
    """Return the shape of each input of the exported denoiser, in which those of a nested argument stand alone."""
    shapes: dict[str, Shape] = {}
    for name, shape in request.described.denoiser_inputs(request.size, request.denoiser_batch).items():
        shapes |= shape if isinstance(shape, Mapping) else {name: shape}
    return shapes


Profile = tuple[list[ProfilingInfo], dict[str, str]]  # what was executed, and the primitive of each layer


def profile(
    folder: Path, shapes: Mapping[str, Shape], properties: Mapping[str, Property]
) -> tuple[CompiledModel, Profile]:
    """Compile an exported model for these shapes, and return it with the profile of the fastest of some calls."""
    core = Core()
    model = core.read_model(folder / MODEL)
    model.reshape({name: list(shape) for name, shape in shapes.items()})
    compiled = core.compile_model(model, DEVICE, {**properties, "PERF_COUNT": True})
    request = compiled.create_infer_request()
    random = np.random.default_rng(0)
    inputs = {name: np.asarray(random.standard_normal(shape), np.float32) for name, shape in shapes.items()}
    return compiled, (min((called(request, inputs) for _ in range(PROFILED_CALLS)), key=total_s), primitives(compiled))


def called(request: Any, inputs: Mapping[str, Image]) -> list[ProfilingInfo]:
    """Make a call, and return its profile."""
    request.infer(inputs)
    profiled: list[ProfilingInfo] = request.get_profiling_info()
    return profiled


def total_s(profiled: list[ProfilingInfo]) -> float:
    """Return the seconds of all operations of a call."""
    return sum((operation.real_time.total_seconds() for operation in profiled), start=0.0)
