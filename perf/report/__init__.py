"""What is shown to people.

::

    tables         tables for terminals and logs
    ladder_table   the ladder
    verdicts       the verdicts on its rows, and a failing row's message
    comparison     two stacks
    explain        all that a recorded run shows
    github         what GitHub Actions understands
"""
