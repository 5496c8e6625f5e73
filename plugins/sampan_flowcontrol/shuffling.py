"""Shuffle sharding: a flow gets a few of a level's queues, so that a flood of one flow leaves others one that is free.

Source: upstream's pkg/util/shufflesharding.
"""

from __future__ import annotations

import hashlib


def flow_hash(schema: str, flow: str) -> int:
    """64 bits that are the same in every process."""
    text = f"{schema}\x00{flow}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def deal(entropy: int, deck: int, hand: int) -> list[int]:
    """``hand`` different numbers below ``deck``."""
    remainders = []
    for index in range(hand):
        entropy, remainder = divmod(entropy, deck - index)
        remainders.append(remainder)
    cards = []
    for index, card in enumerate(remainders):
        for earlier in reversed(remainders[:index]):
            if card >= earlier:
                card += 1
        cards.append(card)
    return cards
