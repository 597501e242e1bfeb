"""What is shown to people.

::

    tables         tables for terminals and logs
    ladder_table   the ladder and its verdicts
    comparison     two stacks
    explain        all that a recorded run shows
    github         what GitHub Actions understands
"""
