"""Did Stable Diffusion on this Xeon get slower, by how much, where, and is the number to be believed?

Data flows one way, and a module imports only what stands above it in this map::

    errors         the exception tree
    variant        Variant, the specification of a row
    catalog        the ladder of variants
    protocol       what a measurement is: size, steps, rounds, budget
    sample         Sample and Session, what is kept of it
    cache          things made once per machine
    synthetic      the synthetic checkpoints, as data

    child side, run by a stack's interpreter; only these import torch, diffusers or openvino
      wire         JSON lines with the parent (standard library)
      conditions   counters from /proc around a generation (standard library)
      parts        the clock around the pipeline's own calls (standard library)
      pipelines    one module per backend: how a variant is built
      checkpoint   makes or downloads a checkpoint
      worker       the process that builds and generates
      probe        the process that times the machine itself, in the suite's own environment

    parent side, run by pytest's interpreter
      cpu          the CPU's codename
      kernel       what /proc and /sys say of the machine
      machine      the machine and its fingerprint
      machine_check what makes it a poor one to measure on
      machine_lock one measurement at a time
      stack        an environment and its packages, by its interpreter
      requirements what a variant needs and lacks here
      command      the command line and environment of a process
      channel      JSON lines with a deadline
      launcher     start, talk, time out, clean up
      model        the model's folder, checked
      latents      the starting noise

    the judging: pure functions on numbers
      tables       tables for terminals and logs
      stats        intervals of medians
      record       what is read of a session, checked
      level        where a session lies, without its disturbed rounds
      shift        how far new sessions lie from the baseline's
      watch        what the gate watches
      verdict      what is said of a row
      drift        rows that all moved together
      rules        the rules of today
      series       recorded sessions, read
      evaluate     how good a rule is
      curves       the evaluation as table and plot

    the run
      baseline     what a baseline file holds
      store        the baseline files
      gate         the baseline of a run
      progress     what a person sees while it runs
      measurement  one variant, measured
      report       what was found, as tables and lines
      github       what GitHub Actions understands
      settings     the command line
      run          what the variants of a run share
      judgement    sessions, verdicts, acceptance
      selftest     the gate tried on this machine
      plugin       pytest's hooks and fixtures
      suite        the tests that measure
      __main__     the commands that do not measure
"""
