"""Did Stable Diffusion on this Xeon get slower, by how much, where, and is the number to be believed?

Data flows one way, and a module imports only what stands above it in this map::

    errors         the exception tree
    variant        Variant, the specification of a row
    catalog        the ladder of variants
    protocol       what a measurement is: size, steps, rounds, budget
    sample         Sample and Session, what is kept of it
    evidence       Evidence, what a worker was found to be doing
    work           Work, what a call of each model has to do
    cache          things made once per machine
    synthetic      the synthetic checkpoints, as data

    child side, run by a stack's interpreter; only these import torch, diffusers or openvino
      wire         JSON lines with the parent (standard library)
      conditions   counters from /proc around a generation (standard library)
      turns        two workers that run by turns (standard library)
      parts        the clock around the pipeline's own calls (standard library)
      surroundings libraries, environment and CPUs of the process, from /proc (standard library)
      verbose      the logs of oneDNN and MKL, captured and reduced (standard library)
      peak         what the machine itself reaches with a stack
      flops        how much work one call of each model is
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
      roofline     the share of the machine's peak that a part reaches
      model        the model's folder, checked, and its work
      latents      the starting noise
      fidelity     how close an image is to eager float32's
      reference    those reference images, made once
      claims       what a variant says of itself, held against the evidence
      attribution  what is otherwise in one worker than in another

    the judging: pure functions on numbers
      tables       tables for terminals and logs
      stats        intervals of medians
      record       what is read of a session, checked
      level        where a session lies, without its disturbed rounds
      shift        how far new sessions lie from the baseline's
      watch        what the gate watches
      verdict      what is said of a row
      pairs        what is read of two generations made in turns
      paired       two stacks, measured in turns
      drift        rows that all moved together
      rules        the rules of today
      series       recorded sessions, read
      evaluate     how good a rule is
      curves       the evaluation as table and plot

    the run
      settings     the command line
      environments stacks made when they are asked for
      baseline     what a baseline file holds
      store        the baseline files
      gate         the baseline of a run
      progress     what a person sees while it runs
      measurement  one variant, measured
      run          what the variants of a run share
      proof        the claims and images of a run
      duel         one variant in two stacks, measured in turns
      upgrade      what is said of two stacks
      settlement   suspicions settled against the baseline's own stack
      judgement    sessions, verdicts, acceptance
      report       what was found, as tables and lines
      github       what GitHub Actions understands
      upgrade_report as a table, for terminals and pull requests
      explain      what a recorded run shows
      selftest     the gate tried on this machine
      plugin       pytest's hooks and fixtures
      suite        the tests that measure
      bisect       which release is the first slower one
      upgrading    the command of the upgrade check
      __main__     the commands that do not measure
"""
