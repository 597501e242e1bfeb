"""The child side: processes that the suite starts and talks to over pipes.

Only this folder imports torch, diffusers, transformers or openvino, and no other folder imports it. All but the probe
are run by a stack's interpreter.

::

    __main__       the worker: builds one variant, and generates images when told
    wire           JSON lines with the parent
    turns          taking turns with another worker
    parts          the clock around the pipeline's own calls
    conditions     counters of /proc around a generation
    surroundings   libraries, environment and CPUs of the process
    verbose        the logs of oneDNN and MKL, captured and reduced
    peak           what the machine itself reaches with a stack
    dynamo         adapter to a private part of torch
    pipelines      how a variant is built, a module per backend
    flops          counts the work of one call of each model
    checkpoint     makes or downloads a checkpoint
    probe          times the machine itself, in the suite's own environment
"""
