"""The CPU's codename, from family and model where they can be believed, else from its instruction sets.

Virtual machines mask the model number, so a known model is not believed if the CPU has an instruction set that the
model lacks. One with fewer is that model still: clouds and kernels switch sets off, and never on. The model numbers are
those of Linux' arch/x86/include/asm/intel-family.h and AMD's revision guides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

INTEL = "GenuineIntel"
AMD = "AuthenticAMD"
AMX = frozenset({"amx_tile", "amx_bf16", "amx_int8"})


@dataclass(frozen=True, kw_only=True)
class Generation:
    """A CPU generation: its (family, model) numbers, and the flags of /proc/cpuinfo that it has and lacks."""

    name: str
    vendor: str
    models: frozenset[tuple[int, int]]
    steppings: Sequence[int] | None = None
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()

    def claims(self, vendor: str, family: int, model: int, stepping: int) -> bool:
        """Tell whether the numbers are this generation's."""
        in_steppings = self.steppings is None or stepping in self.steppings
        return vendor == self.vendor and (family, model) in self.models and in_steppings

    def allows(self, flags: Set[str]) -> bool:
        """Tell whether a CPU of this generation can have these instruction sets, some of its own switched off."""
        return not self.lacks & flags

    def agrees(self, flags: Set[str]) -> bool:
        """Tell whether these are the instruction sets of this generation."""
        return self.has <= flags and self.allows(flags)


@dataclass(frozen=True)
class Codename:
    """A generation's name, and why it is believed. ``known`` means by its model number, not inferred.

    ``without`` are the generation's instruction sets that are switched off here.
    """

    name: str
    known: bool
    reason: str
    without: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The name of the folder of its baselines; a codename that is inferred, or lacks sets, has one of its own."""
        if self.without:
            return f"{self.name}-without-{'amx' if self.without & AMX else '-'.join(sorted(self.without))}"
        return self.name if self.known else f"{self.name}-like"

    def __str__(self) -> str:
        return f"{self.key} ({self.reason})"


def generation(
    name: str,
    vendor: str,
    models: Iterable[tuple[int, int]],
    has: Iterable[str] = (),
    lacks: Iterable[str] = (),
    *,
    steppings: Sequence[int] | None = None,
) -> Generation:
    return Generation(
        name=name,
        vendor=vendor,
        models=frozenset(models),
        steppings=steppings,
        has=frozenset(has),
        lacks=frozenset(lacks),
    )


SAPPHIRE_RAPIDS_SETS = AMX | {"avx512_fp16"}

# Servers first, then desktops. The order decides nothing: no two share model and stepping.
GENERATIONS: tuple[Generation, ...] = (
    generation("diamond-rapids", INTEL, [(19, 1)], SAPPHIRE_RAPIDS_SETS),
    generation("clearwater-forest", INTEL, [(6, 221)], ["avx2"], ["avx512f"]),
    generation("sierra-forest", INTEL, [(6, 175)], ["avx2"], ["avx512f"]),
    generation("granite-rapids", INTEL, [(6, 173), (6, 174)], SAPPHIRE_RAPIDS_SETS),
    generation("emerald-rapids", INTEL, [(6, 207)], SAPPHIRE_RAPIDS_SETS),
    generation("sapphire-rapids", INTEL, [(6, 143)], SAPPHIRE_RAPIDS_SETS),
    generation("ice-lake-sp", INTEL, [(6, 106), (6, 108)], ["avx512_vnni", "avx512_vbmi2"], {"avx512_bf16"} | AMX),
    generation("cooper-lake", INTEL, [(6, 85)], ["avx512_vnni", "avx512_bf16"], AMX, steppings=range(10, 12)),
    generation("cascade-lake", INTEL, [(6, 85)], ["avx512_vnni"], {"avx512_bf16"} | AMX, steppings=range(5, 8)),
    generation("skylake-sp", INTEL, [(6, 85)], ["avx512f"], {"avx512_vnni"} | AMX, steppings=range(5)),
    generation("raptor-lake", INTEL, [(6, 183), (6, 186), (6, 191)], ["avx2"], ["avx512f"]),
    generation("alder-lake", INTEL, [(6, 151), (6, 154)], ["avx2"], ["avx512f"]),
    generation("rocket-lake", INTEL, [(6, 167)], ["avx512_vbmi2"], {"avx512_bf16"} | AMX),
    generation("turin", AMD, [(26, 2)], ["avx512_bf16", "avx512_vp2intersect"], AMX),
    generation("genoa", AMD, [(25, 17)], ["avx512_bf16"], AMX | {"avx512_vp2intersect"}),
    generation("milan", AMD, [(25, 1)], ["avx2"], ["avx512f"]),
)

WITH_AMX_FP16 = frozenset({"granite-rapids", "diamond-rapids"})

# What a masked model number is taken for: the first whose flags agree, from the widest instruction sets down. Each
# stands for all generations with the same sets, by the oldest of them.
INFERRED = ("sapphire-rapids", "cooper-lake", "ice-lake-sp", "cascade-lake", "skylake-sp", "turin", "genoa", "milan")


def identify(vendor: str, family: int, model: int, stepping: int, flags: Set[str]) -> Codename:
    """Return the codename of a CPU. ``flags`` are those of /proc/cpuinfo."""
    numbers = f"family {family}, model {model}, stepping {stepping}"
    claimed = next((g for g in GENERATIONS if g.claims(vendor, family, model, stepping)), None)
    if claimed and claimed.allows(flags):
        without = claimed.has - flags
        switched_off = f", without {', '.join(sorted(without))}" if without else ""
        return Codename(claimed.name, known=True, reason=f"known from {numbers}{switched_off}", without=without)
    masked = f"{numbers} says {claimed.name}, which its flags contradict" if claimed else f"{numbers} is not known"
    by_name = {g.name: g for g in GENERATIONS}
    for name in INFERRED:
        if by_name[name].vendor == vendor and by_name[name].agrees(flags):
            return Codename(name, known=False, reason=f"inferred from its instruction sets; {masked}")
    return Codename(f"{vendor.lower()}-{family}-{model}", known=False, reason=masked)
