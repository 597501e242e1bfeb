"""Measuring: what was asked for, the processes that do it, one variant, and a run of several.

::

    settings      Settings, what is to be measured, and its defaults
    options       the command line that they are read from
    command       the command line and environment of a process
    channel       JSON lines with a deadline
    sentinel      kills what a worker has started when this process dies
    postmortem    how a worker ended, and its last output
    launcher      starts a worker, talks to it, and leaves nothing of it behind
    checkpoints   the model's folder, checked
    latents       the starting noise
    progress      what a person sees meanwhile
    pedantic      the loop of pytest-benchmark
    machine_probe the machine's own speed around the rounds
    measurement   Measurement, one variant and its worker
    estimate      how long a ladder will take here
    ladder_row    LadderRow, a variant's session or why it has none
    run           Run, what the variants of a run share
"""
