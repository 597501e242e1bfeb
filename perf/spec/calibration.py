"""The prompts that models in 8 bits are calibrated with, unless others are given."""

from __future__ import annotations

# A scene and a face: the ranges of activations are taken from every step of an image of each.
PROMPTS = ("a fishing village at low tide, morning fog, oil on canvas", "portrait of an old clockmaker, window light")
CALLS_PER_PROMPT = 50  # the steps that diffusers makes where it is not told how many
