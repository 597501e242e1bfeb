"""Parent that starts a worker and dies by the signal that $DEATH names. Silly on purpose.

dying_parent.py FOLDER silly    the worker hangs with a child of its own; the sentinel has to end both
dying_parent.py FOLDER real     the real worker without a sentinel; the kernel has to kill it
"""

import os
import pathlib
import signal
import sys
import threading
import time

from perf.host import sentinel
from perf.measure import launcher
from perf.measure.command import Command
from perf.measure.replies import Ready

folder, kind = pathlib.Path(sys.argv[1]), sys.argv[2]


def await_worker_and_die():
    while not (folder / "child.pid").exists():
        time.sleep(0.05)
    os.kill(os.getpid(), getattr(signal, os.environ["DEATH"]))


if kind == "real":
    sentinel.SCRIPT = "exit"
    arguments = (sys.executable, "-m", "perf.worker")
else:
    arguments = (sys.executable, str(pathlib.Path(__file__).with_name("silly_worker.py")))
threading.Thread(target=await_worker_and_die, daemon=True).start()
process = launcher.start("dying", Command(arguments, dict(os.environ) | {"SILLY": "load:hang-with-child"}), folder, 30)
if kind == "real":
    os.kill(process.pid, signal.SIGSTOP)  # as if stuck in native code: it does not see its pipe close
    (folder / "worker.pid").write_text(str(process.pid))
    (folder / "child.pid").write_text(str(process.pid))
    time.sleep(60)
process.ask({"request": "load"}, Ready, 60)
