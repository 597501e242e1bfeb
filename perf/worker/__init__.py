"""The child side, run by a stack's interpreter."""
