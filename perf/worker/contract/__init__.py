"""The contract of a backend that a package of its own brings: what it has, and all that it may import of the suite.

The package has an entry point of the group ``sd_xeon_perf.backends``, whose name is what rows call the backend, and
whose value a module, or an object, with these attributes. Its rows are run by a worker in the stack where it is
installed.

================  ======================================================  =============================================
attribute         what it is                                              where it is left out
================  ======================================================  =============================================
``CONTRACT``      the version of this contract that it was written for    broken
``build``         ``(request: BuildRequest) -> Pipeline``                 broken
``observe``       ``(pipeline: Pipeline, replay: Replay) -> Observed``    broken
``measure_peak``  ``(variant: Variant) -> Peak``                          what torch reaches is measured, or OpenVINO
``check_claims``  ``(pipeline: Pipeline, observed: Observed)              the suite's own claims are all that is checked
                  -> Iterable[Claim]``
================  ======================================================  =============================================

A breach makes the row invalid, by name. ``of_diffusers`` has what backends on torch and diffusers share. Both modules
are the whole surface: what else is in ``perf`` may change from one commit to the next, without another version.
"""

from __future__ import annotations

from perf.records.claim import Claim
from perf.records.evidence import LOOKED_AT, Kernel, Layer, Peak, State, grouped
from perf.records.part import Part
from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker.parts import PartsClock
from perf.worker.pipelines import BuildRequest, Image, Observed, Pipeline, Replay

VERSION = 1

__all__ = [
    "LOOKED_AT",
    "VERSION",
    "BuildRequest",
    "Claim",
    "Image",
    "Kernel",
    "Layer",
    "Observed",
    "Part",
    "PartsClock",
    "Peak",
    "Pipeline",
    "Replay",
    "Size",
    "State",
    "Variant",
    "grouped",
]
