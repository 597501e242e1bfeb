"""The command line as a user types it: mistakes, exit codes, the version."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from perf import cli
from perf.exit_codes import ExitCode


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["selftest", "--variant", "eager-pf32"], "did you mean eager-fp32"),
        (["selftest", "--size", "3x3"], "multiples of 8"),
        (["selftest", "--model", "tinny"], "unknown model 'tinny'"),
        (["evaluate", "/nowhere.jsonl"], "/nowhere.jsonl: cannot be read"),
        (["explain", "/nowhere.json"], "/nowhere.json is not a recorded run of this suite"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == ExitCode.BAD_INPUT
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["pair", "openvino-static"], "the following arguments are required: OTHER"),
        (["mashine"], "invalid choice: 'mashine'"),
        (["machine", "--chekc"], "unrecognized arguments: --chekc"),
        (["selftest", "--rounds", "0"], "argument --rounds: '0' is not a number above 0"),
    ],
)
def test_a_wrong_command_line_has_the_exit_code_of_bad_input(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == ExitCode.BAD_INPUT
    usage, error = capsys.readouterr().err.split("\n", 1)
    assert usage.startswith("usage: python -m perf")
    assert message in error


def test_the_version_is_that_of_the_distribution_and_takes_no_heavy_import() -> None:
    code = "import sys; from perf import cli; cli.main(['--version']); print({'numpy', 'scipy'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"sd-xeon-perf {version('sd-xeon-perf')}\nset()\n"


def test_the_version_is_an_option_of_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--versio"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"sd-xeon-perf {version('sd-xeon-perf')}\n")
    assert "--version" in cli.parser().format_help()


def test_the_parser_does_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    parser_help = cli.parser().format_help()
    monkeypatch.setenv("UPGRADE", '"openvino==2026.3.1')
    monkeypatch.setenv("UPGRADE_STACK", "ipex")
    assert cli.parser().format_help() == parser_help
    assert cli.parse(["upgrade"]).upgrade_stack is None


def test_rows_come_first_and_all_else_is_handed_on_to_pytest() -> None:
    options = cli.parse(["pair", "bf16-compile", "ipex-bf16", "openvino-*", "--model", "tiny", "-x"])
    assert (options.reference, options.candidates) == ("bf16-compile", ["ipex-bf16", "openvino-*"])
    assert options.pytest_options == ["--model", "tiny", "-x"]


def test_options_that_only_pytest_knows_are_handed_on_to_it() -> None:
    options = cli.parse(["upgrade", "--upgrade", "torch", "--variant", "eager-fp32", "-x"])
    assert (options.upgrade, options.pytest_options) == (["torch"], ["--variant", "eager-fp32", "-x"])
