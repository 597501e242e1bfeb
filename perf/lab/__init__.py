"""How good the gate is."""
