"""Make the table of protobuf fields that sampan ships. Run by hand, at a new Kubernetes release.

    python tools/make_protobuf_table.py protobuf-fields.json fields-of-go.json \\
        platform/sampan_machinery/data/protobuf.json.gz

Both sources map a Go struct to ``{number: [JSON name, type, omitempty]}``. The first is read from the struct tags of
published Go binaries (spec/libraries.md, S15). The second comes from ``tools/protobuf_fields.go``, which reads the same
tags from Kubernetes' Go modules of the release whose API is served; there the last is null for a pointer. That is what
an encoder must know: a field that is no pointer is written also where it is empty. Where both have a field, the second
counts; the first adds the fields and structs of newer clients. Structs that no API body can reach are dropped. Knows
nothing of sampan's code.
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
    return {name: fields for name, fields in sorted(table.items()) if fields and name.startswith(ROOTS)}


def merged(binaries: dict[str, Any], modules: dict[str, Any]) -> dict[str, Any]:
    """Of both. Fields that only binaries have are taken for pointers: nothing says that they must be written."""
    found = {
        name: {number: [json_name, type_, None] for number, (json_name, type_, _) in fields.items()}
        if name in modules
        else dict(fields)
        for name, fields in binaries.items()
    }
    for name, fields in modules.items():
        found.setdefault(name, {}).update(fields)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("binaries", type=Path)
    parser.add_argument("modules", type=Path)
    parser.add_argument("target", type=Path)
    wanted = parser.parse_args()
    table = merged(json.loads(wanted.binaries.read_text()), json.loads(wanted.modules.read_text()))
    text = json.dumps(reachable(table), separators=(",", ":"))
    wanted.target.parent.mkdir(parents=True, exist_ok=True)
    wanted.target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{wanted.target}: {len(text)} bytes of facts, {wanted.target.stat().st_size} compressed")


if __name__ == "__main__":
    main()
