"""Throughput as a table: images per minute, the latencies of each instance, and what the columns mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.measure.ladder_row import LadderRow
from perf.records.energy import Energy
from perf.records.sample import Instance, Session
from perf.report import throughput_table
from perf.report.throughput_table import percentiles
from perf.spec.ladder import select
from tests.builders.samples import sample

EAGER, STATIC = select(["eager-fp32", "openvino-static"])
TWO = (Instance(cpus="0-3", latencies_s=(10.0, 10.0, 14.0)), Instance(cpus="4-7", latencies_s=(11.0, 11.0, 12.0)))


def row(variant: str, *latencies_s: float, instances: tuple[Instance, ...] = TWO) -> LadderRow:
    (known,) = select([variant])
    samples = tuple(map(sample, latencies_s))
    session = Session(variant=variant, load_s=1.0, export_s=0.0, warmups=(), samples=samples, instances=instances)
    return LadderRow(variant=known, session=session)


MISSING = LadderRow(variant=STATIC, why_not="x")
ROWS = [row("eager-fp32", 8.0, 9.0, 10.0), row("openvino-static", 2.0, 3.0, 4.0), MISSING]


def test_a_row_is_followed_by_its_instances() -> None:
    lines = throughput_table.terminal(ROWS, 2, 80)
    assert [line.split() for line in lines[1:4]] == [
        ["eager-fp32", "6.667", "6.000..7.500", "3", "1.00x", "11.00", "14.00", "14.00", "2.0"],
        ["CPUs", "0-3", "10.59", "3", "10.00", "14.00", "14.00"],  # two images in a mean of 11.33 s
        ["CPUs", "4-7", "10.59", "3", "11.00", "12.00", "12.00"],
    ]
    assert lines[4].split()[:5] == ["openvino-static", "20.00", "15.00..30.00", "3", "3.00x"]
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "openvino-static: x"


def test_a_single_instance_needs_no_line_of_its_own() -> None:
    lines = throughput_table.terminal([row("openvino-static", 2.0, instances=TWO[:1])], 1, 80)
    assert not [line for line in lines if "CPUs" in line]
    assert lines[1].split()[:4] == ["openvino-static", "30.00", "-", "1"]


def test_the_columns_are_explained() -> None:
    notes = throughput_table.footnotes(ROWS, 2)
    assert "interval: of that median, distribution-free, 75% confidence." in notes
    assert [note for note in notes if "a call of 2 images" in note]
    assert [note for note in throughput_table.footnotes(ROWS, 1) if "an image took an instance" in note]
    assert throughput_table.footnotes(ROWS[2:], 1) == []


def test_joules_are_a_column_where_there_are_any() -> None:
    counted = row("openvino-static", 2.0)
    assert counted.session is not None
    with_energy = replace(sample(2.0), energy=Energy(package_j=120.0))
    counted = replace(counted, session=replace(counted.session, samples=(with_energy,)))
    lines = throughput_table.terminal([ROWS[0], counted], 1, 100)
    assert lines[0].split()[-1] == "J/image"
    assert [lines[1].split()[-1], lines[4].split()[-1]] == ["-", "120"]
    assert "J/image: of all packages, idle power included (RAPL)." in lines


def test_markdown_has_the_same() -> None:
    text = throughput_table.markdown(ROWS, 1, "Images per minute", ["a machine"])
    assert "| eager-fp32 | 6.667 | 6.000..7.500 | 3 | 1.00x | 11.00 | 14.00 | 14.00 | 2.0 |" in text
    assert text.startswith("## Images per minute\n\n- a machine\n")


@pytest.mark.parametrize(
    ("latencies_s", "expected"),
    [
        ([1.0], ("1.000", "1.000", "1.000")),
        ([float(n) for n in range(1, 11)], ("5.000", "9.000", "10.00")),
        ([float(n) for n in range(1, 101)], ("50.00", "90.00", "99.00")),
    ],
)
def test_percentiles_are_latencies_that_were_measured(latencies_s: list[float], expected: tuple[str, ...]) -> None:
    assert percentiles(latencies_s) == expected
