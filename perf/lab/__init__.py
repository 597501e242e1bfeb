"""How good the gate is, on recorded sessions and on this machine.

::

    rules              the rules in use elsewhere
    series             recorded sessions, read and written
    noise              how much identical sessions differ
    trials             sessions drawn from a series, with planted slowdowns
    scores             what many trials add up to
    replay             the gate's part of a run, on drawn sessions
    evaluate           false alarms, detection and silent misses of each rule, by many trials
    ladder_evaluation  the same of several series as rows of one ladder
    score_tables       them as tables and JSON
    score_plot         them as a picture
    pair_recording     a row measured in two stacks, kept as data
    paired_replay      when a run would have stopped on kept pairs, and with which verdict
    process_luck       how far identical workers differ
    pool               tasks on all CPUs
    selftest           the gate tried on this machine
"""
