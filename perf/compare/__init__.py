"""Two stacks, measured in turns."""
