"""Reports for people: on terminals, in Markdown, as a picture, for GitHub.

::

    tables         tables and lists, for terminals, logs and Markdown
    ladder_table   the ladder
    throughput_table  what instances side by side make of it
    verdicts       the verdicts on its rows, and a failing row's message
    machine_report the verdict on the machine, and its message where it fails
    comparison     two stacks, or rows, in turns
    comparison_sides  which they are
    run_report     what a run ends with: all of the above
    session_exit   the exit code of a run in which tests failed
    explain        all that a recorded run shows
    trace          a row as a trace for Perfetto
    plotted_ladder what a picture of a ladder shows, of a run or a baseline
    ladder_plot    the picture
    rerun          the commands that measure a night or a row of it again
    kept_evidence  the evidence of a night's row
    seconds_parts  where the seconds of an image go
    full_table     all that a run says of every row, in four tables
    page           all of it and the history as an HTML page
    feed           the nights as an Atom feed
    github         what GitHub Actions understands
"""
