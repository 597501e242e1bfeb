"""Synthetic checkpoints as data: architectures in full size, and a tiny twin of each for trials.

::

    checkpoint            Synthetic, a checkpoint as configurations
    models                configurations of the models that they are made of
    schedulers            configurations of their schedulers
    stable_diffusion      Stable Diffusion 1.5, its consistency model, and Stable Diffusion Turbo
    stable_diffusion_xl   Stable Diffusion XL
    stable_diffusion_3    Stable Diffusion 3, a tiny one
    taesd                 TAESD, a decoder for these latents

The configuration files are written from these dictionaries and not by the libraries, whose files differ from one
version to the next. So any stack writes the same bytes. The key names are those of the checkpoints on the Hub.
"""

from __future__ import annotations

from perf.errors import UnknownName
from perf.spec.synthetic import stable_diffusion, stable_diffusion_3, stable_diffusion_xl, taesd
from perf.spec.synthetic.checkpoint import Synthetic

__all__ = ["SYNTHETIC", "Synthetic", "find", "find_taesd"]

SYNTHETIC = {
    spec.name: spec
    for spec in (
        *stable_diffusion.CHECKPOINTS,
        *stable_diffusion_xl.CHECKPOINTS,
        *stable_diffusion_3.CHECKPOINTS,
    )
}
TAESD = {spec.name: spec for spec in taesd.CHECKPOINTS}


def find(name: str) -> Synthetic:
    """Return the synthetic checkpoint of that name. Raises UnknownName."""
    if name not in SYNTHETIC:
        raise UnknownName("model", name, SYNTHETIC)
    return SYNTHETIC[name]


def find_taesd(name: str) -> Synthetic:
    """Return the synthetic TAESD of that name. Raises UnknownName."""
    if name not in TAESD:
        raise UnknownName("TAESD", name, TAESD)
    return TAESD[name]
