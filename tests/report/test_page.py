"""What the page shows of runs and of a history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.history.database import Database
from perf.history.night import read_night
from perf.history.reading import read_kept
from perf.report.page import make_view, render, source
from perf.report.page.marks import MarkKind
from perf.report.page.view import MachineView, Page
from perf.spec.ladder import LADDER
from perf.stats.verdict import VerdictKind
from tests.builders.evidence import evidence
from tests.builders.machines import GENOA, SAPPHIRE_RAPIDS
from tests.builders.recorded_runs import recorded_row, write_run
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.simulated_nights import FLEET
from tests.builders.whole_ladders import UNCHECKED, ladder_record, write_ladder


def page_of(*runs: Path) -> Page:
    return make_view.make_page(source.read(runs, None))


def test_a_run_is_shown_with_all_its_rows_in_the_order_of_the_ladder(whole: Path) -> None:
    (machine,) = page_of(whole).machines
    assert [row.line.name for row in machine.rows] == [variant.name for variant in LADDER]
    assert machine.counts == {"unchanged": 20, "regressed": 1, "undecided": 1, "improved": 1}
    assert machine.verdict
    assert (machine.verdict.kind, machine.verdict.fails) == ("unchanged", False)
    row = machine.rows[1]
    assert row.ladder.speed_up == pytest.approx(1.2, abs=0.03)
    assert row.ladder.published_s == {"Sapphire Rapids": 11.8}
    assert [timed.is_disturbed for timed in row.rounds] == [False] * 3 + [True] + [False] * 3
    assert len(row.claims) == 8
    assert row.command == "tox run -e perf -- --variant eager-fp32-jemalloc --size 512x512 --rounds 7"
    assert row.history is None, "one night"


def test_the_parts_of_a_row_add_up_to_its_latency(whole: Path) -> None:
    unchecked = {variant.name for variant in LADDER if variant.backend in UNCHECKED}
    for row in page_of(whole).machines[0].rows:
        assert sum(row.ladder.seconds.values()) == pytest.approx(row.ladder.latency_s, rel=1e-6)
        share = 0.882 if row.line.name in unchecked else 0.87
        assert row.ladder.seconds["UNet"] == pytest.approx(share * row.ladder.latency_s, rel=0.01)


def test_the_roofline_has_the_parts_of_rows_with_evidence(whole: Path) -> None:
    roofline = page_of(whole).machines[0].roofline
    assert roofline
    unchecked = [variant for variant in LADDER if variant.backend in UNCHECKED]
    assert len(roofline.reached) == 4 * len(LADDER) - len(unchecked), "a part that takes no time reaches nothing"
    assert roofline.limit.flop_per_s == {"f32": 2e11, "bf16": 1e12, "i8": 2e12}


def test_runs_of_one_machine_are_its_history_and_those_of_others_the_fleet(tmp_path: Path) -> None:
    when = ("2026-11-02T02:00:00+00:00", "2026-11-01T02:00:00+00:00")
    runs = [write_ladder(tmp_path / f"{day}.json", ladder_record(when=day, seed=n)) for n, day in enumerate(when)]
    (machine,) = page_of(*runs).machines
    assert (machine.nights, machine.when) == (2, "2026-11-02 02:00 UTC"), "whatever the order of the files"
    history = machine.rows[0].history
    assert history
    assert [point.began[:10] for point in history.recent] == ["2026-11-02", "2026-11-01"]
    other = write_ladder(tmp_path / "other.json", ladder_record(machine=SAPPHIRE_RAPIDS, when=when[1]))
    page = page_of(*runs, other)
    assert [machine.name for machine in page.machines] == [
        f"xeon-runner-1: {each.cpu}" for each in (GENOA, SAPPHIRE_RAPIDS)
    ]
    assert [row.name for row in page.fleet] == [variant.name for variant in LADDER]


def test_a_single_row_measured_again_does_not_hide_the_night_before_it(tmp_path: Path) -> None:
    night = ladder_record(when="2026-11-02T02:00:00+00:00")
    again = ladder_record(when="2026-11-02T09:00:00+00:00", seed=2)
    again["benchmarks"] = again["benchmarks"][:1]
    runs = [write_ladder(tmp_path / f"{number}.json", record) for number, record in enumerate((night, again))]
    (machine,) = page_of(*runs).machines
    assert (machine.when, len(machine.rows)) == ("2026-11-02 02:00 UTC", len(LADDER))
    history = machine.rows[0].history
    assert history
    assert [point.began[11:13] for point in history.recent] == ["09", "02"]


def test_a_row_that_one_machine_lacks_has_an_empty_place_in_the_fleet(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a.json", recorded_row("eager-fp32", [1.0]), recorded_row("openvino-static", [1.0]))
    second = write_run(tmp_path / "b.json", recorded_row("eager-fp32", [1.0]), machine=SAPPHIRE_RAPIDS)
    rows = {row.name: row.rows for row in page_of(first, second).fleet}
    assert [bool(each) for each in rows["openvino-static"]] in ([True, False], [False, True])
    assert "<td>-</td>" in render.render(page_of(first, second))


def test_the_kernels_of_two_nights_are_a_diff(tmp_path: Path) -> None:
    proofs = (evidence(), evidence(*evidence().kernels[1:]))
    for day, proof in enumerate(proofs, start=1):
        path = write_run(tmp_path / f"{day}.json", recorded_row("bf16-autocast", [1.0 + day], proof))
        path.write_text(path.read_text().replace("2026-11-01T02:00", f"2026-11-{day:02}T02:00"))
    kernels = page_of(tmp_path / "1.json", tmp_path / "2.json").machines[0].rows[0].kernels
    assert kernels
    assert kernels.before == "2026-11-01 01:00 UTC"
    assert [line.sign for line in kernels.lines] == ["gone", "same", "same", "same"]
    assert kernels.differences[0].startswith("UNet step: convolution no longer 50 brg_conv_fwd")


def test_what_changed_since_the_anchor_is_said_once_for_all_its_rows(tmp_path: Path) -> None:
    record = ladder_record()
    for benchmark in record["benchmarks"][:5]:
        benchmark["extra_info"]["software_changes"] = ["torch 2.13.0 -> 2.14.0"]
    (change,) = page_of(write_ladder(tmp_path / "run.json", record)).machines[0].changes
    assert (change.text, len(change.rows)) == ("torch 2.13.0 -> 2.14.0", 5)


def machine_on(page: Page, host: str) -> MachineView:
    return next(machine for machine in page.machines if machine.name.startswith(host))


def test_a_history_shows_what_was_planted(fleet: Page) -> None:
    assert len(fleet.machines) == len(FLEET) + 1, "the changed machine is another one"
    first = fleet.machines[0]
    assert first.name.startswith("xeon-1"), "the one with a row that fails comes first"
    slower = next(row for row in first.rows if row.line.name == "bf16-compile")
    assert slower.line.kind is VerdictKind.REGRESSED
    assert slower.kernels
    assert {line.sign for line in slower.kernels.lines} == {"gone", "new", "same"}
    assert slower.history
    ratios = [reading.value for piece in slower.history.ratios for reading in piece.readings]
    assert max(ratios[:20]) == 1.0
    assert ratios[-1] == pytest.approx(1.03, abs=0.01)


def test_upgrades_and_accepted_baselines_are_marked(fleet: Page) -> None:
    row = next(row for row in machine_on(fleet, "xeon-2").rows if row.line.name == "openvino-static")
    assert row.history
    kinds = [mark.kind for mark in row.history.marks]
    assert kinds == [MarkKind.PACKAGES, MarkKind.ANCHOR] * 5
    assert row.history.marks[0].text.startswith("openvino 2026.0.0 -> 2026.1.0")
    assert len(row.history.ratios) == 6, "a line for each anchor"


def test_an_upgrade_that_is_given_is_open_and_earlier_ones_are_not(tmp_path: Path, whole: Path) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    earlier, given = (
        write_upgrade(tmp_path / f"{day}.json", upgrade_record(f"2026-11-0{day}T03:00:00+00:00")) for day in (3, 4)
    )
    with Database(address) as database:
        database.add(read_night(whole))
        for path in (earlier, given):
            database.add(read_kept(path))
    page = make_view.make_page(source.read([given], address))
    assert page.title == "openvino 2026.3.1 -> 2026.4.1, 2026-11-04"
    assert [(view.began[:10], view.is_open) for view in page.upgrades] == [("2026-11-04", True), ("2026-11-03", False)]
    assert [machine.name for machine in page.machines] == [f"xeon-runner-1: {GENOA.cpu}"]
    static, eager, ipex = page.upgrades[0].rows
    assert [row.line.word for row in (static, eager, ipex)] == ["regressed", "equivalent", "invalid"]
    assert static.details[0] == "UNet step +5.0 % (+4.2 % to +5.8 %)"
    assert page_of(given).machines == []


def test_nights_whose_clock_was_wrong_are_left_out_and_said(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    days = ("1970-01-01", "2026-11-01", "2026-11-02", "2099-01-01")
    runs = [
        write_ladder(tmp_path / f"{day}.json", ladder_record(when=f"{day}T02:00:00+00:00", seed=n))
        for n, day in enumerate(days)
    ]
    with Database(address) as database:
        for run in runs:
            database.add(read_night(run))
    (machine,) = make_view.make_page(source.read([], address)).machines
    assert (machine.began[:10], machine.nights, machine.misdated) == ("2026-11-02", 2, 2)
    (given,) = make_view.make_page(source.read([runs[3]], address)).machines
    assert (given.began[:10], given.nights, given.misdated) == ("2099-01-01", 3, 1), "it is asked for"
    (alone,) = page_of(runs[0]).machines
    assert (alone.began[:10], alone.misdated) == ("1970-01-01", 0)


def test_the_run_that_is_given_is_shown_although_the_history_has_later_ones(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    runs = [
        write_ladder(tmp_path / f"{day}.json", ladder_record(when=f"2026-11-0{day}T02:00:00+00:00", seed=day))
        for day in (1, 4)
    ]
    with Database(address) as database:
        for run in runs:
            database.add(read_night(run))
    (machine,) = make_view.make_page(source.read(runs[:1], address)).machines
    assert (machine.began[:10], machine.nights) == ("2026-11-01", 2)


def test_a_run_of_another_model_is_another_series(tmp_path: Path, whole: Path) -> None:
    record = ladder_record(when="2026-11-02T02:00:00+00:00")
    for benchmark in record["benchmarks"]:
        benchmark["extra_info"]["model"] = {"name": "another", "digest": "e" * 64}
    machines = page_of(whole, write_ladder(tmp_path / "another.json", record)).machines
    assert [(each.measured.partition(",")[0], each.nights) for each in machines] == [
        ("another", 1),
        ("synthetic-sd15", 1),
    ]


def test_a_run_that_is_given_twice_is_one_night(tmp_path: Path, whole: Path) -> None:
    copy = tmp_path / "copy.json"
    copy.write_text(whole.read_text())
    (machine,) = page_of(whole, copy, whole).machines
    assert machine.nights == 1
    assert machine.rows[0].history is None


def test_a_run_that_the_history_has_is_not_counted_twice(tmp_path: Path, whole: Path) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    with Database(address) as database:
        database.add(read_night(whole))
    (machine,) = make_view.make_page(source.read([whole], address)).machines
    assert machine.nights == 1
    assert machine.rows[0].claims
    assert machine.rows[0].pictures, "which only the file holds"
    (kept,) = make_view.make_page(source.read([], address)).machines
    in_both = [replace(view.rows[0], claims=(), pictures=None, history=None) for view in (kept, machine)]
    assert in_both[0] == in_both[1]
