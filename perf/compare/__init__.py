"""Two stacks compared: measured in turns, or searched release by release.

::

    stack_pair       Role and StackPair: the two stacks, and which is which
    paired_run       PairedRun, one variant in two stacks, measured in turns
    compared_row     ComparedRow, what was found of one variant
    row_judgement    claims, images and latency of one variant, judged
    stack_comparison StackComparison, the results of a run, and its exit code
    release_search   which release is the first slower one
"""
