"""The real worker, with one thing quietly wrong. Silly on purpose.

python saboteur.py DEED REQUEST_FD REPLY_FD PARENT_PID
"""

import importlib
import sys
from contextlib import nullcontext

import torch

from perf.worker import wire
from perf.worker.__main__ import Worker, import_backend


def lose_channels_last(pipe):
    pipe.unet.to(memory_format=torch.contiguous_format)


def take_another_scheduler(pipe):
    diffusers = importlib.import_module("diffusers")
    pipe.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipe.scheduler.config)


def decode_to_zeros(pipe):
    decode = pipe.vae.decode
    pipe.vae.decode = lambda *args, **kwargs: (torch.zeros_like(decode(*args, **kwargs)[0]),)


def put_nan_into_a_weight(pipe):
    with torch.no_grad():
        pipe.unet.conv_in.weight[0, 0, 0, 0] = float("nan")


def take_a_faster_unet(pipe):
    def find_no_noise(sample, *args, **kwargs):
        return (torch.zeros_like(sample),)

    pipe.unet.forward = find_no_noise


def recompile_openvino(pipe, **config):
    pipe.ov_config.update(config)
    pipe.unet.ov_config.update(config)
    pipe.clear_requests()
    pipe.compile()


def take_a_thread(pipe):
    torch.set_num_threads(torch.get_num_threads() - 1)


def add_a_thread(pipe):
    torch.set_num_threads(torch.get_num_threads() + 1)


def set_openvino_to_f32_and_one_thread(pipe):
    recompile_openvino(pipe, INFERENCE_PRECISION_HINT="f32", INFERENCE_NUM_THREADS=1)


def turn_autocast_off(backend):
    importlib.import_module("perf.worker.pipelines.eager").autocast_bf16 = nullcontext


BEFORE = {"turn_autocast_off": turn_autocast_off}
AFTER = {
    deed.__name__: deed
    for deed in (
        lose_channels_last,
        take_another_scheduler,
        decode_to_zeros,
        put_nan_into_a_weight,
        take_a_faster_unet,
        set_openvino_to_f32_and_one_thread,
        take_a_thread,
        add_a_thread,
    )
}


def spoil(name, deed):
    """Have the backend build as always, with the deed done before or after."""
    backend = import_backend(name)
    build = backend.build

    def spoiled(request):
        BEFORE.get(deed, lambda _: None)(backend)
        built = build(request)
        AFTER.get(deed, lambda _: None)(built.pipe)
        return built

    backend.build = spoiled


class Saboteur(Worker):
    def _load(self, variant, **rest):
        spoil(variant["backend"], DEED)
        super()._load(variant, **rest)


DEED = sys.argv.pop(1)
assert DEED in BEFORE | AFTER
wire.main(sys.argv[1:], lambda reply: Saboteur(reply).handlers)
