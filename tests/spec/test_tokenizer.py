"""The tokenizer of the synthetic checkpoints as data."""

from __future__ import annotations

from perf.spec import tokenizer


def test_the_vocabulary_has_no_holes() -> None:
    tokens = tokenizer.vocabulary()
    assert sorted(tokens.values()) == list(range(514))
    assert tokens["<|endoftext|>"] == 513


def test_every_byte_has_a_printable_symbol() -> None:
    symbols = tokenizer.byte_symbols()
    assert len(set(symbols)) == 256
    assert all(symbol.isprintable() and not symbol.isspace() for symbol in symbols)
    assert symbols[:3] == ["!", '"', "#"]
