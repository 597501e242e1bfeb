"""The child side: processes that the suite starts and talks to over pipes.

Only this folder imports torch, diffusers, transformers or openvino, and no other folder imports it. All but the probe
are run by a stack's interpreter.

::

    __main__          the worker: builds one variant, and generates images on request
    wire              JSON lines to and from the parent
    turns             taking turns with another worker
    parts             the clock around the pipeline's own calls
    conditions        counters of /proc around a generation
    perf_events       instructions, cycles and the like of each part, by the kernel's counters
    surroundings      libraries, environment and CPUs of the process
    verbose           the logs of oneDNN and MKL, captured and reduced
    layers            the models' layers, and the seconds of each
    peaks             the most that the machine itself reaches with a stack
    described         a checkpoint's family and configurations
    noise             the noise that a scheduler adds between two steps
    inputs            inputs of a denoiser as tensors
    exports           the exports of a checkpoint to OpenVINO, in 8 bits too; also a tool
    pipelines         a module per backend: builds a variant, and observes it
    brought           a backend that a package brings, held to the contract
    contract          that contract, and all that such a package may import
    flops             counts the work of one call of each model
    checkpoint        makes or downloads a checkpoint
    safetensors_file  writes a file of weights tensor by tensor
    probe             times the machine itself, in the suite's own environment
"""
