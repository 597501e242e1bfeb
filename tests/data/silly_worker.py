"""A worker that speaks the wire and misbehaves as $SILLY says. Silly on purpose: it generates nothing.

$SILLY is MOMENT:DEED; the moment is ``hello``, ``load``, ``generate`` or ``evidence``, and the deeds are in DEEDS. The
other variables shape what it reports:

    SILLY_ROW        the only row that does the deed
    SILLY_FOLDER     a part of the folder's name of the only worker that does it, such as reference-2
    SILLY_SLOWDOWN   factor by which its UNet steps take longer
    SILLY_SLOW_ROW   the only row that takes longer by it
    SILLY_UNCHECKED  the only row without a safety checker
    SILLY_STALL      factor by which the last UNet step of each generation takes longer
    SILLY_JITTER     standard deviation of that factor, from one generation to the next
    SILLY_PRESSURE   seconds of CPU pressure; empty: the kernel does not account for it
    SILLY_BUSY       positions of UNet steps beside which other work runs, in a generation in turns; without it, the
                     worker is of a version that knows no conditions of turns
    SILLY_WAITS      the one generation, counted from 1, that waits and uses half of its CPUs
    SILLY_CLAIMS     what a backend of a package claims of itself, in JSON
    SILLY_PEAK       bytes of memory
    SILLY_COUNTS     factor on its instructions, two in a cycle; without it, the machine counts nothing
    SILLY_CLOCK      factor on the clock that its cycles are counted by
    SILLY_THREADS    number of threads
    SILLY_KERNEL     implementation of its kernels
    SILLY_BF16       instructions of the CPU for bfloat16, which OpenVINO chooses then; empty: it computes in f32
    SILLY_FP16       instructions of the CPU for float16
    SILLY_PIXEL      first pixel of its picture, a gradient
    SILLY_ENERGY     microjoules that it uses for every request, by the counter's file, as JSON; the counters begin anew
                     after the last number of their range
    SILLY_GARBLE     a field of a reply to change, as JSON: {"reply": name, "path": [...], "value": ...}; without a
                     value it is left out; with "after", so many replies of that name are as they should be before
    SILLY_GARBLE_ROW the only row of which it is changed
    SILLY_GARBLE_FOLDER  a part of the folder's name of the only worker that changes it
    SILLY_GO         file that ends a wait
"""

import array
import fcntl
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

from perf.records.counts import Counts, GenerationCounts
from perf.records.evidence import Kernel, Observation, Peak, State, Surroundings
from perf.records.part import Part
from perf.records.sample import Conditions, Parts, Sample, Turn
from perf.worker.wire import VERSION

LOADED = {}  # the variant
GENERATIONS = itertools.count(1)
CLOCK = [1000.0]  # seconds: no more pass than its generations are said to take
CPUS = sorted(os.sched_getaffinity(0))
GARBLED = []  # the replies that $SILLY_GARBLE is about
DICE = random.Random(os.path.basename(os.getcwd()).rpartition("-")[0])  # its folder, without what is random in the name
REQUESTS, REPLIES = os.fdopen(int(sys.argv[1])), os.fdopen(int(sys.argv[2]), "w")


def reply(name, **fields):
    garble(name, fields)
    REPLIES.write(json.dumps({"reply": name, **fields}) + "\n")
    REPLIES.flush()


def garble(name, fields):
    """Change the field of the reply that $SILLY_GARBLE names, or leave it out."""
    change = json.loads(os.environ.get("SILLY_GARBLE", "{}"))
    if change.get("reply") != name or os.environ.get("SILLY_GARBLE_ROW", LOADED.get("name")) != LOADED.get("name"):
        return
    if os.environ.get("SILLY_GARBLE_FOLDER", "") not in os.path.basename(os.getcwd()):
        return
    GARBLED.append(name)
    if len(GARBLED) <= change.get("after", 0):
        return
    *path, last = change["path"]
    for key in path:
        fields = fields[key]
    if "value" in change:
        fields[last] = change["value"]
    else:
        del fields[last]


def print_garbage():
    print('{"reply": "sample"}\nthis is not for the wire', flush=True)
    os.write(1, b"\xff\xfe\x00 native libraries print too\n")


def leave_a_temporary_file():
    os.close(tempfile.mkstemp()[0])


def exit_three():
    sys.stderr.write("out of cheese\n")
    sys.stderr.flush()
    os._exit(3)


def close_pipe_and_stay():
    REPLIES.close()
    time.sleep(3600)


