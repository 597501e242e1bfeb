"""The gate: what is remembered of a machine, and the verdicts on a run against it.

::

    baseline_key        what must be equal for a baseline to be compared with
    recipe              the check of a stack's recipe, which pip may be told to install
    baseline_row        one variant's sessions in a baseline, and what measured them
    plausibility        whether the rows of a baseline hold together
    checksum            against edits by hand and damaged digits
    baseline            what a baseline file holds, and its schema
    proposal            Proposal, a measured row that may be taken into a baseline; kept in a run's JSON
    acceptance          rows of a run taken into a baseline
    store               the baseline files on disk
    paired_verdict      the verdict on a row by its pairs
    against_baseline    the verdicts on a run's rows by the sessions of its baseline
    anchor              the reference side of a comparison with the stack that a baseline was accepted with
    anchored_run        AnchoredRun, a row measured in turns with its anchor
    anchor_plan         AnchorPlan, which rows of a run are
    anchor_referrers    the rows of baselines that refer to an anchor
    known               KnownRegressions, which regressed rows they cover
    known_file          the known regressions beside the baselines
    finished_row        FinishedRow, what a row's verdict rests on
    journal             the rows of a run that are finished, for one that is cut to go on
    resumed_row         ResumedRow, such a row
    judgement           Judgement, the order of it: sessions, verdicts, acceptance
"""
