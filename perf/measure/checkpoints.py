"""The model to measure: a synthetic checkpoint, a folder, or a Hub id, resolved to a folder that is complete."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from perf.errors import BadCheckpoint, BadRecord, DamagedCheckpoint, HubUnreachable, PerfError, UnknownName
from perf.host import cache, helper
from perf.host.foreign_text import in_one_line, quoted
from perf.host.stack import Stack
from perf.measure.checkpoint_check import check, check_component, family_of, loaded_files, parameters, read_json
from perf.measure.command import clean_environment
from perf.records.checks import check_count
from perf.records.typed_json import convert
from perf.records.work import Work
from perf.spec import synthetic
from perf.spec.families import stable_diffusion
from perf.spec.families.family import DIFFUSERS_WEIGHTS
from perf.spec.protocol import Protocol, Size

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
HUB_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")  # for the download alone: no worker gets them


@dataclass(frozen=True, kw_only=True)
class Model:
    """A complete checkpoint on disk.

    ``digest`` is that of the folder's content, ``scale`` the image pixels per latent along a side, ``native_size`` the
    image size that the denoiser was trained for, and ``scheduler`` the class that the checkpoint names. ``family`` is
    the name of its family, ``parameters`` their number by component, and ``is_consistency`` tells whether guidance is
    an input of the denoiser.
    """

    name: str
    folder: Path
    digest: str
    latent_channels: int
    scale: int
    native_size: Size
    scheduler: str
    family: str = stable_diffusion.FAMILY.name
    is_consistency: bool = False
    parameters: Mapping[str, int] = field(default_factory=dict)

    def latents_shape(self, size: Size, batch: int = 1) -> tuple[int, int, int, int]:
        """Return the shape of the latents of ``batch`` images: batch, channels, height, width."""
        return (batch, self.latent_channels, size.height // self.scale, size.width // self.scale)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "digest": self.digest}


@dataclass(frozen=True)
class DenoiserConfig:
    """What is read of a denoiser's configuration: the sides and channels of the latents that it was trained on."""

    sample_size: int
    in_channels: int

    def __post_init__(self) -> None:
        check_count("sample_size", self.sample_size)
        check_count("in_channels", self.in_channels)


@dataclass(frozen=True)
class VaeConfig:
    """What is read of a VAE's configuration: the channels of its levels, each of which halves the sides."""

    block_out_channels: tuple[int, ...]

    def __post_init__(self) -> None:
        check_count("block_out_channels", len(self.block_out_channels))


def check_name(text: str) -> None:
    """Check early, before anything is made or downloaded, that ``text`` can name a model.

    Raises:
        UnknownName: It is neither a synthetic checkpoint, nor a folder, nor a Hub id.
        BadCheckpoint: It is a folder without a complete checkpoint.
    """
    if text in synthetic.SYNTHETIC:
        return
    if _is_path(text):
        check(Path(text).expanduser())
    elif not HUB_ID.fullmatch(text):
        raise UnknownName("model", text, [*synthetic.SYNTHETIC, "a folder", "a Hub id such as owner/name"])


def resolve(text: str, stack: Stack) -> Model:
    """Make, find or download a model.

    Args:
        text: A name that ``check_name`` accepts.
        stack: A stack with torch and diffusers, to make or download the checkpoint with.

    Raises:
        BadCheckpoint: The folder holds no complete checkpoint.
        HubUnreachable: The model could not be downloaded.
        PerfError: The synthetic checkpoint could not be made.
    """
    if _is_path(text):
        folder = Path(text).expanduser().resolve()
        check(folder)
        return _read_model(text, folder)
    folder = _make(synthetic.find(text), stack) if text in synthetic.SYNTHETIC else _download(text, stack)
    _check_copy(folder, lambda: check(folder))
    return _read_model(text, folder)


def _check_copy(folder: Path, check_it: Callable[[], None]) -> None:
    try:
        check_it()
    except DamagedCheckpoint as error:
        raise DamagedCheckpoint(f"{error}; it is a copy: remove {folder}, and the next run makes it again") from None


def resolve_taesd(model: Model, stack: Stack) -> Path:
    """Make or download the tiny decoder for a model's latents.

    The folder holds config.json and diffusion_pytorch_model.safetensors. A synthetic model has a synthetic one, any
    other that of its family on the Hub. Raises what ``resolve`` does.
    """
    if model.name not in synthetic.SYNTHETIC:
        folder = _download(family_of(model.folder).taesd, stack)
    else:
        name = synthetic.find(model.name).taesd
        assert name, "every synthetic model has one"
        folder = _make(synthetic.find_taesd(name), stack, kind="taesd")
    _check_copy(folder, lambda: check_component(folder, DIFFUSERS_WEIGHTS))
    return folder


