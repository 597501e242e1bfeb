"""What is held against a measurement."""
