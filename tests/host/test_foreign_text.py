"""Text of other programs in a log: no line of it is a command, and no character an order."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.host.foreign_text import in_one_line, printable, quoted

EVIL = "::stop-commands::x\n  ::error::no\n##[command]rm\n\x1b[31mred\x1b[0m\x07\rover\n"


def test_the_lines_stay_readable() -> None:
    assert quoted(EVIL) == "| ::stop-commands::x\n|   ::error::no\n| # #[command]rm\n| red\n| over"
    assert in_one_line(EVIL) == "::stop-commands::x; ::error::no; # #[command]rm; red; over"


@pytest.mark.parametrize("make", [quoted, lambda text: f"behind: {in_one_line(text)}"])
@given(text=st.text(st.sampled_from(":#[]\r\n\t\x1b\x85\u2028 ax")))
def test_no_text_commands(make: object, text: str) -> None:
    assert callable(make)
    made = make(text)
    for line in made.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
    assert not set(made) & set("\x1b\x07\r")


def test_what_people_do_not_see_is_left_out() -> None:
    assert printable("a\x1b[31mb\x00\x85 \u202ec\ud800\ufffe\n d\t") == "ab c d"


@given(text=st.text())
def test_what_is_printable_is_one_line_that_xml_and_utf_8_take(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert ElementTree.fromstring(f"<a>{escape(shown)}</a>").text in {shown, None}
    assert shown.encode().decode() == shown
