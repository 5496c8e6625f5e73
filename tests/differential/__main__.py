"""Compare two servers that speak Kubernetes, request by request; see README.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import recording
import telling
from judging import Found, Judge, as_plain, by_times, report
from targets import Remote


def main() -> int:
    arguments = _arguments()
    if arguments.command == "record":
        recording.record(Remote(arguments.peer, arguments.peer_token), seed=arguments.seed)
        return 0
    judge = Judge(
        Remote(arguments.server, arguments.token),
        Remote(arguments.peer, arguments.peer_token),
        tell=lambda found: print(report(found), flush=True),
        minimise=not arguments.quick,
    )
    telling.prepare(judge)
    judge.discover()
    started = time.monotonic()
    telling.tell(judge, seed=arguments.seed, requests=arguments.requests, seconds=arguments.seconds,
                 kinds=arguments.kinds)  # fmt: skip
    print(f"\n{judge.requests} requests compared in {time.monotonic() - started:.0f} s")
    for reason, times in judge.accepted.most_common():
        print(f"  {times:6} accepted: {reason}")
    for found in by_times(judge.found):
        print(f"  {found.times:6} {found.difference.key}")
    if arguments.report:
        _write(arguments.report, judge.found)
    return 1 if judge.found else 0


def _write(path: Path, found: dict[str, Found]) -> None:
    path.write_text(json.dumps([as_plain(each) for each in by_times(found)], indent=1, ensure_ascii=False))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/differential", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("compare", "record"), default="compare")
    parser.add_argument("--server", help="URL of the server under test")
    parser.add_argument("--token", default="")
    parser.add_argument("--peer", required=True, help="URL of the server that it should be like")
    parser.add_argument("--peer-token", default="")
    parser.add_argument("--requests", type=int, default=0, help="how many to compare (1,000 unless --seconds is given)")
    parser.add_argument("--seconds", type=float, default=0, help="how long to go on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default="", help="pattern of the resources compared, such as 'jobs|batch'")
    parser.add_argument("--quick", action="store_true", help="do not minimise")
    parser.add_argument("--report", type=Path, help="write the differences there as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
