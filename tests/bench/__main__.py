"""``make bench``: measure this machine's sampan and print the table of docs/benchmarks.md. Loopback only; never a test.

python tests/bench [--quick] [--only start,idle,api,watches,schedule] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from footprint import everyone, family, idle_rows, idle_watches, memory, start_rows
from requests import api_rows
from rows import BY_KEY, table
from scheduling import pods_per_second
from server import Cluster

PARTS = ("start", "idle", "api", "schedule", "watches")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short phases and small sizes: to see that it works")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--json", default="", metavar="FILE", help="write the figures there too")
    chosen = parser.parse_args()
    parts = set(chosen.only.split(","))
    if unknown := parts - set(PARTS):
        sys.exit(f"bench: there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if shutil.which("wrk") is None:
        sys.exit("bench: the load generator wrk is missing (Debian: apt-get install wrk)")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="sampan-bench-") as folder:
        measure(Cluster(Path(folder) / "home"), parts, found, quick=chosen.quick)
        if "watches" in parts:
            note(found, "idle_watches", idle_watches(Path(folder) / "home", tls=False))
            note(found, "idle_watches_tls", idle_watches(Path(folder) / "home", tls=True))
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=1))
    print("\n" + table(found))


def measure(cluster: Cluster, parts: set[str], found: dict[str, float], *, quick: bool) -> None:
    try:
        for key, value in start_rows(cluster):
            note(found, key, value)
        if "idle" in parts:
            for key, value in idle_rows(cluster, 5 if quick else 30):
                note(found, key, value)
        if "schedule" in parts:
            for mode in ("basic", "spread", "antiaffinity"):
                size = (100, 300) if quick else (1000, 3000)
                note(found, f"schedule_{mode}", pods_per_second(cluster, mode, *size))
        if "api" in parts:
            for key, value in api_rows(cluster, 2 if quick else 8, 500 if quick else 5000):
                note(found, key, value)
            note(found, "peak_memory", memory(family(cluster.processes()["apiserver"])))
        assert len(everyone(cluster)) > 1, "the cluster's processes have gone"
    finally:
        cluster.sampan("down")


def note(found: dict[str, float], key: str, value: float) -> None:
    found[key] = value
    print(f"{BY_KEY[key].what}: {value:,.4g} {BY_KEY[key].unit}", flush=True)


if __name__ == "__main__":
    main()
