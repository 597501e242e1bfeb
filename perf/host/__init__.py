"""This machine, and the stacks on it.

::

    cpu            the CPU's codename
    cpu_info       the CPU and platform as other libraries describe them, without their timing of the clock
    topology       sockets, NUMA nodes, cores and caches
    placement      the cores of each of several instances
    linux          settings and limits, from /proc and /sys
    machine        Machine and its fingerprint, which decides what can be compared
    energy         the counters of the machine's energy, and why they are hidden
    perf_events    the kernel's counters of a process: what can be counted here, and why the rest cannot
    advice         what makes a machine a poor one to measure on
    replaced_file  files that are replaced as a whole
    regular_file   files that somebody else may have made, read up to a size
    output_file    files that are written at the end, tried before the beginning
    foreign_text   what other programs have printed, made fit for a log
    lock           one measurement at a time
    cache          things made once per machine
    withheld       the variables that no process with other people's packages gets
    stack          Stack, an environment and its packages, known by its interpreter
    interpreters   stacks' interpreters that are named on the command line
    repository     the suite's repository, by git
    worker_code    the suite's own code that runs in a worker: its digest, its commit, the version of its wire
    prerequisites  what a variant needs and this machine or stack lacks
    memory_need    the memory that a worker will need
    exports        the name of an export to OpenVINO in the cache
    requirements   what a user asks pip for: requirements, files of them, wheels
    sentinel       kills what this process has started when it dies
    helper         processes that do one thing for this one
    installer      pip, run on any interpreter
    releases       the releases of a package that an interpreter could install
    environments   stacks that are made when they are asked for
    pinned_hashes  the hashes in the lock files and in their history
    anchors        the stacks that baselines were accepted with, kept to be run again
    anchor_uses    which baselines refer to an anchor, and when it was last used
    anchor_code    the suite's code of an earlier commit
"""
