"""Two stacks compared: measured in turns, or searched release by release.

::

    stack_pair       Role and StackPair: the two stacks, and which is which
    worker_pair      WorkerPair, one variant's workers in the two stacks
    strategy         Strategy, what a pair of workers does in the hooks of ``benchmark.pedantic``
    in_turns         both workers alive, part by part in turns
    whole_sessions   one worker alive at a time, session by session
    paired_run       PairedRun, one variant in two stacks, until enough is known
    other_quantities parts, peak memory and load time, compared beside the latency
    compared_row     ComparedRow, what was found of one variant
    row_judgement    claims, images and latency of one variant, judged
    stack_comparison StackComparison, the results of a run, and its exit code
    release_search   which release is the first slower one
"""
