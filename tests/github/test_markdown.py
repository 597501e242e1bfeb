"""Foreign text in Markdown: it cannot leave its block, call anybody or become a link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.github.markdown import commit, fenced, link, plain, shortened, some


@given(st.lists(st.lists(st.sampled_from(["`", "```", "\n", "\r", " ", "a", "<!--"])).map("".join)))
def test_no_line_ends_its_block(texts: list[str]) -> None:
    fence, *inside, end = fenced(texts)
    assert fence == f"{end}text"
    assert len(inside) == len(texts)
    assert all(end not in line for line in inside)


@given(st.text())
def test_plain_text_means_nothing(text: str) -> None:
    shown = plain(text, 50)
    assert len(shown) <= 50
    assert not set(shown) & set("@#<>[]`*|\\!&~\n\r\x1b")


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/o/n/actions/runs/7",
        "https://gitlab.example:8443/group/a%20b/-/jobs/7",
        "http://jenkins/job/a-b_c/7/",
    ],
)
def test_a_run_is_linked(address: str) -> None:
    assert link("run", address) == f"[run]({address})"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://a/b) [c](https://d",
        "https://user@a/b",
        "https://a/b?c",
        "https://a/@everyone",
        "https://a/b\n",
        "https://github.com/o/n/issues/1",
        f"https://a/{'b' * 500}",
        None,
        7,
    ],
)
def test_what_is_no_run_is_not_linked(address: object) -> None:
    assert link("run", address) is None


@pytest.mark.parametrize("digest", ["abcdef", "g" * 40, "a" * 65, "@" * 40, f"{'a' * 40}\n", None, 7])
def test_what_is_no_commit_is_not_named(digest: object) -> None:
    assert commit(digest) is None
    assert commit("a" * 40) == "a" * 40


def test_what_is_long_is_cut_and_says_so() -> None:
    assert shortened("abcdef", 5) == "ab..."
    assert some(["a", "b", "c"], 2) == ["a", "b", "and 1 more"]
    assert some(["a", "b"], 2) == ["a", "b"]
