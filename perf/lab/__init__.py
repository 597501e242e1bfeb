"""How good the gate is, on recorded sessions and on this machine.

::

    rules      the rules in use elsewhere
    series     recorded sessions, read and written
    evaluate   false alarms and detection, by many draws
    curves     them as table, JSON and plot
    selftest   the gate tried on this machine
"""
