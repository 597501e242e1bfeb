"""The things to be measured: plain data, read by the parent and by the worker.

::

    variant     Variant, one way to run the pipeline: a row of the ladder
    same_image  whether two rows make the same image
    protocol    Protocol, the settings of a measurement: size, steps, rounds, budget; Sweep, several of them
    sweep       a row at several sizes and step counts
    ladder      the ladder, the catalogue of all variants
    calibration the prompts that models in 8 bits are calibrated with
    families    the families of models, and what is specific to each
    synthetic   the synthetic checkpoints
    tokenizer   the files of their tokenizer
"""
