"""Did Stable Diffusion on this Xeon get slower, by how much, where, and is the number to be believed?

Data flows one way: each folder imports only itself and those above it in this map, and the docstring of each lists its
modules. tests/test_architecture.py holds the imports against it::

    errors      the exception tree
    exit_codes  what every command ends with
    spec        what is to be measured; plain data, read by both sides
    records     what comes back; plain data, JSON both ways
    host        this machine, and the stacks on it
    worker      the child side, run by a stack's interpreter; the only folder that imports torch, diffusers or openvino,
                and that no other folder imports
    stats       pure functions on numbers
    measure     settings, processes, one variant measured, the run
    proof       what a measurement is checked against: claims, images, the machine's limit
    compare     two stacks or two rows in turns, and the search over releases
    gate        baselines, and the verdicts on a run
    history     every night kept, and what becomes of the rows over them
    report      what is shown to people
    github      what GitHub is told: issues, and comments on pull requests
    lab         how good the gate is
    plugin      pytest's hooks and fixtures; it wires
    suite       the tests that ``tox run -e perf`` and ``tox run -e upgrade`` collect
    cli         the commands, ``python -m perf ...``

The folder ``stacks`` holds pins alone.
"""
