"""This machine, and the stacks on it."""
