"""Make the table of field facts that sampan ships, from the published Kubernetes schema. Run by hand, at a new release.

    python -m venv /some/scratch && /some/scratch/bin/pip install kubernetes-validate
    /some/scratch/bin/python tools/make_schema.py platform/sampan_machinery/data/schema.json.gz v1.36
    /some/scratch/bin/python tools/make_descriptions.py platform/sampan_machinery/data/descriptions.gz v1.36
    /some/scratch/bin/python tools/add_zeros.py platform/sampan_machinery/data/schema.json.gz …/kubernetes/staging/src

The version is the one that is served: a newer one has fields that a client's typing mistake must not be taken for.
Keeps facts (fields, types, required, list types, merge keys, group-version-kind marks) and drops all prose. The form
of the result is described in ``sampan_machinery.schema.table``. Knows nothing of sampan's code.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    META + "Time": "time",
    META + "MicroTime": "microtime",
}
FREE_OBJECTS = {META + "FieldsV1", META + "Patch", "io.k8s.apimachinery.pkg.runtime.RawExtension"}
#: The published schema carries no defaults; these two are part of list keys, so apply needs them.
DEFAULTS = {
    ("io.k8s.api.core.v1.ContainerPort", "protocol"): "TCP",
    ("io.k8s.api.core.v1.ServicePort", "protocol"): "TCP",
}
FACTS = {
    "x-kubernetes-list-type": "list",
    "x-kubernetes-list-map-keys": "keys",
    "x-kubernetes-patch-merge-key": "merge",
    "x-kubernetes-patch-strategy": "strategy",
}


def type_word(node: dict[str, Any]) -> str:
    """``string`` out of ``["string", "null"]``."""
    found = node.get("type", "")
    return next((word for word in found if word != "null"), "") if isinstance(found, list) else found


def scalar_word(node: dict[str, Any]) -> str:
    word, form = type_word(node), node.get("format", "")
    if word == "integer":
        return "int32" if form == "int32" else "integer"
    if word == "string" and form == "byte":
        return "bytes"
    return word or "any"


def shape_of(node: dict[str, Any]) -> Any:
    """The compact form of one field's schema."""
    facts = {short: node[long] for long, short in FACTS.items() if long in node}
    if kind := node.get("x-kubernetes-map-type"):
        facts["atomic"] = kind == "atomic"  # a granular field of a type that is atomic elsewhere: a volume's claimRef
    if "$ref" in node:
        base: Any = "#" + node["$ref"].rsplit("/", 1)[1]
    elif type_word(node) == "array":
        base, facts["of"] = "list", shape_of(node.get("items", {}))
    elif type_word(node) == "object":
        more = node.get("additionalProperties")
        base = "map" if isinstance(more, dict) else "object"
        if isinstance(more, dict):
            facts["of"] = shape_of(more)
    else:
        base = scalar_word(node)
    return {"type": base, **facts} if facts else base


def type_of(name: str, node: dict[str, Any]) -> Any:
    """The compact form of one named definition."""
    if name in SCALARS:
        return SCALARS[name]
    if name in FREE_OBJECTS:
        return "object"
    if type_word(node) != "object":
        return "any"
    fields = {field: shape_of(child) for field, child in node.get("properties", {}).items()}
    for (owner, field), value in DEFAULTS.items():
        if owner == name:
            fact = fields[field]
            fields[field] = {**(fact if isinstance(fact, dict) else {"type": fact}), "default": value}
    made: dict[str, Any] = {"fields": fields}
    if node.get("required"):
        made["required"] = node["required"]
    if node.get("x-kubernetes-map-type") == "atomic":
        made["atomic"] = True
    return made


def kinds_of(definitions: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Pairs such as ``apps/v1/Deployment`` (core: ``/v1/Pod``) and the definition's name."""
    for name, node in definitions.items():
        for mark in node.get("x-kubernetes-group-version-kind", ()):
            yield f"{mark['group']}/{mark['version']}/{mark['kind']}", name


def table(definitions: dict[str, Any], version: str) -> dict[str, Any]:
    return {
        "version": version,
        "types": {name: type_of(name, node) for name, node in definitions.items()},
        "kinds": dict(kinds_of(definitions)),
    }


def published(minor: str) -> tuple[dict[str, Any], str]:
    """The definitions that the installed kubernetes-validate has of ``v1.36``, newest patch, and their version."""
    import kubernetes_validate

    root = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    folders = (p for p in root.glob(f"{minor}.*") if not p.name.endswith("-strict"))
    folder = max(p for p in folders if (p / "_definitions.json").is_file())
    whole = json.loads((folder / "_definitions.json").read_text())
    return whole.get("$defs") or whole["definitions"], folder.name.split("-")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("minor", help="version of Kubernetes, such as v1.36")
    given = parser.parse_args()
    target: Path = given.target
    text = json.dumps(table(*published(given.minor)), separators=(",", ":"), sort_keys=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{target}: {len(text)} bytes of facts, {target.stat().st_size} compressed")


if __name__ == "__main__":
    main()
