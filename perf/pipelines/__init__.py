"""Child side: one module per backend, each with ``build(variant, checkpoint, size) -> diffusers pipeline``."""
