"""The full table of a machine: all that one run of the ladder says of every row, for a terminal and as Markdown.

::

    row        what the table says of one row: seconds, shares of the peak, fidelity, claims, kernels
    products   what the products of a row ran in, in a few words
    table      the machine, the model, the stacks and the command above the rows; what is missing below them
    sections   the columns, four tables of them
    render     the table as text
"""
