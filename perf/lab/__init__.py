"""How good the gate is, on recorded sessions and on this machine.

::

    rules      the rules in use elsewhere
    series     recorded sessions, read and written
    noise      how much identical sessions differ
    trials     sessions drawn from a series, with planted slowdowns
    evaluate   false alarms and detection of each rule, by many trials
    curves     them as table, JSON and plot
    selftest   the gate tried on this machine
"""
