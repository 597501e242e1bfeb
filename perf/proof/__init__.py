"""The checks that a measurement passes before its number counts.

::

    claims        what a variant claims of itself, checked against its evidence
    fidelity      how close an image is to eager float32's
    pictures      small pictures of both, to look at
    reference     those reference images, made once
    proof         Proof, the claims and the image of one session
    proofs        Proofs, those of a run
    attribution   what differs between two workers' evidence
    peaks         the largest peak of a machine with a stack
    roofline      the share of the machine's limit that a part reaches
"""
