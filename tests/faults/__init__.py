"""A campaign of faults: the real suite with silly workers, in which one thing breaks at one moment, from a seed.

::

    python -m tests.faults --minutes 60 --seed 1

    faults   the faults, and what each breaks
    world    a folder with all that a run needs, and what must hold after any fault
    trial    one fault in one run, and the run after it

    mutations   baseline files with one thing changed, of which a hundred thousand are tried in minutes
"""
