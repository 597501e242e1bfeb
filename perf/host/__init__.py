"""This machine, and the stacks on it.

::

    cpu            the CPU's codename
    linux          what /proc and /sys say of the machine
    machine        Machine and its fingerprint, which decides what can be compared
    advice         what makes a machine a poor one to measure on
    lock           one measurement at a time
    cache          things made once per machine
    stack          Stack, an environment and its packages, known by its interpreter
    requirements   what a variant needs and this machine or stack lacks
    environments   stacks that are made when they are asked for
"""
