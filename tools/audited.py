"""What pip-audit's JSON says, in words. Ends with 0 when all was looked over and is sound, 1 when something is known to
be wrong, 2 when the advisories of some package could not be had: then it was no audit.

Usage: python tools/audited.py FILE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def verdict(text: str) -> tuple[int, list[str]]:
    """The exit code and what to say."""
    try:
        packages: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return 2, ["pip-audit gave no answer"]
    wrong = [
        f"{one['name']} {one['version']}: {bad['id']}, mended in {', '.join(bad['fix_versions']) or 'no version yet'}"
        for one in packages
        for bad in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in packages if "vulns" not in one]
    if wrong:
        return 1, wrong
    if unknown or not packages:
        return 2, [f"no advisories for {len(unknown)} of {len(packages)} packages"]
    return 0, [f"{len(packages)} packages looked over, nothing known against them"]


if __name__ == "__main__":
    code, words = verdict(Path(sys.argv[1]).read_text())
    print("\n".join(words), file=sys.stderr if code else sys.stdout)
    sys.exit(code)
