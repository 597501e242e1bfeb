"""Creep: upgrades that are each within the tolerance, and what they come to against the oldest anchor."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from perf.history.creep import Creep, creeps
from perf.history.night import AnchorRatio
from perf.history.points import Point
from perf.history.upgrades import LogRatio, SoftwareRatios, measured_ratio, pooled
from perf.stats.tolerances import Tolerances
from tests.builders.points import against, nights, point

SAME = AnchorRatio(anchor="", ratio=1.0, low=1.0, high=1.0)
STEP = 1.008


def stack(number: int) -> str:
    return f"s{number}"


STACKS = {
    stack(number): {"python_version": "3.11.7", "packages": {"openvino": f"2026.{number + 1}.0"}}
    for number in range(20)
}


def after_upgrades(ratios: Sequence[float], *, apart: int = 20, measured: int = 10) -> list[Point]:
    """Return the nights of a row whose software gets slower by ratios, each accepted after so many nights."""
    points = []
    for night in range(apart * (len(ratios) + 1)):
        number, since = divmod(night, apart)
        if number and since < measured:
            to_anchor = against(stack(number - 1), ratios[number - 1])
        else:
            to_anchor = replace(SAME, anchor=stack(number))
        points.append(point(night, stack=stack(number), to_anchor=to_anchor))
    return points


def creep(points: Sequence[Point]) -> Creep:
    (only,) = creeps(points, STACKS)
    return only


def test_five_small_upgrades_are_one_large_one() -> None:
    found = creep(after_upgrades([STEP] * 5))
    assert found.total.ratio == pytest.approx(STEP**5)
    assert found.total.low < STEP**5 < found.total.high
    assert (found.is_slower, found.is_unnoticed, len(found.upgrades)) == (True, True, 5)
    assert str(found) == (
        "openvino-static: 4.1 % slower (+3.8 % to +4.4 %) than the software of 2026-01-01, by five upgrades, none of "
        "them over 3 %: openvino 2026.1.0 -> 2026.2.0 +0.8 % (2026-01-21), openvino 2026.2.0 -> 2026.3.0 +0.8 % "
        "(2026-02-10), openvino 2026.3.0 -> 2026.4.0 +0.8 % (2026-03-02), openvino 2026.4.0 -> 2026.5.0 +0.8 % "
        "(2026-03-22), openvino 2026.5.0 -> 2026.6.0 +0.8 % (2026-04-11)"
    )


def test_variances_add_along_the_chain() -> None:
    found = creep(after_upgrades([STEP] * 4, measured=1))
    sds = [math.log(1.012 / 1.004) / 2] * 4
    assert math.log(found.total.high / found.total.low) / 2 == pytest.approx(math.hypot(*sds), rel=0.01)


def test_more_nights_of_the_same_two_stacks_tell_more() -> None:
    once, often = (creep(after_upgrades([STEP], measured=count)).total for count in (1, 16))
    assert often.variance == pytest.approx(once.variance / 16)


def test_nights_that_disagree_do_not_tell_more() -> None:
    alike = pooled([LogRatio(0.01, 1e-6)] * 2)
    unlike = pooled([LogRatio(0.0, 1e-6), LogRatio(0.02, 1e-6)])
    assert alike.variance == pytest.approx(5e-7)
    assert unlike.value == pytest.approx(0.01)
    assert unlike.variance == pytest.approx(1e-4), "that of the mean of two numbers that are 0.02 apart"


def test_two_ways_to_the_oldest_anchor_count_both() -> None:
    """The third stack was measured against both earlier ones: directly, and by way of the second."""
    points = [
        point(0, stack="s0", to_anchor=replace(SAME, anchor="s0")),
        point(1, stack="s1", to_anchor=against("s0", 1.02)),
        point(2, stack="s2", to_anchor=against("s1", 1.02)),
        point(3, stack="s2", to_anchor=against("s0", 1.04)),
    ]
    direct, total = measured_ratio(points[3]), creep(points).total
    assert direct is not None
    assert 1.04 < total.ratio < 1.02**2
    assert total.variance == pytest.approx(direct.variance * 2 / 3, rel=0.02), "half of it again by way of the second"


def test_one_large_upgrade_is_not_unnoticed() -> None:
    found = creep(after_upgrades([1.04, STEP]))
    assert (found.is_slower, found.is_unnoticed) == (True, False)
    assert "by two upgrades, one of them over 3 %: " in str(found)


def test_upgrades_that_cancel_each_other_are_no_creep() -> None:
    found = creep(after_upgrades([1.02, 1 / 1.02, 1.02, 1 / 1.02]))
    assert found.total.ratio == pytest.approx(1)
    assert not found.is_slower


def test_a_ratio_that_is_hardly_known_is_no_creep() -> None:
    points = [
        replace(each, to_anchor=replace(each.to_anchor or SAME, low=0.9, high=1.2))
        for each in after_upgrades([1.02] * 2, measured=1)
    ]
    found = creep(points)
    assert (found.total.ratio > 1.03, found.is_slower) == (True, False)


def test_a_tolerance_of_ones_own() -> None:
    (found,) = creeps(after_upgrades([STEP] * 5), STACKS, Tolerances({"openvino-*": {"latency": 0.05}}))
    assert not found.is_slower


def test_a_row_that_was_never_upgraded() -> None:
    found = creep(after_upgrades([]))
    assert str(found).endswith("(+0.0 % to +0.0 %) than the software of 2026-01-01, which is the same")


def test_an_anchor_that_was_replaced_without_being_measured_begins_anew() -> None:
    """A baseline was accepted by memory alone: nothing says how its software compares with what was before."""
    points = after_upgrades([STEP, STEP])
    later = [
        point(
            night,
            stack=stack(10 + night // 90),
            to_anchor=against("s10", 1.02) if night >= 90 else replace(SAME, anchor="s10"),
        )
        for night in range(80, 100)
    ]
    later = [replace(each, stack="s10" if each.to_anchor and each.to_anchor.ratio == 1 else "s11") for each in later]
    found = creep([*points, *later])
    assert found.since[:10] == "2026-03-22"
    assert [upgrade.change.ratio for upgrade in found.upgrades] == [pytest.approx(1.02)]


def test_software_that_was_not_compared_yet_is_said_to_be_left_out() -> None:
    found = creep([*after_upgrades([1.01]), point(50, stack="s9"), point(51, stack="s9")])
    assert found.total.ratio == pytest.approx(1.01)
    assert str(found).endswith("; its software since 2026-02-20 has not been compared")


def test_packages_that_nobody_knows_any_more() -> None:
    (found,) = creeps(after_upgrades([STEP]), {})
    assert "by one upgrade: other software +0.8 % (2026-01-21)" in str(found)


def test_many_packages_are_counted_and_those_that_matter_come_first() -> None:
    packages = dict.fromkeys(("aaa", "bbb", "ccc", "openvino", "ddd"), "1")
    stacks = {"s0": {"packages": packages}, "s1": {"packages": dict.fromkeys(packages, "2")}}
    (found,) = creeps(after_upgrades([STEP]), stacks)
    assert "openvino 1 -> 2, aaa 1 -> 2, bbb 1 -> 2 and 2 more +0.8 %" in str(found)


def test_a_long_list_is_cut() -> None:
    assert "by eleven upgrades, none of them over 3 %: 3 earlier, openvino 2026.4.0" in str(
        creep(after_upgrades([STEP] * 11))
    )


def test_rows_settings_and_machines_are_apart_and_their_order_does_not_matter() -> None:
    one = after_upgrades([STEP] * 5)
    other = [replace(each, setting="turin", machine="turin") for each in after_upgrades([1.01])]
    third = [replace(each, name="eager-fp32") for each in after_upgrades([1.02])]
    points = [*one, *other, *third]
    random.Random(1).shuffle(points)
    said = {(each.setting, each.row): each.total.ratio for each in creeps(points, STACKS)}
    assert said == {
        ("genoa-256x256", "openvino-static"): pytest.approx(STEP**5),
        ("turin", "openvino-static"): pytest.approx(1.01),
        ("genoa-256x256", "eager-fp32"): pytest.approx(1.02),
    }


@pytest.mark.parametrize("broken", [math.nan, 0.0, -1.0, math.inf])
def test_ratios_that_are_none_are_left_out(broken: float) -> None:
    points = after_upgrades([STEP] * 2)
    points[25] = replace(points[25], to_anchor=AnchorRatio(anchor="s0", ratio=broken, low=broken, high=broken))
    assert creep(points).total.ratio == pytest.approx(STEP**2)


def test_rows_without_an_anchor_are_not_mentioned() -> None:
    assert creeps(nights(20), STACKS) == ()


def test_stacks_that_nothing_connects_have_no_ratio() -> None:
    ratios = SoftwareRatios.of([point(0, stack="x"), point(1, stack="y")])
    assert ratios.between("x", "y") is None
    assert ratios.between("x", "unheard of") is None
    assert ratios.between("x", "x") == LogRatio(0.0, 0.0)
