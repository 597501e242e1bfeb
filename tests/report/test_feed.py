"""The feed of the nights: valid Atom, whatever is in the runs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from perf import cli
from perf.history.database import Database
from perf.history.night import read_night
from perf.report import feed
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.whole_ladders import ladder_record, write_ladder

ATOM = "{http://www.w3.org/2005/Atom}"
ADDRESS = "https://someone.github.io/sd-xeon-perf/"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_ladder(tmp_path / "run.json", ladder_record() | {"ci_url": "https://ci.example/7"})


def write(folder: Path, *arguments: object) -> Element:
    """Write page and feed into a folder, and return the feed."""
    outputs = ["--output", folder / "index.html", "--feed", folder / "feed.xml"]
    assert cli.main(["report", *map(str, (*arguments, *outputs))]) == 0
    root = ElementTree.parse(folder / "feed.xml").getroot()
    check_valid(root)
    return root


def check_valid(root: Element) -> None:
    """Fail unless feed and entries have what RFC 4287 (4.1.1, 4.1.2) asks for, each of it once."""
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for element in (root, *entries):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated", "")).tzinfo
    assert root.findtext(f"{ATOM}author/{ATOM}name"), "which then is each entry's too"
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(ids) == len(set(ids))
    assert root.findtext(f"{ATOM}updated") == max(entry.findtext(f"{ATOM}updated", "") for entry in entries)


def entry_of(root: Element) -> Element:
    (entry,) = root.findall(f"{ATOM}entry")
    return entry


def test_a_night_is_an_entry(tmp_path: Path, run: Path) -> None:
    entry = entry_of(write(tmp_path / "site", run))
    assert entry.findtext(f"{ATOM}id") == f"urn:sha256:{read_night(run).digest}"
    assert entry.findtext(f"{ATOM}title") == "xeon-runner-1 (genoa): 1 regressed, 1 improved, 20 unchanged, 1 undecided"
    assert [link.attrib for link in entry.iter(f"{ATOM}link")] == [{"rel": "alternate", "href": "https://ci.example/7"}]
    (content,) = entry.findall(f"{ATOM}content")
    assert content.attrib == {"type": "text"}
    kinds = [line.split(": ")[1] for line in str(content.text).splitlines()]
    assert kinds == ["regressed", "improved"]
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["feed.xml", "index.html"]


def test_links_lead_to_the_published_page(tmp_path: Path, run: Path) -> None:
    root = write(tmp_path, run, "--address", ADDRESS)
    links = [link.attrib for link in root.findall(f"{ATOM}link")]
    assert links == [{"rel": "alternate", "href": ADDRESS}, {"rel": "self", "href": f"{ADDRESS}feed.xml"}]
    assert root.findtext(f"{ATOM}id") == ADDRESS
    assert [link.get("href") for link in entry_of(root).iter(f"{ATOM}link")] == [ADDRESS]


def test_the_newest_nights_of_history_and_runs_each_once(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ENTRIES", 3)
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    with Database(address) as database:
        database.add(read_night(run))
        for day in range(2, 6):
            record = ladder_record(when=f"2026-11-{day:02}T02:00:00+00:00")
            database.add(read_night(write_ladder(tmp_path / f"{day}.json", record)))
    root = write(tmp_path, run, tmp_path / "5.json", "--history", address)
    days = [entry.findtext(f"{ATOM}updated", "")[:10] for entry in root.findall(f"{ATOM}entry")]
    assert days == ["2026-11-05", "2026-11-04", "2026-11-03"]


def test_a_night_whose_clock_was_wrong_is_not_the_newest_for_ever(tmp_path: Path, run: Path) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    with Database(address) as database:
        wrong = ladder_record(when="2099-01-01T02:00:00+00:00")
        database.add(read_night(write_ladder(tmp_path / "wrong.json", wrong)))
    root = write(tmp_path, run, "--history", address)
    assert [entry.findtext(f"{ATOM}updated", "")[:4] for entry in root.findall(f"{ATOM}entry")] == ["2026"]


def test_an_upgrade_check_is_an_entry(tmp_path: Path) -> None:
    entry = entry_of(write(tmp_path, write_upgrade(tmp_path / "up.json", upgrade_record())))
    title = "xeon-runner-1 (genoa), openvino 2026.3.1 -> 2026.4.1: 1 regressed, 1 equivalent, 1 invalid"
    assert entry.findtext(f"{ATOM}title") == title
    slower, invalid = entry.findtext(f"{ATOM}content", "").splitlines()
    assert slower.startswith("openvino-static: regressed: +4.1 %")
    assert invalid == "ipex-bf16: invalid: worker 7 died"


def test_foreign_text_leaves_the_feed_valid(tmp_path: Path) -> None:
    hostile = "\x00\x1b[2J\ufffe<b>&amp;]]>\u202e"
    record = ladder_record() | {"ci_url": "javascript:alert(1)"}
    record["machine_info"]["node"] = hostile
    for row in record["benchmarks"]:
        row["extra_info"]["verdict"]["sentence"] = hostile
    path = tmp_path / "run.json"
    path.write_text(json.dumps(record))
    entry = entry_of(write(tmp_path, path))
    assert entry.findtext(f"{ATOM}title", "").startswith("<b>&amp;]]> (genoa): ")
    assert "regressed: <b>&amp;]]>" in entry.findtext(f"{ATOM}content", "")
    assert not entry.findall(f"{ATOM}link")


def test_a_night_on_which_nothing_happened_says_so(tmp_path: Path, run: Path) -> None:
    record = json.loads(run.read_text())
    record["benchmarks"] = record["benchmarks"][:1]
    entry = entry_of(write(tmp_path, write_ladder(run, record)))
    assert entry.findtext(f"{ATOM}content") == "No row fails, and none is faster."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--feed", "feed.html"], "--feed feed.html: the name must end in .xml"),
        (["--feed", "feed.xml", "--address", "cheese"], "--address cheese: must begin with https:// or http://"),
        (["--feed", "feed.xml", "--address", "file:///etc"], "must begin with https:// or http://"),
        (["--address", ADDRESS], "--address is of use with --feed FILE.xml alone"),
        (["--feed", "run.json/feed.xml"], "is not a directory"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    run: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.parent)
    assert cli.main(["report", "run.json", "--output", "night.html", *arguments]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert [path.name for path in run.parent.iterdir()] == ["run.json"]
