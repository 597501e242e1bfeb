"""Lines and lists, for terminals and for Markdown."""

from __future__ import annotations

from perf.report import tables


def test_a_long_line_is_broken_at_spaces_and_goes_on_indented() -> None:
    assert tables.wrapped("  differs: one two three", 18) == ["  differs: one two", "      three"]


def test_a_line_that_fits_is_as_it_was() -> None:
    assert tables.wrapped("a  table  line", 14) == ["a  table  line"]


def test_a_path_is_never_broken() -> None:
    path = "/a-folder/with-hyphens/run.json"
    assert tables.wrapped(f"kept in {path}", 12) == ["kept in", f"    {path}"]


def test_a_markdown_table() -> None:
    assert tables.markdown_table(("row", "s"), [("a", "1")]) == ["| row | s |", "| --- | ---: |", "| a | 1 |"]


def test_a_markdown_list_is_a_paragraph_of_its_own() -> None:
    assert tables.markdown_list(["a", "b"]) == "\n- a\n- b\n"
    assert tables.markdown_list([]) == ""


def test_a_name_without_room_goes_on_in_the_next_line() -> None:
    lines = tables.aligned(("row", "s"), [("openvino-static-256x256", "1.00"), ("eager", "2.00")], 20)
    assert max(map(len, lines)) <= 20
    first, second, third, fourth = lines
    assert (first.split(), fourth.split()) == (["row", "s"], ["eager", "2.00"])
    assert second.split()[0] + third == "openvino-static-256x256"
