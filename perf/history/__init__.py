"""The history: every night kept for years, and what becomes of the rows over them.

::

    recorded_run   a run read again from its JSON
    kept           what is kept of every run
    night          Night, what is kept of a run of the ladder
    checked_upgrade  what is kept of a comparison of two stacks
    reading        a recorded run of either kind
    points         Point, what one night said of a row
    tables         the tables of the database
    columns        what a night's parts are in their columns
    migrations     how a database of an earlier version becomes one of today's
    migrating      does so, or refuses one of a newer version
    connecting     connections by their address, and their errors explained
    database       Database, which nights are written to and read from
    row_series     the rows' points as series of a quantity, and what all rows of a machine share
    trend          the changes in them, of rows and of machines
    upgrades       the software of a row against its oldest anchor, by all ratios together
    creep          what many upgrades add up to, in a sentence
    outbox         nights that could not be sent yet
    keeping        what becomes of a run at its end
    notice         a night told to a webhook
    ci_run         the address of the CI run
    night_comparison  two nights compared, by the gate's rules
    export         the history for other programs
"""
