"""What must be equal for a baseline to be compared with: the machine's fingerprint, the model, the protocol."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from perf.errors import BadInput, BadRecord
from perf.host.machine import Machine
from perf.measure.checkpoints import Model
from perf.records.checks import check_count, check_keys, check_text
from perf.spec.protocol import COMPARED_FIELDS, SEPARATOR, SERVER_FIELDS, Protocol, Size, Sweep, setting_in_words

DIGITS = 8  # of the digest in a file's name
COUNTS = {"cores_used", "sockets", "numa_nodes", "threads_per_core", "memory_gib"}  # of a machine, none of them 0
MEMORY_TOLERANCE = 1 / 8  # of a machine: what a kernel keeps for itself (crashkernel) differs, and DIMMs by a half

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BaselineKey:
    """The machine, model and protocol that a baseline belongs to; each part is of JSON types.

    The protocol's ``size`` and ``steps`` are those of a single setting, or texts with all that a sweep has of them.
    """

    machine: Json
    model: Json
    protocol: Json

    @classmethod
    def of(cls, machine: Machine, model: Model, protocol: Protocol) -> Self:
        return cls(machine=machine.fingerprint, model=model.to_json(), protocol=protocol.compared)

    @property
    def file_name(self) -> str:
        """A name that people can read, and that no other key has."""
        model = str(self.model["name"]).rsplit("/")[-1]
        letters = "".join(letter if letter.isalnum() else "-" for letter in model)
        setting = f"{self.protocol['size']}-{self.protocol['steps']}steps".replace(SEPARATOR, "+")
        server = f"-{len(self.protocol['instances'])}x{self.protocol['batch']}" if "instances" in self.protocol else ""
        return f"{letters}-{setting}{server}-{self.digest[:DIGITS]}.json"

    @property
    def sweep(self) -> Sweep:
        """What is swept, which is nothing for a single setting."""
        return Sweep.from_json(self.protocol)

    @property
    def setting(self) -> str:
        """The size and the steps in words, all of a sweep's."""
        return setting_in_words(self.protocol)

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what is compared; a model counts by its content, whatever its name."""
        compared = [dict(self.machine), self.model["digest"], dict(self.protocol)]
        return hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()

    def differences(self, here: BaselineKey) -> list[str]:
        """Return what keeps this baseline from being compared with a run's key, the most telling first."""
        differences = self.machine_differences(here)
        if self.model["digest"] != here.model["digest"]:
            differences.append(f"model: {self.model['name']}, here {here.model['name']} (or other weights)")
        return differences + _differences("protocol", self.protocol, here.protocol)

    def machine_differences(self, here: BaselineKey) -> list[str]:
        """Return how the two machines differ, whatever the model and protocol."""
        return _differences("machine", self.machine, here.machine)

    def to_json(self) -> dict[str, Any]:
        return {"machine": dict(self.machine), "model": dict(self.model), "protocol": dict(self.protocol)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Check and return the key of a baseline file, its ``setting``. Raises BadRecord."""
        fields = check_keys(data, required={"machine", "model", "protocol"}, where="setting")
        for name, value in check_keys(fields["model"], required={"name", "digest"}, where="setting.model").items():
            check_text(f"setting.model.{name}", value)
        protocol = check_keys(
            fields["protocol"], required=set(COMPARED_FIELDS), optional=set(SERVER_FIELDS), where="setting.protocol"
        )
        _check_setting(protocol)
        _check_server(protocol)
        if not isinstance(fields["machine"], dict) or "codename" not in fields["machine"]:
            raise BadRecord("setting.machine.codename", "is missing")
        for name in COUNTS & fields["machine"].keys():
            check_count(f"setting.machine.{name}", fields["machine"][name])
        return cls(**fields)


def _check_server(protocol: Json) -> None:
    """Raise BadRecord unless the protocol has neither instances nor a batch, or both, as counts."""
    given = [name for name in SERVER_FIELDS if name in protocol]
    if not given:
        return
    if len(given) < len(SERVER_FIELDS):
        raise BadRecord("setting.protocol", f"has {given[0]} alone, of {' and '.join(SERVER_FIELDS)}")
    check_count("setting.protocol.batch", protocol["batch"])
    if not isinstance(protocol["instances"], list) or not protocol["instances"]:
        raise BadRecord("setting.protocol.instances", "is not a list of counts of cores")
    for number, cores in enumerate(protocol["instances"]):
        check_count(f"setting.protocol.instances[{number}]", cores)


def _check_setting(protocol: Json) -> None:
    """Raise BadRecord unless size and steps are those of one setting, or of a sweep as Sweep writes it."""
    size, steps = protocol["size"], protocol["steps"]
    check_text("setting.protocol.size", size)
    if not isinstance(steps, str):
        check_count("setting.protocol.steps", steps)
    swept = {name: value for name, value in (("size", size), ("steps", steps)) if SEPARATOR in str(value)}
    try:
        if "size" not in swept:
            Size.parse(size)
        is_known = Sweep.from_json(swept).to_json() == swept
    except (BadInput, ValueError) as error:  # the latter of a number with thousands of digits
        raise BadRecord("setting.protocol", str(error)) from None
    if isinstance(steps, str) and "steps" not in swept:
        raise BadRecord("setting.protocol.steps", f"{steps!r} is not a count")
    if not is_known:
        raise BadRecord("setting.protocol", f"{' and '.join(swept.values())}: not in the order of a sweep")


def _differences(part: str, baseline: Json, here: Json) -> list[str]:
    names = [*here, *(name for name in baseline if name not in here)]
    return [
        f"{part} {name}: {baseline.get(name)}, here {here.get(name)}"
        for name in names
        if not _is_same(name, baseline.get(name), here.get(name))
    ]


def _is_same(name: str, baseline: object, here: object) -> bool:
    """Tell whether a value is that of a baseline; what the kernel calls the machine's memory need only be close."""
    if name == "memory_gib" and isinstance(baseline, int) and isinstance(here, int):
        return math.isclose(baseline, here, rel_tol=MEMORY_TOLERANCE)
    return baseline == here
