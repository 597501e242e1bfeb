"""The channel: a deadline holds although there is always something to read."""

from __future__ import annotations

import os
import time

import pytest

from perf.measure.channel import Channel
from perf.measure.replies import Progress

LINE = b'{"reply": "progress", "done": 1}\n'


def test_a_line_that_has_come_already_is_no_answer_after_the_deadline() -> None:
    from_worker, to_parent = os.pipe()
    from_parent, to_worker = os.pipe()
    try:
        channel = Channel(to_worker, from_worker, None)
        os.write(to_parent, 2 * LINE)
        assert channel.receive(time.monotonic() + 60) == Progress(done=1)
        with pytest.raises(TimeoutError):
            channel.receive(time.monotonic() - 1)
    finally:
        for descriptor in (from_worker, to_parent, from_parent, to_worker):
            os.close(descriptor)
