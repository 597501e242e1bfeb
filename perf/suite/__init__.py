"""The tests that measure.

::

    test_ladder    every variant, and the verdict on it
    test_pairs     every variant in two stacks, or beside another row
"""
