"""The results of a measurement: plain data, JSON both ways.

::

    part             Part, a part of a generation
    sample           Sample, one timed generation, and Session, one worker's life
    energy           Energy, what the machine used while an image was made
    counts           Counts, what the kernel's counters say of a generation and of its parts
    claim            Claim, one thing that a variant claims of itself
    evidence         Evidence, what a worker was really doing
    launch           Launch, how a worker is started; checked when it is read
    session_record   SessionRecord, what baselines and recorded series keep of a session; checked when it is read
    strict_json      JSON as its standard has it, and no deeper than ours
    typed_json       parsed JSON as these types; needs msgspec, which workers lack
    consistency      whether the figures of a round hold together
    checks           checks of values read from a file
    work             Work, what one call of a model has to do
"""
