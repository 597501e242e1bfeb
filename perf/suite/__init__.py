"""The tests that measure.

::

    test_ladder    every variant, and the verdict on it
    test_upgrade   every variant in two stacks
"""
