"""Two stacks compared: measured in turns, or searched release by release.

::

    paired_run       PairedRun, one variant in two stacks, measured in turns
    stack_comparison what is said of two stacks
    release_search   which release is the first slower one
"""
