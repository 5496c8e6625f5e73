"""``python -m sampan_testing.simulate``: run scenarios of the deterministic simulation, or replay a seed that failed.

A process's order of sets is part of a history, so it starts itself again with PYTHONHASHSEED=0.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "sampan_testing.simulate", *given])
    from sampan_testing.scenarios import SCENARIOS, run
    from sampan_testing.simulated import Violation

    parser = argparse.ArgumentParser(prog="python -m sampan_testing.simulate", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*SCENARIOS, []], help=f"one or more of {', '.join(SCENARIOS)}")
    parser.add_argument("--seed", type=int, help="the first seed; default: one by chance")
    parser.add_argument("--count", type=int, default=1, help="how many seeds, one after another")
    parser.add_argument("--verbose", action="store_true", help="show what the components log")
    asked = parser.parse_args(given)
    logging.basicConfig(level=logging.DEBUG if asked.verbose else logging.CRITICAL)
    first = random.SystemRandom().randrange(1 << 32) if asked.seed is None else asked.seed
    failed = 0
    for seed in range(first, first + asked.count):
        for name in asked.scenario or SCENARIOS:
            try:
                made = run(name, seed)
            except Violation as violation:
                failed += 1
                print(f"{name}: {violation}", flush=True)
            else:
                crashes = len(made.engine.crashes)
                print(f"{name} {seed}: {made.requests} writes, {crashes} crashes, {made.digest[:16]}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
