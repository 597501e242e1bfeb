"""The options of every run in a file: what they become, what the command line does to them, and faults in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.measure import settings_file
from perf.measure.declared_options import declared
from perf.measure.options import layered
from perf.measure.settings_file import SettingsFile

OPTIONS = declared()
WHOLE = """
variants = ["openvino-*", "eager-fp32"]
quick = true
model = "tiny"
size = "64x64"
warmup-steps = 2
budget = 40
guidance-scale = 5.5
baselines = "elsewhere"

[tolerance]
"*" = {latency = 3}
"openvino-*" = {latency = 2, "peak memory" = 5}
"""


def find_in(folder: Path, text: str) -> SettingsFile:
    (folder / "perf.toml").write_text(text)
    file = settings_file.find(folder, OPTIONS)
    assert file
    return file


def test_a_folder_without_settings_has_none(tmp_path: Path) -> None:
    assert settings_file.find(tmp_path, OPTIONS) is None
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    assert settings_file.find(tmp_path, OPTIONS) is None


def test_a_file_gives_options_their_values(tmp_path: Path) -> None:
    file = find_in(tmp_path, WHOLE)
    assert file.values == {
        "variant": ["openvino-*", "eager-fp32"],
        "quick": True,
        "model": "tiny",
        "size": "64x64",
        "warmup_steps": 2,
        "budget": 40.0,
        "guidance_scale": 5.5,
        "baselines": tmp_path / "elsewhere",
    }
    assert file.tolerances.of_row("openvino-static")["latency"] == 0.02
    assert file.tolerances.of_row("eager-fp32")["peak memory"] == 0.03


def test_a_project_says_the_same_in_a_table_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.perf]\nsteps = 7\n[tool.perf.tolerance]\n'*' = {latency = 5}\n")
    file = settings_file.find(tmp_path, OPTIONS)
    assert file
    assert (file.path, file.values) == (tmp_path / "pyproject.toml", {"steps": 7})
    assert file.tolerances.of_row("eager-fp32")["latency"] == 0.05


@pytest.mark.parametrize(("steps", "value"), [("20", 20), ("'10,20'", "10,20"), ("'20'", "20")])
def test_steps_are_a_number_or_a_list_in_a_text(tmp_path: Path, steps: str, value: int | str) -> None:
    assert find_in(tmp_path, f"steps = {steps}\n").values == {"steps": value}


def test_two_files_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.perf]\n")
    with pytest.raises(BadInput, match=r"perf\.toml and \[tool\.perf\] of pyproject\.toml both set options"):
        find_in(tmp_path, "")


def test_a_folder_of_a_model_is_seen_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    assert find_in(tmp_path, 'model = "weights"').values["model"] == str(tmp_path / "weights")
    assert find_in(tmp_path, 'model = "owner/name"').values["model"] == "owner/name"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stepz = 3", "unknown key 'stepz'; did you mean steps"),
        ("warmup_steps = 3", "unknown key 'warmup_steps'; did you mean warmup-steps"),
        ("variant = ['eager-fp32']", "unknown key 'variant'; did you mean variants"),
        ("tolerances = {}", "unknown key 'tolerances'; did you mean tolerance"),
        ("update-baseline = true", "update-baseline is decided run by run, on the command line alone"),
        ("steps = 3.0", "steps is a number, not a whole number"),
        ("steps = true", "steps is true or false, not a whole number"),
        ("quick = 1", "quick is a whole number, not true or false"),
        ("size = 512", "size is a whole number, not text in quotes"),
        ("budget = inf", "budget is inf, not a finite number"),
        ("variants = 'eager-fp32'", "variants is text in quotes, not a list"),
        ("variants = [1]", "each of variants is a whole number, not text in quotes"),
        ("tolerance = 3", "tolerance is a whole number, not a table"),
        ("tolerance = {latency = 3}", 'tolerance "latency": is not a table of quantities, such as'),
        ("tolerance = {'eager-fp23' = {latency = 3}}", "tolerance \"eager-fp23\": unknown variant 'eager-fp23'; did"),
        ("tolerance = {'*' = {latnecy = 3}}", "tolerance \"*\": unknown quantity 'latnecy'; did you mean latency"),
        ("tolerance = {'*' = {latency = 0.03}}", 'tolerance "*": latency 0.03: must be 0.1 to 1000 percent'),
        ("tolerance = {'*' = {latency = -3}}", 'tolerance "*": latency -3: must be 0.1 to 1000 percent'),
        ("tolerance = {'*' = {latency = '3 %'}}", 'tolerance "*": latency is text in quotes, not a number'),
    ],
)  # fmt: skip
def test_a_fault_names_the_file_and_the_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_in(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'perf.toml'}: {said}")


def test_a_link_to_nothing_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "perf.toml").symlink_to("gone.toml")
    with pytest.raises(BadInput, match=r"perf\.toml: is not a file"):
        settings_file.find(tmp_path, OPTIONS)


def test_a_table_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool.perf = 3\n")
    with pytest.raises(BadInput, match=r"pyproject\.toml, \[tool\.perf\]: tool\.perf is a whole number, not a table"):
        settings_file.find(tmp_path, OPTIONS)


def test_patterns_of_which_neither_comes_first_are_refused(tmp_path: Path) -> None:
    text = "[tolerance]\n'eager*' = {latency = 3}\n'*-fp32*' = {latency = 5, 'load time' = 9}\n"
    with pytest.raises(BadInput, match=r"both set latency of eager-fp32, and neither fixes more letters"):
        find_in(tmp_path, text)


def test_a_row_of_its_own_settles_it(tmp_path: Path) -> None:
    text = "[tolerance]\n'eager-fp32' = {latency = 1}\n'eager*' = {latency = 3}\n'*-fp32' = {latency = 5}\n"
    with pytest.raises(BadInput, match="both set"):
        find_in(tmp_path, text.replace("'eager-fp32' = {latency = 1}", ""))
    file = find_in(tmp_path, text)
    assert file.tolerances.of_row("eager-fp32")["latency"] == 0.01


def given(**values: object) -> dict[str, object]:
    return {option.dest: None for option in OPTIONS} | values


def test_the_command_line_wins_over_the_file_and_the_file_over_the_default() -> None:
    in_file = {"steps": 7, "rounds": 4, "variant": ["eager-fp32"], "require_all": True}
    values = layered(OPTIONS, given(steps=20, variant=["openvino-*"], require_all=False), in_file)
    assert (values.steps, values.rounds, values.variant, values.require_all) == (20, 4, ["openvino-*"], False)
    assert (values.seed, values.fresh, values.quick) == (20230328, 4, False)


def test_a_quick_run_is_quick_whatever_the_file_says() -> None:
    in_file = {"steps": 50, "size": "512x512", "seed": 3}
    values = layered(OPTIONS, given(quick=True, rounds=8), in_file)
    assert (values.quick, values.steps, values.size, values.rounds, values.seed) == (True, None, None, 8, 3)
    slow = layered(OPTIONS, given(quick=False), in_file | {"quick": True})
    assert (slow.quick, slow.steps) == (False, 50)


OWN = """
[{0}stacks]
mine = "env/bin/python"