def leave_an_orphan():
    """Die while a child keeps the pipes open."""
    child = subprocess.Popen(["sleep", "3600"], pass_fds=(int(sys.argv[1]), int(sys.argv[2])))
    note_pid("orphan", child.pid)
    os._exit(3)


def start_a_child_and_hang():
    note_pid("child", subprocess.Popen(["sleep", "3600"]).pid)
    time.sleep(3600)


def note_pid(name, pid):
    with open(f"{name}.pid.new", "w") as stream:
        stream.write(str(pid))
    os.rename(f"{name}.pid.new", f"{name}.pid")


def wait_for_the_file():
    while not os.path.exists(os.environ["SILLY_GO"]):
        time.sleep(0.05)


def flood():
    while True:
        REPLIES.write("x" * 65536)


def progress_without_end():
    while True:  # many at once, faster than anybody reads
        REPLIES.write('{"reply": "progress", "done": 1}\n' * 2000)


def run_away():
    """Start a child in a session of its own."""
    note_pid("runaway", subprocess.Popen(["sleep", "3600"], start_new_session=True).pid)


def chatter():
    for _ in range(60):
        os.write(1, b"cheese\n" * 150_000)
    os.write(1, b"the last word\n")
    os._exit(3)


def replace_the_log(make):
    os.unlink("worker.err")
    make("worker.err")
    os._exit(3)


def command_the_runner():
    os.write(2, b"::stop-commands::cheese\n")
    os._exit(3)


def raise_an_error():
    raise ValueError("the cheese is out")


class BrokenContract(ValueError):
    """What the real worker raises of the same name."""


def break_the_contract():
    raise BrokenContract("backend 'cheese' of cheese-shop 1.0 in stack mine: build() returned a dict")


DEEDS = {
    "break": break_the_contract,
    "garbage": print_garbage,
    "litter": leave_a_temporary_file,
    "exit": exit_three,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "kill-parent": lambda: os.kill(int(sys.argv[3]), signal.SIGKILL),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda: time.sleep(3600),
    "hang-with-child": start_a_child_and_hang,
    "orphan": leave_an_orphan,
    "close-pipe": close_pipe_and_stay,
    "error": raise_an_error,
    "not-json": lambda: (REPLIES.write("cheese\n"), REPLIES.flush()),
    "no-reply-key": lambda: (REPLIES.write("[1, 2]\n"), REPLIES.flush()),
    "unknown-reply": lambda: reply("cheese"),
    "other-reply": lambda: reply("ready", load_s=1.0, export_s=0.0),
    "nested": lambda: (REPLIES.write('{"reply": ' + "[" * 100_000 + "]" * 100_000 + "}\n"), REPLIES.flush()),
    "not-a-number": lambda: reply("sample", latency_s=float("nan")),
    "no-traceback": lambda: reply("error", type="ValueError"),
    "real-time-signal": lambda: os.kill(os.getpid(), 40),
    "progress-flood": progress_without_end,
    "deaf": lambda: (reply("hello", version=VERSION), time.sleep(3600)),
    "runaway": run_away,
    "chatter": chatter,
    "no-log": lambda: replace_the_log(lambda _: None),
    "pipe-log": lambda: replace_the_log(os.mkfifo),
    "command": command_the_runner,
    "half-sample": lambda: reply("sample", steps=1),
    "half-evidence": lambda: reply("evidence", kernels=[]),
    "flood": flood,
    "wait": wait_for_the_file,
    "old-wire": lambda: reply("hello", version=0),
    "progress": lambda: [reply("progress", done=done) for done in range(1, 4)],
}


