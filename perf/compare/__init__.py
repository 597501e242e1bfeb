"""Two stacks, or two rows, compared: measured in turns, or stacks searched release by release.

::

    side_pair        Role, Side and SidePair: the two sides, and which is which
    worker_pair      WorkerPair, one worker of either side
    strategy         Strategy, what a pair of workers does in the hooks of ``benchmark.pedantic``
    in_turns         both workers alive, part by part in turns
    whole_sessions   one worker alive at a time, session by session
    paired_run       PairedRun, the two sides measured until enough is known
    other_quantities parts, peak memory and load time, compared beside the latency
    compared_row     ComparedRow, what was found of one candidate
    row_judgement    claims, images and latency of one candidate, judged
    run_comparison   RunComparison, the sides and the results of a run
    stack_comparison StackComparison, the upgrade check: each row in two stacks
    row_comparison   RowComparison, each row beside another
    release_search   which release is the first slower one
"""
