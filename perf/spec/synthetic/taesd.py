"""Synthetic checkpoints of TAESD, a decoder that takes the place of the VAE: https://github.com/madebyollin/taesd."""

from __future__ import annotations

from perf.spec.synthetic.checkpoint import ITSELF, Synthetic
from perf.spec.tokenizer import Config


def taesd(channels: int, blocks: int, latent_channels: int = 4) -> Config:
    """Return an autoencoder of four levels of as many channels and, but for one, of as many blocks."""
    return {
        "_class_name": "AutoencoderTiny",
        "act_fn": "relu",
        "decoder_block_out_channels": [channels] * 4,
        "encoder_block_out_channels": [channels] * 4,
        "force_upcast": False,
        "in_channels": 3,
        "latent_channels": latent_channels,
        "latent_magnitude": 3,
        "latent_shift": 0.5,
        "num_decoder_blocks": [blocks, blocks, blocks, 1],
        "num_encoder_blocks": [1, blocks, blocks, blocks],
        "out_channels": 3,
        "scaling_factor": 1.0,
        "upsampling_scaling_factor": 2,
    }


CHECKPOINTS = (
    Synthetic(
        name="synthetic-taesd", disk_bytes=10_000_000, index=None, configs={ITSELF: taesd(channels=64, blocks=3)}
    ),
    Synthetic(name="tiny-taesd", disk_bytes=1_000_000, index=None, configs={ITSELF: taesd(channels=16, blocks=1)}),
    Synthetic(
        name="tiny-taesd3",
        disk_bytes=1_000_000,
        index=None,
        configs={ITSELF: taesd(channels=16, blocks=1, latent_channels=16)},
    ),
)
