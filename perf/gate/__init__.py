"""Baselines, and what is said of a run against them."""
