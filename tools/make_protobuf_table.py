"""Make the table of protobuf field numbers that sampan ships. Run by hand, at a new Kubernetes release.

    python tools/make_protobuf_table.py protobuf-fields.json platform/sampan_machinery/data/protobuf.json.gz

The source maps a Go struct to ``{number: [JSON name, type, omit zero]}``, read from the struct tags of published Go
binaries (spec/libraries.md, S15). Structs that no API body can reach are dropped. Knows nothing of sampan's code.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

ROOTS = (
    "k8s.io/api/",
    "k8s.io/apimachinery/",
    "k8s.io/apiextensions-apiserver/",
    "k8s.io/kube-aggregator/",
)


def reachable(table: dict[str, Any]) -> dict[str, Any]:
    return {name: fields for name, fields in sorted(table.items()) if name.startswith(ROOTS)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    wanted = parser.parse_args()
    text = json.dumps(reachable(json.loads(wanted.source.read_text())), separators=(",", ":"))
    wanted.target.parent.mkdir(parents=True, exist_ok=True)
    wanted.target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{wanted.target}: {len(text)} bytes of facts, {wanted.target.stat().st_size} compressed")


if __name__ == "__main__":
    main()