[[{0}row]]
name = "mine"
like = "openvino-static"
stack = "mine"

[{0}tolerance]
mine = {{latency = 7}}
"""


@pytest.mark.parametrize(
    ("name", "prefix"), [("perf.toml", ""), ("perf.toml", "tool.perf."), ("pyproject.toml", "tool.perf.")]
)
def test_rows_and_stacks_of_ones_own(tmp_path: Path, name: str, prefix: str) -> None:
    (tmp_path / name).write_text(OWN.format(prefix))
    file = settings_file.find(tmp_path, OPTIONS)
    assert file
    assert [row.name for row in file.rows] == ["mine"]
    assert file.ladder[-1] == file.rows[0]
    assert file.stacks == {"mine": tmp_path / "env/bin/python"}
    assert file.tolerances.of_row("mine")["latency"] == 0.07


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.ruff]\nx = 1", "tool belongs to pyproject.toml"),
        ("rounds = 3\n[tool.perf]\nrounds = 4", "tool belongs to pyproject.toml"),
        ("tool = 1", "tool belongs to pyproject.toml"),
        ("[stacks]\ncurent = 'x'", "unknown stack 'curent'; did you mean current?"),
        ("[stacks]\ncurrent = 1", "stacks.current is a whole number, not text in quotes"),
    ],
)
def test_a_fault_in_them_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_in(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'perf.toml'}: {said}")
