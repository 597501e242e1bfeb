"""The exports of a checkpoint to OpenVINO, each made once and kept in the cache: as it is, and what is derived of it.

::

    checkpoint -> export -> in 8 bits -> with the small VAE -> for GenAI

A derived one holds hard links to what it shares, so that it takes no room twice, and outlives what it was made of.

A worker whose stack can export makes its own. For another, this is a tool that prints the folder:

    python -m perf.worker.exports REQUEST

where ``REQUEST`` is the JSON of the request ``load`` (perf.worker.__main__).
"""

from __future__ import annotations

import json
import os
import sys
from functools import partialmethod
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from openvino import PartialShape, convert_model, save_model
from optimum import intel
from optimum.exporters.openvino import main_export
from optimum.intel import OVConfig, OVWeightQuantizationConfig
from transformers import AutoTokenizer

from perf.host.cache import forget_unused, make_once, size_bytes
from perf.host.exports import EXPORTERS, export_key, quantized_key
from perf.spec import calibration
from perf.spec.variant import Quantized
from perf.worker.pipelines import BuildRequest

CALIBRATION_SEED = 0
SMALL_BYTES = 64 * 1024**2  # what a derived export adds at most, where it is not quantised
DECODER = "vae_decoder"


def exported(request: BuildRequest) -> Path:
    """Return the folder of the export that this variant runs, made now unless the cache has it."""
    folder = _plain(request)
    if request.variant.quantized:
        folder = _quantized(request, folder, request.variant.quantized)
    if request.small_vae:
        folder = _with_small_vae(request, folder, request.small_vae)
    if request.variant.backend == "genai":
        folder = _for_genai(request, folder)
    forget_unused(request.exports)  # not before: what is asked for now is used again
    return folder


def _plain(request: BuildRequest) -> Path:
    def export(folder: Path) -> None:
        # Not by OVPipelineForText2Image, which would write to a temporary folder first and leave that behind.
        main_export(
            str(request.checkpoint),
            folder,
            task="text-to-image",
            library_name="diffusers",
            ov_config=OVConfig(dtype="auto"),  # the checkpoint's own, never 8 bits
            local_files_only=True,
        )

    key = export_key(request.checkpoint_digest, {package: version(package) for package in EXPORTERS})
    return make_once(request.exports / key, export, size_bytes(request.checkpoint))


def _quantized(request: BuildRequest, plain: Path, kind: Quantized) -> Path:
    """Return the export in 8 bits. It is the same whenever it is made: what is random in it is drawn from a seed."""

    def quantize(folder: Path) -> None:
        torch.manual_seed(CALIBRATION_SEED)
        np.random.seed(CALIBRATION_SEED)
        pipe = _of_few_steps(request).from_pretrained(
            plain, compile=False, local_files_only=True, quantization_config=_quantization(kind, request.prompts)
        )
        pipe.save_pretrained(folder)

    key = quantized_key(plain.name, kind, request.prompts)
    return make_once(request.exports / key, quantize, size_bytes(plain))


def _of_few_steps(request: BuildRequest) -> Any:
    """Return optimum-intel's pipeline, which calibrates by its own calls, with another default of the steps.

    It has the name of its base, which is written into the export.
    """
    name = request.described.family.openvino_pipeline
    assert name, "the parent asks for no other family"
    base = getattr(intel, name)
    call = partialmethod(base.__call__, num_inference_steps=calibration.STEPS)
    return type(name, (base,), {"__call__": call})


def _quantization(kind: Quantized, prompts: tuple[str, ...]) -> OVWeightQuantizationConfig:
    """Return NNCF's instructions; the hybrid one rounds the activations of convolutions too, by what the prompts show.

    https://huggingface.co/docs/optimum-intel/en/openvino/optimization#hybrid-quantization
    """
    if kind == "int8-weights":
        return OVWeightQuantizationConfig(bits=8)
    calls = (calibration.STEPS + 1) * len(prompts)  # PNDM makes one more; others make less than there is room for
    return OVWeightQuantizationConfig(bits=8, quant_method="hybrid", dataset=list(prompts), num_samples=calls)


def _with_small_vae(request: BuildRequest, plain: Path, small_vae: Path) -> Path:
    def make(folder: Path) -> None:
        _link(plain, folder, without=DECODER)
        (folder / DECODER).mkdir()
        vae = AutoencoderTiny.from_pretrained(str(small_vae), local_files_only=True, use_safetensors=True)
        save_model(_decoder(vae), folder / DECODER / "openvino_model.xml")
        vae.save_config(folder / DECODER)

    key = f"{plain.name}-{small_vae.name}"
    return make_once(request.exports / key, make, SMALL_BYTES)


def _decoder(vae: AutoencoderTiny) -> object:
    """Return the decoder as a model of OpenVINO, of any size, with the names that optimum-intel looks for."""
    channels = vae.config.latent_channels
    vae.forward = lambda latent_sample: vae.decode(latent_sample, return_dict=False)
    example = {"latent_sample": torch.zeros(1, channels, 8, 8)}
    shape = {"latent_sample": PartialShape([-1, channels, -1, -1])}
    with torch.no_grad():
        model = convert_model(vae, example_input=example, input=shape)
    model.output(0).set_names({"sample"})
    return model


def _for_genai(request: BuildRequest, plain: Path) -> Path:
    """Return the export with its tokenizer as a model of OpenVINO, which GenAI looks for."""
    from openvino_tokenizers import convert_tokenizer  # noqa: PLC0415 - loads an extension, which no worker runs

    def make(folder: Path) -> None:
        _link(plain, folder, without="")
        for tokenizer in plain.glob("tokenizer*"):
            converted = convert_tokenizer(AutoTokenizer.from_pretrained(tokenizer), with_detokenizer=False)
            save_model(converted, folder / tokenizer.name / "openvino_tokenizer.xml")

    key = f"{plain.name}-genai-{version('openvino-tokenizers')}"
    return make_once(request.exports / key, make, SMALL_BYTES)


def _link(source: Path, target: Path, *, without: str) -> None:
    """Link every file below ``source`` but those of the folder that is to be another."""
    for path in source.rglob("*"):
        inner = path.relative_to(source)
        if path.is_file() and inner.parts[0] != without:
            (target / inner).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target / inner)


if __name__ == "__main__":
    print(exported(BuildRequest.from_json(json.loads(sys.argv[1]))))
