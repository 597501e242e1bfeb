"""The part of the contract that needs torch and diffusers: a pipeline of theirs, loaded, wrapped and observed.

::

    load          the checkpoint as a pipeline of diffusers, in the variant's precision and memory format
    finish        Built of that pipeline, with the context and the type of latents that the precision needs
    Built         a Pipeline of any pipeline of diffusers, or one that is called alike
    denoiser_of   the model of a pipeline that is called in every step
    observe       kernels by the logs of oneDNN and MKL, layers by hooks, state by the denoiser's weights
    measure_peak  what torch reaches on this machine
"""

from __future__ import annotations

from perf.spec.families import denoiser_of
from perf.worker.pipelines.built import Built
from perf.worker.pipelines.eager import finish, load, measure_peak, observe

__all__ = ["Built", "denoiser_of", "finish", "load", "measure_peak", "observe"]
