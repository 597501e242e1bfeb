"""The real worker, with one thing quietly wrong. Silly on purpose.

python saboteur.py DEED REQUEST_FD REPLY_FD PARENT_PID

A deed is done to a backend before it builds, or to the pipeline of diffusers that it has built. torch is imported where
it is needed: one stack has none.
"""

import dataclasses
import importlib
import sys
from contextlib import nullcontext

from perf.spec.variant import Variant
from perf.worker import wire
from perf.worker.__main__ import Worker, import_backend
from perf.worker.perf_events import PerfEvents


def module(name):
    return importlib.import_module(name)


def lose_channels_last(pipe):
    torch = module("torch")
    pipe.unet.to(memory_format=torch.contiguous_format)


def take_another_scheduler(pipe):
    pipe.scheduler = module("diffusers").EulerDiscreteScheduler.from_config(pipe.scheduler.config)


def take_a_step_more_by_another_scheduler(pipe):
    """Leave the scheduler of few steps, and make more of them than are asked for."""
    take_another_scheduler(pipe)
    set_timesteps = pipe.scheduler.set_timesteps
    pipe.scheduler.set_timesteps = lambda steps, *args, **kwargs: set_timesteps(steps + 1, *args, **kwargs)


def decode_to_zeros(pipe):
    decode = pipe.vae.decode
    pipe.vae.decode = lambda *args, **kwargs: (module("torch").zeros_like(decode(*args, **kwargs)[0]),)


def put_nan_into_a_weight(pipe):
    with module("torch").no_grad():
        pipe.unet.conv_in.weight[0, 0, 0, 0] = float("nan")


def take_a_faster_unet(pipe):
    def find_no_noise(sample, *args, **kwargs):
        return (module("torch").zeros_like(sample),)

    pipe.unet.forward = find_no_noise


def recompile_openvino(pipe, **config):
    pipe.ov_config.update(config)
    pipe.unet.ov_config.update(config)
    pipe.clear_requests()
    pipe.compile()


def take_a_thread(pipe):
    torch = module("torch")
    torch.set_num_threads(torch.get_num_threads() - 1)


def add_a_thread(pipe):
    torch = module("torch")
    torch.set_num_threads(torch.get_num_threads() + 1)


def set_openvino_to_f32_and_one_thread(pipe):
    recompile_openvino(pipe, INFERENCE_PRECISION_HINT="f32", INFERENCE_NUM_THREADS=1)


def turn_autocast_off(backend):
    module("perf.worker.pipelines.eager").autocast_bf16 = nullcontext


def compile_plainly(backend):
    backend.inductor.configure = lambda _: None


def export_plainly(backend):
    """Run the export that was made first, in float32, whatever was to be derived of it."""
    exports = module("perf.worker.exports")
    exports._quantized = exports._with_small_vae = lambda _request, folder, _more: folder


def profile_another_size(backend):
    """Look at the kernels of a small image's UNet, whatever size GenAI makes."""
    shapes, smallest = backend.denoiser_shapes, module("perf.spec.protocol").Size(64, 64)
    backend.denoiser_shapes = lambda request: shapes(dataclasses.replace(request, size=smallest))


def give_onnxruntime_one_thread(backend):
    options = module("onnxruntime").SessionOptions()
    options.intra_op_num_threads = 1
    pipeline = backend.optimum.onnxruntime.ORTStableDiffusionPipeline
    load = pipeline.from_pretrained
    pipeline.from_pretrained = lambda *args, **kwargs: load(*args, **kwargs | {"session_options": options})


def compile_genai_for_float32(backend):
    make = backend.openvino_genai.Text2ImagePipeline

    class InFloat32:
        def __init__(self, folder):
            self._pipe = make(folder)

        def __getattr__(self, name):
            return getattr(self._pipe, name)

        def compile(self, device):
            self._pipe.compile(device, INFERENCE_PRECISION_HINT="f32")

    backend.openvino_genai.Text2ImagePipeline = InFloat32


BEFORE = {
    deed.__name__: deed
    for deed in (
        turn_autocast_off,
        compile_plainly,
        export_plainly,
        profile_another_size,
        give_onnxruntime_one_thread,
        compile_genai_for_float32,
    )
}
AFTER = {
    deed.__name__: deed
    for deed in (
        lose_channels_last,
        take_another_scheduler,
        take_a_step_more_by_another_scheduler,
        decode_to_zeros,
        put_nan_into_a_weight,
        take_a_faster_unet,
        set_openvino_to_f32_and_one_thread,
        take_a_thread,
        add_a_thread,
    )
}


def spoil(variant, deed):
    """Have the backend build as always, with the deed done before or after."""
    backend = import_backend(variant)
    build = backend.build

    def spoiled(request):
        if deed in BEFORE:
            BEFORE[deed](backend)
        built = build(request)
        if deed in AFTER:
            AFTER[deed](built.pipe)
        return built

    backend.build = spoiled


class Saboteur(Worker):
    def _load(self, **fields):
        spoil(Variant.from_json(fields["variant"]), DEED)
        super()._load(**fields)


DEED = sys.argv.pop(1)
assert DEED in BEFORE | AFTER
wire.main(sys.argv[1:], lambda reply: Saboteur(reply, PerfEvents()).handlers)
