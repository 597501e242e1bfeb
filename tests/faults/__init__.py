"""A campaign of faults: the real suite with silly workers, in which one thing breaks at one moment, from a seed.

::

    python -m tests.faults --minutes 60 --seed 1
    python -m tests.faults --fault kill_a_process --seed 7 --trials 1 --keep .

    faults         the faults, and what each breaks
    system_calls   those for which a library in C (shim.c) is preloaded
    world          a folder with all that a run needs, and what must hold after any fault
    trial          one fault in one run, and the run after it

    mutations      baseline files with one thing changed, of which a hundred thousand are tried in minutes
"""
