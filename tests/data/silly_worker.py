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
    SILLY_PEAK       bytes of memory
    SILLY_THREADS    number of threads
    SILLY_KERNEL     implementation of its kernels
    SILLY_BF16       instructions of the CPU for bfloat16, which OpenVINO chooses then; empty: it computes in f32
    SILLY_PIXEL      first pixel of its picture, a gradient
    SILLY_GARBLE     a field of a reply to change, as JSON: {"reply": name, "path": [...], "value": ...}; without a
                     value it is left out; with "after", so many replies of that name are as they should be before
    SILLY_GARBLE_ROW the only row of which it is changed
    SILLY_GO         file that ends a wait
"""

import array
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

from perf.records.evidence import Evidence, Kernel, Peak, State, Surroundings
from perf.records.part import Part
from perf.records.sample import Conditions, Parts, Sample, Turn
from perf.worker.wire import VERSION

LOADED = {}  # the variant
GENERATIONS = itertools.count(1)
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


DEEDS = {
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


def sample(steps, takes_turns=False):
    jitter = DICE.gauss(1, float(os.environ.get("SILLY_JITTER", "0")))
    is_slow = os.environ.get("SILLY_SLOW_ROW", LOADED.get("name")) == LOADED.get("name")
    step_s = 0.5 * (float(os.environ.get("SILLY_SLOWDOWN", "1")) if is_slow else 1) * jitter
    last_s = step_s * float(os.environ.get("SILLY_STALL", "1"))
    parts = Parts(
        text_encoder_s=0.25,
        unet_steps_s=(step_s,) * steps + (last_s,),
        vae_decode_s=1.0,
        safety_checker_s=0.0 if os.environ.get("SILLY_UNCHECKED") == LOADED.get("name") else 0.125,
        rest_s=0.0625,
    )
    is_waiting = str(next(GENERATIONS)) == os.environ.get("SILLY_WAITS")
    pressure = os.environ.get("SILLY_PRESSURE", "0.5")
    conditions = Conditions(
        cpu_s=(1 if is_waiting else 2) * parts.total_s,
        peak_rss_bytes=int(os.environ.get("SILLY_PEAK", str(3 * 1024**3))),
        involuntary_switches=4,
        cpu_pressure_s=float(pressure) if pressure else None,
        steal_s=0.0,
    )
    known = turns(parts) if takes_turns and "SILLY_BUSY" in os.environ else None
    return Sample(steps=steps, latency_s=parts.total_s, parts=parts, conditions=conditions, turns=known)


def evidence(variant):
    """Return evidence that all is as the variant claims."""
    is_openvino = variant["backend"] == "openvino"
    implementation = os.environ.get("SILLY_KERNEL", "brgconv:avx512_core_bf16")
    bf16_isa = os.environ.get("SILLY_BF16", "") if is_openvino else ""
    types = "bf16" if bf16_isa else "f32"
    if bf16_isa:
        implementation += f":{bf16_isa}"
    ran = {"operation": "convolution", "implementation": implementation, "types": types, "count": 50, "time_s": 0.25}
    return Evidence(
        kernels=tuple(Kernel(part=part, **ran) for part in (Part.UNET_STEP, Part.VAE_DECODE)),
        state=State(
            scheduler="PNDMScheduler",
            threads=int(os.environ["SILLY_THREADS"]),
            precision=types if is_openvino else None,
            weights=None if is_openvino else {"f32": 1000},
            channels_last=None if is_openvino else 0.0,
            dynamic_shapes=not variant["static_shape"] if is_openvino else None,
        ),
        surroundings=Surroundings(
            allocators=(), openmp=(), malloc_conf=None, steering={}, cpus={"0": 1}, memory_policy="default"
        ),
        peak=Peak(fp32_flop_per_s=1e11, bf16_flop_per_s=2e11, memory_bytes_per_s=2e10),
    )


def npy(values, shape):
    """Return a .npy file of float32, made by hand: a stack's interpreter need not have numpy to be silly."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + array.array("f", values).tobytes()


def paint(path):
    first = float(os.environ.get("SILLY_PIXEL", "0"))
    picture = [first] + [n / 768 for n in range(1, 768)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image.npy", npy(picture, (16, 16, 3)))
        archive.writestr("latents.npy", npy(range(1, 17), (1, 4, 2, 2)))


def handle(request):
    maybe(request["request"])
    if request["request"] == "load":
        LOADED.update(request.get("variant", {}))
        reply("ready", load_s=1.5, export_s=0.0)
    elif request["request"] == "evidence":
        paint(request["outcome"])
        reply("evidence", **evidence(LOADED).to_json())
    else:
        if request.get("takes_turns"):
            for _ in range(4):
                reply("turn")
                REQUESTS.readline()
        reply("sample", **sample(request["steps"], request.get("takes_turns", False)).to_json())


note_pid("worker", os.getpid())
maybe("hello")
reply("hello", version=VERSION)
for line in REQUESTS:
    try:
        handle(json.loads(line))
    except ValueError as error:
        reply("error", type="ValueError", message=str(error), traceback="Traceback: in the cheese shop")
