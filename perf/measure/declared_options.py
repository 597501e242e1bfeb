"""The options of a measurement: names, types, defaults and help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perf.measure.settings import (
    BASELINES,
    DEADLINES,
    DEFAULT,
    DEFAULT_MODEL,
    PAIRS_BUDGET_S,
    QUICK,
    Judging,
    preset,
)
from perf.measure.settings_file import Option
from perf.spec.families import FAMILIES
from perf.spec.synthetic import SYNTHETIC
from perf.stats.machine_verdict import MACHINE_TOLERANCE
from perf.stats.paired_comparison import FEWEST_WORKERS
from perf.stats.verdict import MAX_SESSIONS

TURBO = "synthetic-sd-turbo"  # and its tiny twin, which have defaults of their own
QUICK_HELP = (
    f"small images and few of them, minutes instead of hours: --size {QUICK.size} --steps {QUICK.steps} "
    f"--warmup-steps {QUICK.warmup_steps} --rounds {QUICK.rounds} --budget {QUICK.budget_s:g} where not given"
)
BUDGET_HELP = (
    f"end a variant's rounds after this time, never under 3 rounds ({DEFAULT.budget_s:g}; with --quick "
    f"{QUICK.budget_s:g}), or its pairs, never under {FEWEST_WORKERS} pairs of workers "
    f"({PAIRS_BUDGET_S:g})"
)
REQUIRE_ALL_HELP = (
    "fail a row that cannot run here, has no baseline or is not decided; exit code 2 where undecided rows are all that "
    "fails (implied by pytest's --strict)"
)
INSTANCES_HELP = (
    "measure throughput: how many images so many workers make side by side, each bound to cores of its own; a number, "
    "or one per-socket or per-numa"
)
BATCH_HELP = "images that each worker makes at once; implies --instances 1 (1)"
SIZE_HELP = (
    f"image size in pixels (the model's own, 512x512 for SD 1.5; with --quick {QUICK.size}); several, such as "
    "256x256,512x512, to measure every row at each"
)
MODEL_HELP = (
    f"a synthetic model ({', '.join(SYNTHETIC)}; by default {DEFAULT_MODEL}), a Hub id, or a diffusers folder, of a "
    f"{' or '.join(family.pipeline for family in FAMILIES)}"
)
JUDGE_HELP = (
    "in pairs with the stack that a row's baseline was accepted with where the software differs from it, by the "
    "baseline's sessions elsewhere (auto); always in pairs; or by the sessions alone (memory)"
)
HISTORY_HELP = (
    "where this run is kept for years: sqlite:///FILE, postgresql://USER@HOST/NAME, or none (a file of this user's own)"
)
FRESH_HELP = "most fresh workers to start for a row that may be slower (%(default)s)"


def declared() -> list[Option]:
    """Return the options in the order in which they are shown. Those that --quick sets have no default of their own."""
    return [
        *_what_to_measure(),
        *_protocol(),
        *_deadlines(),
        *_judging(),
        *_updating(),
        *_comparing(),
    ]


def _option(name: str, **attributes: Any) -> Option:
    return Option(name, attributes)


def _for_one_run(name: str, **attributes: Any) -> Option:
    """Return an option that makes no sense in the settings file."""
    return Option(name, attributes, in_file=False)


def _what_to_measure() -> list[Option]:
    return [
        _option("--quick", action="store_true", help=QUICK_HELP),
        _option("--model", default=DEFAULT_MODEL, help=MODEL_HELP),
        _option(
            "--variant",
            action="append",
            default=[],
            metavar="NAME",
            help="measure only this row, or rows like openvino-*; may be repeated",
        ),
        _option("--require-all", action="store_true", help=REQUIRE_ALL_HELP),
        _for_one_run(
            "--stack", action="append", default=[], metavar="NAME=PYTHON", help="interpreter to use for a stack"
        ),
        _option(
            "--wait", type=float, default=0.0, metavar="SECONDS", help="wait for another measurement on this machine"
        ),
        _for_one_run("--markdown", type=Path, metavar="FILE", help="write the ladder as Markdown"),
        _for_one_run("--report", type=Path, metavar="FILE", help="draw the run, with its history, as an HTML page"),
        _option(
            "--memory-node",
            type=int,
            metavar="NODE",
            help="NUMA node whose memory workers prefer, such as a Xeon Max's HBM in flat mode",
        ),
        _option("--instances", metavar="N", help=INSTANCES_HELP),
        _option("--batch", type=int, metavar="B", help=BATCH_HELP),
        _option("--history", metavar="ADDRESS", help=HISTORY_HELP),
        _option("--notify", metavar="URL", help="tell this webhook of the run when it ends: its verdicts as JSON"),
        _for_one_run("--resume", action="store_true", help="go on with the run of these rows that was cut"),
    ]


def _protocol() -> list[Option]:
    return [
        _option("--size", metavar="WxH[,WxH...]", help=SIZE_HELP),
        Option("--steps", {"metavar": "STEPS[,STEPS...]", "help": steps_help()}, may_be_number=True),
        _option("--warmup-steps", type=int, metavar="STEPS", help=f"steps of a warm-up {defaults('warmup_steps')}"),
        _option("--rounds", type=int, help=f"timed generations per variant {defaults('rounds')}"),
        _option("--budget", type=float, metavar="SECONDS", help=BUDGET_HELP),
        _option(
            "--guidance-scale",
            type=float,
            help=f"classifier-free guidance; none at 1 and below ({DEFAULT.guidance_scale}; {TURBO} 0)",
        ),
        _option("--seed", type=int, default=DEFAULT.seed, help="seed of the starting latents (%(default)s)"),
        _option("--prompt", default=DEFAULT.prompt, help="the prompt (%(default)s)"),
        _option(
            "--calibration-prompts",
            type=Path,
            metavar="FILE",
            help="prompts, one a line, to calibrate models in 8 bits with (two of the suite's own)",
        ),
    ]


def _deadlines() -> list[Option]:
    times = {
        "--load-deadline": (DEADLINES.load_s, "loading"),
        "--warmup-deadline": (DEADLINES.warmup_s, "a warm-up"),
        "--generation-deadline": (DEADLINES.generation_s, "a generation"),
    }
    return [
        _option(name, type=float, default=usual_s, metavar="SECONDS", help=f"time allowed for {what} (%(default)g)")
        for name, (usual_s, what) in times.items()
    ]


def _judging() -> list[Option]:
    return [
        _option("--baselines", type=Path, default=BASELINES, metavar="FOLDER", help="compare with these (%(default)s)"),
        _option("--judge", choices=[str(judging) for judging in Judging], default=str(Judging.AUTO), help=JUDGE_HELP),
        _option(
            "--machine-tolerance",
            type=float,
            default=100 * MACHINE_TOLERANCE,
            metavar="PERCENT",
            help="fail test_machine where all rows of unchanged software are slower by more than this (%(default)g)",
        ),
        _option("--fresh", type=int, default=MAX_SESSIONS - 1, help=FRESH_HELP),
    ]


def _updating() -> list[Option]:
    return [
        _for_one_run(
            "--update-baseline",
            action="store_true",
            help="record what is measured as baseline, instead of judging by it",
        ),
        _for_one_run("--why", metavar="REASON", help="the reason for --update-baseline, kept in the file"),
        _option(
            "--sessions", type=int, default=1, help="workers to measure one after another with --update-baseline (1)"
        ),
    ]


def _comparing() -> list[Option]:
    return [
        _for_one_run(
            "--reference", type=Path, metavar="PYTHON", help="compare two stacks: the interpreter of the one in use"
        ),
        _for_one_run("--candidate", type=Path, metavar="PYTHON", help="and that of the candidate"),
        _for_one_run(
            "--against", metavar="ROW", help="compare rows: each --variant with this one, each in its own stack"
        ),
        _for_one_run(
            "--asked",
            action="append",
            default=[],
            metavar="REQUIREMENT",
            help="requirement the candidate was made for, shown",
        ),
        _for_one_run("--json", type=Path, metavar="FILE", help="write the comparison's results"),
    ]


def steps_help() -> str:
    """Return the help of --steps."""
    return f"denoising steps of a timed generation {defaults('steps')}; several, such as 10,20, to measure each"


def defaults(name: str) -> str:
    """Return the defaults of a setting of the protocol, as the help shows them."""
    usual = f"{getattr(DEFAULT, name)}; with --quick {getattr(QUICK, name)}"
    own = preset(TURBO)
    return f"({usual})" if getattr(own, name) == getattr(DEFAULT, name) else f"({usual}; {TURBO} {getattr(own, name)})"