def work(model: Model, protocol: Protocol, stack: Stack) -> dict[str, Work]:
    """Return the work of one call of each of the model's parts, by name; counted once, then read from the cache.

    Raises a PerfError if the count fails.
    """
    guidance = "guided" if protocol.is_guided else "unguided"

    def count(folder: Path) -> None:
        result = run_module(stack, "flops", str(model.folder), str(protocol.size), guidance)
        if result.returncode:
            raise PerfError(f"counting the operations of {model.name} failed:\n{quoted_end(result.stderr)}")
        (folder / "work.json").write_text(result.stdout, encoding="utf-8")

    target = cache.cache_dir() / "work" / f"{model.digest[:32]}-{protocol.size}-{guidance}"
    return _read_work(cache.make_once(target, count, need_bytes=0, is_usable=_is_counted))


def _is_counted(folder: Path) -> bool:
    """Tell whether the work in a folder of the cache can be read; what cannot is counted again."""
    try:
        return bool(_read_work(folder))
    except PerfError:
        return False


def _read_work(folder: Path) -> dict[str, Work]:
    return {part: convert(counted, Work) for part, counted in read_json(folder / "work.json").items()}


def _make(spec: synthetic.Synthetic, stack: Stack, kind: Literal["synthetic", "taesd"] = "synthetic") -> Path:
    def make(folder: Path) -> None:
        result = run_module(stack, "checkpoint", kind, spec.name, str(folder))
        if result.returncode:
            raise PerfError(f"making the checkpoint {spec.name} failed:\n{quoted_end(result.stderr)}")

    target = cache.cache_dir() / "checkpoints" / f"{spec.name}-{spec.seed}"
    return cache.make_once(target, make, spec.disk_bytes)


def _download(hub_id: str, stack: Stack) -> Path:
    result = run_module(stack, "checkpoint", "hub", hub_id, **hub_tokens())
    if result.returncode:
        raise HubUnreachable(
            f"{hub_id} could not be downloaded from the Hub ({in_one_line(_tail(result.stderr, lines=1))}); without "
            "network use --model synthetic-sd15 (full size), --model tiny, or --model with a folder in the diffusers "
            "layout"
        )
    return Path(result.stdout.splitlines()[-1])


def hub_tokens() -> dict[str, str]:
    """Return the variables that hold the user's token of the Hub, which a private or gated model asks for."""
    return {name: os.environ[name] for name in HUB_TOKENS if name in os.environ}


def quoted_end(text: str) -> str:
    """Return the last lines of what a process has printed, quoted."""
    return quoted(_tail(text))


def run_module(stack: Stack, module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of the worker's tools by a stack's interpreter, in an environment that changes nothing in it."""
    command = [stack.python, "-m", f"perf.worker.{module}", *arguments]
    return helper.run(command, clean_environment() | environment)


def _tail(text: str, lines: int = 20) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def _is_path(text: str) -> bool:
    return text.startswith(("/", ".", "~")) or (text != "" and Path(text).is_dir())


def _read_model(name: str, folder: Path) -> Model:
    family = family_of(folder)
    _check_config(folder, family.denoiser, DenoiserConfig)
    _check_config(folder, "vae", VaeConfig)
    counts = parameters(folder)
    configs = {component: read_json(folder / component / "config.json") for component in counts}
    return Model(
        name=name,
        folder=folder,
        digest=cache.content_digest(folder, loaded_files(folder)),
        latent_channels=configs[family.denoiser]["in_channels"],
        scale=family.scale(configs),
        native_size=family.native_size(configs),
        scheduler=str(read_json(folder / "scheduler" / "scheduler_config.json").get("_class_name")),
        family=family.name,
        is_consistency=family.is_consistency(configs),
        parameters=counts,
    )


def _check_config(folder: Path, component: str, kind: type[object]) -> None:
    """Raise BadCheckpoint unless a component's configuration says what is read of it."""
    path = folder / component / "config.json"
    try:
        convert(read_json(path), kind)
    except BadRecord as error:
        raise BadCheckpoint(f"{path}: {error}") from None
