"""The measuring: the request, the processes that carry it out, one variant, and a run of several.

::

    settings         Settings, what is to be measured, and its defaults
    toml_file        TOML files that people write, and what is wrong with them
    tolerance_table  the tolerances in a settings file
    row_table        the rows of one's own in a settings file
    settings_file    SettingsFile, the options of every run, in pyproject.toml or perf.toml
    declared_options names, types, defaults and help of the pytest options
    options          the pytest options that settings are read from
    selection        what the selected tests do, and selections that judge nothing
    command          the command line and environment of a process
    replies          what a worker may reply, as types
    channel          JSON lines with a deadline
    postmortem       how a worker ended, and its last output
    launcher         starts a worker, talks to it, and leaves nothing of it behind
    checkpoint_check whether a folder is a complete checkpoint
    checkpoints      Model, made, found or downloaded, and its work
    memory           what a row of this run's model will take
    latents          the starting noise
    progress         lines on the terminal or in a log
    pedantic         pytest-benchmark's loop, beyond its documentation
    recording        where pytest-benchmark is going to keep this run's JSON
    machine_probe    the machine's own speed around the rounds
    energy_meter     the joules that the machine uses while something runs
    estimate         how long a ladder will take here
    rounds           Rounds, the samples of a row so far
    known_peaks      the machine's peaks that a run has measured already
    bench            Bench, what all variants of a run are measured with
    row_bench        what a row is measured with where that is not what the others are
    row_rounds       RowRounds, what a worker and a group of them have in common
    measurement      Measurement, one variant and its worker
    group            Group, the workers of a variant side by side
    kept_worker      KeptWorker, which makes several settings of a row in a sweep
    ladder_row       LadderRow, a variant's session or why it has none
    run_stacks       the stacks of a run's rows, and those that make what a row's own cannot
    run_workers      RunWorkers, the workers of a run, those of one row at a time
    run              Run, what the variants of a run share
"""
