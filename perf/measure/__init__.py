"""Measuring: settings, processes, one variant, a run."""
