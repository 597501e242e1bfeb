"""Pure functions on numbers: what a session shows, how far sessions lie apart, and what follows from that.

::

    intervals           intervals of medians, a robust mean
    level               where a session lies, without its disturbed rounds
    mixture             what is believed of a number where the noise around it is not known either
    belief              what is believed of a machine's noise, before any session and after
    regression          the regression behind it, for every noise that is thought possible
    shift               how far new sessions lie from the baseline's
    window              a window of workers side by side, as one sample
    watch               Watch, a quantity that the gate watches
    tolerances          Tolerances, the changes that matter where a user has set them, by row and quantity
    verdict             the verdict on one row, and the sentence that states it
    decision            the rule by which the gate decides on it
    instruction_change  what counted instructions, cycles and cache misses say of a change of time
    machine_shift       the shift that all rows of a ladder share, and what is left of a row beyond it
    machine_verdict     the verdict on the machine: all rows of the same software together
    excuse              what the machine, as the other rows show it, explains of a row
    clock_excuse        what a lower clock, as the counters show it, explains of a row
    ladder_decision     the decision on a whole ladder, each row in the light of the others
    outlook             what a baseline will see on another night, and how many more sessions see more
    calm_parts          the parts of generations during which nothing else ran
    pairs               Pair, two generations made in turns
    kept_pairs          what is left of pairs without their disturbed parts
    pooled_pairs        its log ratios, pooled over the pairs of the same workers
    paired_comparison   the candidate's change, and the verdict on it
    least_comparison    the same of a quantity that luck adds to, such as peak memory
    paired_plan         what to measure next: more pairs by the same workers, or fresh ones
    paired_rule         how many pairs, looked at when, and what follows a look
    night_noise         how much nights differ where nothing has changed, and which of them are bad
    change_points       where the level of a series of nights has changed, by how much, and how surely
"""
