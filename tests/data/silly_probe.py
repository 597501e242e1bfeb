"""A probe that speaks the wire and finds every machine equally fast, or $SILLY_PROBE times slower. Silly on purpose."""

import json
import os
import sys

from perf.worker.wire import VERSION

requests, replies = os.fdopen(int(sys.argv[1])), os.fdopen(int(sys.argv[2]), "w")


def reply(name, **fields):
    replies.write(json.dumps({"reply": name, **fields}) + "\n")
    replies.flush()


reply("hello", version=VERSION)
for _ in requests:
    reply("probed", probe_s=0.05 * float(os.environ.get("SILLY_PROBE", "1")))
