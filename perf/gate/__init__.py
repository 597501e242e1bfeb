"""The gate: what is remembered of a machine, and what is said of a run against it.

::

    baseline           what a baseline file holds
    store              the baseline files
    against_baseline   the verdicts on a run's rows by the sessions of its baseline
    anchor_comparison  the comparison with the stack that a baseline was measured with
    judgement          Judgement, the order of it: sessions, verdicts, acceptance
"""
