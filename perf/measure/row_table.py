"""The rows of one's own in a settings file: each is derived from another, or run by a backend that a package brings.

::

    [[row]]
    name = "openvino-one-stream"
    like = "openvino-static"             # one of the suite's rows, or one that stands above
    scheduler = "dpm-solver"             # any option of perf.spec.variant.Variant that is to differ
    ov_config = {NUM_STREAMS = 1}        # properties of OpenVINO
    environment = {KMP_BLOCKTIME = "1"}  # variables that steer kernels or allocators
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, get_args

from perf.errors import BadInput, BadRecord, UnknownName
from perf.measure.toml_file import TYPES, check_keys, check_type, naming
from perf.records.launch import FOLDERS, Launch
from perf.spec.ladder import LADDER
from perf.spec.protocol import Size
from perf.spec.variant import Allocator, Compiled, Precision, Property, Quantized, Scheduler, Tuning, Vae, Variant

ROW = "row"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*", re.ASCII)
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
NONE = "none"  # takes away an option that the other row has: TOML has no null
PRELOAD = "LD_PRELOAD"
NEEDED_WITHOUT_LIKE = ("backend", "precision", "stack")
DESCRIBE = {"name", "like", "about"}


def read_rows(entries: object) -> tuple[Variant, ...]:
    """Return the rows of a settings file, in its order. Raises BadInput, which names the row and the key."""
    if isinstance(entries, dict):
        raise BadInput(f"each {ROW} begins with [[{ROW}]], in double brackets")
    rows: list[Variant] = []
    for number, entry in enumerate(check_type(ROW, entries, list), 1):
        table = check_type(f"{ROW} {number}", entry, dict)
        with naming(f"{ROW} {table.get('name', number)}"):
            rows.append(_row(table, {row.name: row for row in (*LADDER, *rows)}))
    return tuple(rows)


def _row(table: Mapping[str, Any], known: Mapping[str, Variant]) -> Variant:
    """Return the row of an entry; ``known`` are the suite's rows and those above it."""
    check_keys(table, required=("name",), optional=("like", *OPTIONS))
    name = _name(table["name"], known)
    options = {key: read(key, table[key]) for key, read in OPTIONS.items() if key in table}
    if "allocator" in options:
        options["tuning"] = options.pop("allocator")
    usual = _derived(table, options, known) if "like" in table else _of_its_own(options)
    with _as_bad_input(name):
        return Variant(**{**usual, **options, "name": name})


def _derived(table: Mapping[str, Any], options: dict[str, Any], known: Mapping[str, Variant]) -> dict[str, Any]:
    """Return the fields of the row that an entry names; what both say of a table is in ``options`` after that."""
    like = check_type("like", table["like"], str)
    if like not in known:
        raise UnknownName(ROW, like, known)
    usual = {name: getattr(known[like], name) for name in vars(known[like])}
    for key in ("ov_config", "environment"):
        options[key] = {**usual[key], **options.get(key, {})}
    changed = ", ".join(key for key in table if key not in DESCRIBE)
    about = f"As {like}, with {changed} of its own." if changed else f"As {like}, under another name."
    return usual | {"about": about, "published_s": {}}


def _of_its_own(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usual fields of a row that is like no other. Raises BadInput if it lacks what none can do without."""
    for key in NEEDED_WITHOUT_LIKE:
        if key not in options:
            raise BadInput(f"{key} is missing, which a row needs that is not like another")
    return {"about": f"Backend {options['backend']} in stack {options['stack']}."}


@contextlib.contextmanager
def _as_bad_input(name: str) -> Iterator[None]:
    """Turn what a variant refuses into a BadInput, without the name, which stands before it already."""
    try:
        yield
    except ValueError as error:
        raise BadInput(str(error).removeprefix(f"{name}: ")) from None


def _name(value: object, known: Mapping[str, Variant]) -> str:
    """Return the name of a new row, which becomes a test's id. Raises BadInput."""
    name: str = check_type("name", value, str)
    if not NAME.fullmatch(name):
        raise BadInput(
            f"name {name!r}: letters, digits, dots and dashes alone, of which it begins with one of the former"
        )
    if name in known:
        whose = "the suite has a row" if known[name] in LADDER else "there is a row above"
        raise BadInput(f"{whose} of that name; give this one another")
    return name


def _text(key: str, value: object) -> str:
    """Return a text in one line, which is no empty one."""
    text = " ".join(check_type(key, value, str).split())
    if not text:
        raise BadInput(f"{key} is empty")
    return text


def _word(key: str, value: object) -> str:
    """Return the name of a stack or a backend: it becomes a part of paths and of messages."""
    word: str = check_type(key, value, str)
    if not WORD.fullmatch(word):
        raise BadInput(f"{key} {word!r}: letters, digits, dots, dashes and underscores alone")
    return word


def _choice(choices: Sequence[str], key: str, value: object) -> str:
    choice: str = check_type(key, value, str)
    if choice not in choices:
        raise UnknownName(key, choice, choices)
    return choice


def _optional(choices: Sequence[str], key: str, value: object) -> str | None:
    choice = _choice((*choices, NONE), key, value)
    return None if choice == NONE else choice


def _allocator(key: str, value: object) -> Tuning | None:
    allocator: Any = _optional(get_args(Allocator), key, value)
    return Tuning(allocator=allocator) if allocator else None


def _switch(key: str, value: object) -> bool:
    return bool(check_type(key, value, bool))


def _count(key: str, value: object) -> int:
    count: int = check_type(key, value, int)
    if count < 1:
        raise BadInput(f"{key} {count}: must be at least 1")
    return count


def _size(key: str, value: object) -> Size:
    return Size.parse(check_type(key, value, str))


def _ov_config(key: str, value: object) -> dict[str, Property]:
    """Return properties of OpenVINO, which itself says which of them there are."""
    properties: dict[str, Property] = check_type(key, value, dict)
    for name, setting in properties.items():
        if not isinstance(setting, Property) or (isinstance(setting, float) and not math.isfinite(setting)):
            kinds = ", ".join(TYPES[kind] for kind in (str, int, bool))
            raise BadInput(f"{key}.{name}: is none of {kinds}")
    return properties


def _environment(key: str, value: object) -> dict[str, str]:
    """Return variables that a launch may have: a baseline keeps them, and an anchor's workers are started with them."""
    variables: dict[str, str] = check_type(key, value, dict)
    for name in (PRELOAD, FOLDERS):
        if name in variables:
            raise BadInput(f"{key}.{name}: libraries are preloaded by the option allocator alone")
    try:
        return dict(Launch(environment=variables).environment)
    except BadRecord as error:
        raise BadInput(str(error)) from None


OPTIONS: Mapping[str, Callable[[str, object], Any]] = {
    "about": _text,
    "stack": _word,
    "backend": _word,
    "precision": partial(_choice, get_args(Precision)),
    "scheduler": partial(_choice, get_args(Scheduler)),
    "channels_last": _switch,
    "compiled": partial(_optional, get_args(Compiled)),
    "sample_input": _switch,
    "static_shape": _switch,
    "quantized": partial(_optional, get_args(Quantized)),
    "vae": partial(_choice, get_args(Vae)),
    "latent_consistency": _switch,
    "steps": _count,
    "size": _size,
    "allocator": _allocator,
    "warmup_rounds": _count,
    "ov_config": _ov_config,
    "environment": _environment,
}
