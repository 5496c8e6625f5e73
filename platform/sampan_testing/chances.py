"""Sources of randomness of simulations."""

from __future__ import annotations

import random
import threading


class OwnSource(random.Random):
    """Seeded, for the thread that makes it. Other threads (of the API server, or left by another test) draw from a
    source of their own: when they draw is not for the seed to decide."""

    def __init__(self, seed: int) -> None:
        self._owner = threading.get_ident()
        self._others = random.Random()
        super().__init__(seed)

    def random(self) -> float:
        return super().random() if threading.get_ident() == self._owner else self._others.random()

    def getrandbits(self, k: int, /) -> int:
        return super().getrandbits(k) if threading.get_ident() == self._owner else self._others.getrandbits(k)