def use_energy():
    for counter, used_uj in json.loads(os.environ.get("SILLY_ENERGY", "{}")).items():
        with open(os.path.join(os.path.dirname(counter), "max_energy_range_uj")) as stream:
            range_uj = int(stream.read())
        with open(counter, "r+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)  # several instances use it at once
            shown_uj = (int(stream.read()) + used_uj) % (range_uj + 1)
            stream.seek(0)
            stream.write(f"{shown_uj}\n")
            stream.truncate()


def maybe(moment):
    when, _, deed = os.environ.get("SILLY", "").partition(":")
    is_the_one = os.environ.get("SILLY_FOLDER", "") in os.path.basename(os.getcwd())
    if when == moment and is_the_one and os.environ.get("SILLY_ROW", LOADED.get("name")) == LOADED.get("name"):
        DEEDS[deed]()


def turn(part, wall_s, is_busy=False):
    pressure_s = wall_s / 2 if is_busy else 0.0
    return Turn(part=part, wall_s=wall_s, cpu_s=2 * wall_s, involuntary_switches=1, cpu_pressure_s=pressure_s)


def turns(parts):
    """Return the turns of a generation of these parts."""
    busy = set(map(int, os.environ["SILLY_BUSY"].split()))
    return (
        turn(Part.TEXT_ENCODER, parts.text_encoder_s),
        *(turn(Part.UNET_STEP, step_s, step in busy) for step, step_s in enumerate(parts.unet_steps_s)),
        turn(Part.VAE_DECODE, parts.vae_decode_s),
        turn(Part.SAFETY_CHECKER, parts.safety_checker_s),
    )


def counted(time_s, clock):
    """Return the counts of two CPUs for so long, of work that a slowdown does not add to."""
    busy_s = 2 * time_s
    work_s = busy_s / (float(os.environ.get("SILLY_SLOWDOWN", "1")) if slows_down() else 1)
    return Counts(
        instructions=round(6e9 * work_s * float(os.environ["SILLY_COUNTS"])),
        cycles=round(3e9 * busy_s * clock),
        reference_cycles=round(2e9 * busy_s),
        cache_misses=round(1e6 * work_s),
        page_faults=12,
        task_clock_s=busy_s,
    )


def counts(parts):
    """Return the counts of a generation of these parts, where $SILLY_COUNTS has them; all work is in the UNet."""
    if "SILLY_COUNTS" not in os.environ:
        return None
    rest_s = parts.total_s - sum(parts.unet_steps_s)
    idle = Counts(instructions=0, cycles=0, reference_cycles=0, cache_misses=0, page_faults=0, task_clock_s=2 * rest_s)
    clock = float(os.environ.get("SILLY_CLOCK", "1"))
    return GenerationCounts(parts={Part.UNET_STEP: counted(sum(parts.unet_steps_s), clock)}, rest=idle)


def slows_down():
    return os.environ.get("SILLY_SLOW_ROW", LOADED.get("name")) == LOADED.get("name")


def sample(steps, takes_turns=False):
    jitter = DICE.gauss(1, float(os.environ.get("SILLY_JITTER", "0")))
    step_s = 0.5 * (float(os.environ.get("SILLY_SLOWDOWN", "1")) if slows_down() else 1) * jitter
    last_s = step_s * float(os.environ.get("SILLY_STALL", "1"))
    has_no_checker = LOADED.get("backend") in ("genai", "onnxruntime")
    is_unchecked = has_no_checker or os.environ.get("SILLY_UNCHECKED") == LOADED.get("name")
    parts = Parts(
        text_encoder_s=0.25,
        unet_steps_s=(step_s,) * (calls(steps) - 1) + (last_s,),
        vae_decode_s=1.0,
        safety_checker_s=0.0 if is_unchecked else 0.125,
        rest_s=0.0625,
    )
    is_waiting = str(next(GENERATIONS)) == os.environ.get("SILLY_WAITS")
    pressure = os.environ.get("SILLY_PRESSURE", "0.5")
    CLOCK.append(CLOCK[-1] + parts.total_s)
    conditions = Conditions(
        cpu_s=(1 if is_waiting else min(2, len(CPUS))) * parts.total_s,
        peak_rss_bytes=int(os.environ.get("SILLY_PEAK", str(3 * 1024**3))),
        involuntary_switches=4,
        cpu_pressure_s=float(pressure) if pressure else None,
        steal_s=0.0,
    )
    known = turns(parts) if takes_turns and "SILLY_BUSY" in os.environ else None
    return Sample(
        steps=steps,
        latency_s=parts.total_s,
        parts=parts,
        conditions=conditions,
        turns=known,
        counts=counts(parts),
        ended_s=CLOCK[-1],
    )


def scheduler(variant):
    if variant.get("latent_consistency"):
        return "LCMScheduler"
    return "DPMSolverMultistepScheduler" if variant.get("scheduler") == "dpm-solver" else "PNDMScheduler"


def calls(steps):
    """Return how many UNet calls so many steps are."""
    return steps + 1 if scheduler(LOADED) == "PNDMScheduler" else steps


def computing(variant):
    """Return the type that a row computes in here, and the instructions that multiply it; none multiply f32 alone."""
    bf16_isa, fp16_isa = (os.environ.get(name, "") for name in ("SILLY_BF16", "SILLY_FP16"))
    if variant["backend"] in ("openvino", "genai"):
        return ("bf16", bf16_isa) if bf16_isa else ("f32", "")
    if variant["precision"] == "fp16-weights":
        return "f16", fp16_isa
    return ("f32", "") if variant["precision"] == "fp32" else ("bf16", bf16_isa)


def kernels(variant):
    """Yield the products of a UNet step and of a decoding: a convolution and a matrix product in each."""
    types, isa = computing(variant)
    implementation = os.environ.get("SILLY_KERNEL", "brgconv:avx512_core_bf16") + (f":{isa}" if isa else "")
    for part in (Part.UNET_STEP, Part.VAE_DECODE):
        is_quantized = variant["quantized"] and part == Part.UNET_STEP
        of_convolution = "u8:i8:f32" if is_quantized and variant["quantized"] == "int8-hybrid" else types
        of_matmul = f"{types}:i8:{types}" if is_quantized else types
        for operation, its_types in (("convolution", of_convolution), ("matmul", of_matmul)):
            yield Kernel(
                part=part, operation=operation, implementation=implementation, types=its_types, count=50, time_s=0.25
            )


def state(variant):
    """Return what the backend of the row would tell of itself, all as the row claims."""
    types, _ = computing(variant)
    common = {"scheduler": scheduler(variant), "threads": int(os.environ["SILLY_THREADS"])}
    quantized = {"i8": 1000} if variant["quantized"] else None
    if variant["backend"] == "genai":
        return State(**common, weights=quantized, precision=types, streams=1, pinned=False)
    if variant["backend"] == "openvino":
        is_dynamic = not variant["static_shape"]
        return State(**common, weights=quantized, precision=types, dynamic_shapes=is_dynamic, streams=1, pinned=False)
    if variant["backend"] == "onnxruntime":
        return State(**common)
    kept_in = "f32" if variant["precision"] == "bf16-autocast" and variant["backend"] != "ipex" else types
    return State(
        **common,
        weights={kept_in: 1000},
        channels_last=float(variant["channels_last"]),
        prepacked=1.0 if variant["backend"] == "ipex" else None,
        graphs=2 if variant["compiled"] else 0,
        packed=100 if variant["compiled"] in ("freezing", "max-autotune") else None,
        autotuned=50 if variant["compiled"] == "max-autotune" else None,
    )


def observation(variant):
    """Return evidence that all is as the variant claims."""
    return Observation(
        kernels=tuple(kernels(variant)),
        state=state(variant),
        surroundings=Surroundings(
            allocators=(),
            openmp=(),
            malloc_conf=None,
            steering={},
            cpus={",".join(map(str, CPUS)): 1},
            memory_policy="default",
        ),
    )


def peak(variant):
    """Return what is measured for the row: float16 and 8 bits where it computes in them."""
    return Peak(
        fp32_flop_per_s=1e11,
        bf16_flop_per_s=2e11,
        memory_bytes_per_s=2e10,
        fp16_flop_per_s=2e11 if variant["precision"] == "fp16-weights" else None,
        int8_convolution_flop_per_s=4e11 if variant["quantized"] == "int8-hybrid" else None,
    )


def npy(values, shape):
    """Return a .npy file of float32, made by hand: a stack's interpreter need not have numpy to be silly."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + array.array("f", values).tobytes()


def paint(path):
    """Write the picture and its latents, in which a row that is not in float32 has errors of 1 %."""
    first = float(os.environ.get("SILLY_PIXEL", "0"))
    picture = [first] + [n / 768 for n in range(1, 768)]
    error = 1.0 if computing(LOADED)[0] == "f32" else 1.01
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image.npy", npy(picture, (16, 16, 3)))
        archive.writestr("latents.npy", npy((error * n for n in range(1, 17)), (1, 4, 2, 2)))


def handle(request):
    LOADED.update(request.get("variant", {}))
    maybe(request["request"])
    use_energy()
    if request["request"] == "load":
        reply("ready", load_s=1.5, export_s=0.0)
    elif request["request"] == "evidence":
        paint(request["outcome"])
        peak_of_stack = peak(LOADED).to_json() if request["with_peak"] else None
        own = {"claims": json.loads(os.environ["SILLY_CLAIMS"])} if "SILLY_CLAIMS" in os.environ else {}
        reply("evidence", **observation(LOADED).to_json(), peak=peak_of_stack, **own)
    else:
        if request.get("takes_turns"):
            for _ in range(4):
                reply("turn")
                REQUESTS.readline()
                use_energy()
        reply("sample", **sample(request["steps"], request.get("takes_turns", False)).to_json())


note_pid("worker", os.getpid())
maybe("hello")
reply("hello", version=VERSION)
for line in REQUESTS:
    try:
        handle(json.loads(line))
    except ValueError as error:
        kind = type(error).__name__
        reply("error", type=kind, message=str(error), traceback="Traceback: in the cheese shop")
