"""The tokenizer of the synthetic checkpoints as data: CLIP's, with a token for each byte and no merges."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]

START, END = "<|startoftext|>", "<|endoftext|>"
EXCLAMATION_MARK = "!"  # OpenCLIP's padding, the first token of the vocabulary

SETTINGS: Config = {
    "add_prefix_space": False,
    "bos_token": START,
    "do_lower_case": True,
    "eos_token": END,
    "errors": "replace",
    "model_max_length": 77,
    "pad_token": END,
    "tokenizer_class": "CLIPTokenizer",
    "unk_token": END,
}

SPECIAL_TOKENS: Config = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}

NO_MERGES = "#version: 0.2\n"

NORMALIZER: Config = {
    "type": "Sequence",
    "normalizers": [
        {"type": "NFC"},
        {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
        {"type": "Lowercase"},
    ],
}

SPLIT = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

PRE_TOKENIZER: Config = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Removed", "invert": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}


def configs(pad: str = END) -> dict[str, Config]:
    """Return file name -> content of the JSON files of a tokenizer that pads with the token ``pad``."""
    return {
        "tokenizer_config.json": SETTINGS | {"pad_token": pad},
        "special_tokens_map.json": SPECIAL_TOKENS | {"pad_token": pad},
        "vocab.json": vocabulary(),
        "tokenizer.json": fast_tokenizer(),
    }


def byte_symbols() -> list[str]:
    """Return a printable character for each byte, in the order of CLIP's vocabulary: printable bytes first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]


def vocabulary() -> dict[str, int]:
    """Return token -> id, without holes: every byte, every byte at the end of a word, and the two special tokens.

    No merges are needed: a prompt is padded to 77 tokens whatever it says.
    """
    symbols = byte_symbols()
    tokens = [*symbols, *(f"{symbol}</w>" for symbol in symbols), START, END]
    return {token: index for index, token in enumerate(tokens)}


def fast_tokenizer() -> Config:
    """Return CLIP's tokenizer as the ``tokenizers`` library writes it, the only form that transformers 5 looks for."""
    tokens = vocabulary()
    special = {"single_word": False, "lstrip": False, "rstrip": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": tokens[START], "content": START, "normalized": True, **special},
            {"id": tokens[END], "content": END, "normalized": False, **special},
        ],
        "normalizer": NORMALIZER,
        "pre_tokenizer": PRE_TOKENIZER,
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [END, tokens[END]],
            "cls": [START, tokens[START]],
            "trim_offsets": False,
            "add_prefix_space": False,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": END,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": tokens,
            "merges": [],
        },
    }
