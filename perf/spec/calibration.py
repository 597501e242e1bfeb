"""What models in 8 bits are calibrated with, unless other prompts are given."""

from __future__ import annotations

# A scene and a face. The ranges of activations are taken from every step of an image of each: few steps, since they
# reach from pure noise to the image as many do, and a call of the full-size UNet takes the calibration seconds.
PROMPTS = ("a fishing village at low tide, morning fog, oil on canvas", "portrait of an old clockmaker, window light")
STEPS = 5
