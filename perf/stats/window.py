"""A window in which several workers made images side by side, as one sample: what an image took all of them together.

The window reaches from the last worker's start to the first one's end, so that all of them worked all through it. A
call that it cuts off counts as the share that lies within. The sample's latency is the window's length over the images
made in it, the inverse of the throughput. Its parts and what it used are those of all calls, per image: so the gate
reads it as it reads any other.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable, Sequence

from perf.errors import BadRecord
from perf.records.counts import GenerationCounts
from perf.records.sample import Conditions, Parts, Sample

Calls = Sequence[Sample]  # of one worker, one after the other


def window_sample(workers: Sequence[Calls], batch: int) -> Sample:
    """Return the sample of a window.

    Args:
        workers: the calls of each; every one has ``ended_s``.
        batch: how many images a call makes.

    Raises:
        BadRecord: the workers did not work at the same time.
    """
    calls = list(itertools.chain.from_iterable(workers))
    image_s = window_s(workers) / images_within(workers, batch)
    share = image_s / statistics.fmean(call.latency_s for call in calls)
    return Sample(
        steps=calls[0].steps,
        latency_s=image_s,
        parts=_mean_parts([call.parts for call in calls], share),
        conditions=_conditions(workers, batch, image_s),
        counts=_counts(calls, batch),
        ended_s=max(map(_ended_s, calls)),
    )


def window_s(workers: Sequence[Calls]) -> float:
    """Return the seconds during which all worked. Raises BadRecord if there are none."""
    began_s, ended_s = _bounds_s(workers)
    if ended_s <= began_s:
        raise BadRecord("ended_s", "one worker had ended before another had begun: they did not work side by side")
    return ended_s - began_s


def images_within(workers: Sequence[Calls], batch: int) -> float:
    """Return how many images were made in the window, those cut off by the share that lies within."""
    began_s, ended_s = _bounds_s(workers)
    return batch * sum(
        (min(_ended_s(call), ended_s) - max(_began_s(call), began_s)) / call.latency_s
        for call in itertools.chain.from_iterable(workers)
        if _ended_s(call) > began_s and _began_s(call) < ended_s
    )


def _bounds_s(workers: Sequence[Calls]) -> tuple[float, float]:
    return max(_began_s(calls[0]) for calls in workers), min(_ended_s(calls[-1]) for calls in workers)


def _began_s(call: Sample) -> float:
    return _ended_s(call) - call.latency_s


def _ended_s(call: Sample) -> float:
    if call.ended_s is None:
        raise BadRecord("ended_s", "is missing: the worker's code is of a version that measures one worker alone")
    return call.ended_s


def _mean_parts(parts: Sequence[Parts], share: float) -> Parts:
    """Return the mean of each part over the calls, times ``share``; the steps by their positions."""

    def mean(value: Callable[[Parts], float]) -> float:
        return share * statistics.fmean(map(value, parts))

    steps = zip(*(each.unet_steps_s for each in parts), strict=False)
    return Parts(
        text_encoder_s=mean(lambda each: each.text_encoder_s),
        unet_steps_s=tuple(share * statistics.fmean(step_s) for step_s in steps),
        vae_decode_s=mean(lambda each: each.vae_decode_s),
        safety_checker_s=mean(lambda each: each.safety_checker_s),
        rest_s=mean(lambda each: each.rest_s),
    )


def _counts(calls: Calls, batch: int) -> GenerationCounts | None:
    """Return what was counted in an image; None unless all calls have the same parts counted."""
    known = [call.counts for call in calls if call.counts]
    if len(known) < len(calls) or any(each.parts.keys() != known[0].parts.keys() for each in known):
        return None
    return GenerationCounts.per_image(known, batch * len(calls))


def _conditions(workers: Sequence[Calls], batch: int, image_s: float) -> Conditions:
    """Return what an image used of the workers, and what the machine went through meanwhile.

    Pressure and steal are the machine's own, so that every worker has seen the same of them.
    """
    calls = list(itertools.chain.from_iterable(workers))
    images = batch * len(calls)
    pressures = [call.conditions.cpu_pressure_s for call in calls]
    return Conditions(
        cpu_s=sum(call.conditions.cpu_s for call in calls) / images,
        peak_rss_bytes=_sum_of_peaks(workers),
        involuntary_switches=round(sum(call.conditions.involuntary_switches for call in calls) / images),
        cpu_pressure_s=_rate(pressures, calls) * image_s if None not in pressures else None,
        steal_s=_rate([call.conditions.steal_s for call in calls], calls) * image_s,
    )


def _rate(seconds: Iterable[float | None], calls: Calls) -> float:
    """Return what calls have seen per second of theirs."""
    return sum(filter(None, seconds)) / sum(call.latency_s for call in calls)


def _sum_of_peaks(workers: Sequence[Calls]) -> int | None:
    """Return the sum of the workers' peaks, or None where one could not be read."""
    peaks = [max((call.conditions.peak_rss_bytes or 0 for call in calls), default=0) for calls in workers]
    return sum(peaks) if all(peaks) else None
