"""The most that the machine reaches with a stack: the limit that a variant is compared with.

::

    timing       the fastest of several calls, and the convolutions that are tried
    of_torch     what torch reaches
    of_openvino  what OpenVINO reaches: in a stack without torch, and in 8 bits
"""
