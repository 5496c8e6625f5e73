"""Make the file of field descriptions that sampan ships, from the published Kubernetes schema. Run at a new release.

    /some/scratch/bin/python tools/make_descriptions.py platform/sampan_machinery/data/descriptions.gz v1.36

The scratch environment is the one of make_schema.py, and both are to be run at the same version. The result is read
from beginning to end: one line a definition, sorted by its name, then a tab, then ``{field: words}`` as JSON, where ""
is the definition itself. The words are the Kubernetes authors' (Apache-2.0): see NOTICE beside the file.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from make_schema import published


def lines(definitions: dict[str, Any]) -> Iterator[str]:
    for name, node in sorted(definitions.items()):
        nodes = {"": node, **node.get("properties", {})}
        words = {field: child["description"] for field, child in nodes.items() if child.get("description")}
        if words:
            yield f"{name}\t{json.dumps(words, separators=(',', ':'), ensure_ascii=False)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("minor", help="version of Kubernetes, such as v1.36")
    given = parser.parse_args()
    target: Path = given.target
    definitions, version = published(given.minor)
    text = "".join(lines(definitions)).encode()
    target.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{target}: {len(text)} bytes of {version}, {target.stat().st_size} compressed")


if __name__ == "__main__":
    main()
