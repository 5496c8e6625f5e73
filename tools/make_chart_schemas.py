#!/usr/bin/env python3
"""Write charts/*/values.schema.json, what helm checks values by, and the kinds that the federation's chart brings.

The settings of an add-on come from its Settings record, so that a chart refuses what sampan.yaml would refuse; the rest
is said here. ``--check`` writes nothing and fails where a file is not as it would be. Run it after a change of an
add-on's settings.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any

CHARTS = Path(__file__).resolve().parent.parent / "charts"
ADDONS = ("dashboard", "dns", "federation", "ingress", "logging", "metrics")

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
BOOL: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
NODE_PORT: Schema = {"type": "integer", "minimum": 0, "maximum": 65535}
FREE: Schema = {"type": "object"}  # handed on to Kubernetes, which checks it
FREE_LIST: Schema = {"type": "array", "items": FREE}
TEXTS: Schema = {"type": "array", "items": TEXT}
SERVICE_TYPE: Schema = {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]}


def closed(**properties: Schema) -> Schema:
    """An object with these keys and no others: a misspelt value is an error."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


def strings() -> Schema:
    return {"type": "object", "additionalProperties": TEXT}


PDB = closed(enabled=BOOL, maxUnavailable={"type": ["integer", "string"]})
POD: dict[str, Schema] = {
    "global": FREE,  # what helm hands to a chart within a chart
    "image": closed(repository=NAME, tag=TEXT, pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]}),
    "imagePullSecrets": FREE_LIST,
    "nameOverride": TEXT,
    "fullnameOverride": TEXT,
    "priorityClassName": TEXT,
    "health": closed(port=PORT),
    "podSecurityContext": FREE,
    "securityContext": FREE,
    "podAnnotations": strings(),
    "podLabels": strings(),
    "extraEnv": FREE_LIST,
    "extraVolumes": FREE_LIST,
    "extraVolumeMounts": FREE_LIST,
    "nodeSelector": strings(),
    "affinity": FREE,
    "topologySpreadConstraints": FREE_LIST,
    "tolerations": FREE_LIST,
}  # fmt: skip
ADDON: dict[str, Schema] = {
    **POD,
    "clusterDomain": NAME,
    "replicas": COUNT,
    "strategy": FREE,
    "podDisruptionBudget": PDB,
    "serviceAccount": closed(create=BOOL, name=TEXT, annotations=strings()),
    "rbac": closed(create=BOOL),
    "dnsPolicy": {"enum": ["", "ClusterFirst", "Default", "None", "ClusterFirstWithHostNet"]},
    "terminationGracePeriodSeconds": COUNT,
    "resources": FREE,
    "persistence": closed(existingClaim=TEXT, hostPath={"type": "string", "pattern": "^(/.*)?$"}),
}
OWN: dict[str, dict[str, Schema]] = {
    "dashboard": {"port": PORT, "service": closed(annotations=strings())},
    "dns": {"port": PORT, "service": closed(name=TEXT, clusterIP=TEXT, annotations=strings())},
    "federation": {"crds": closed(create=BOOL)},
    "ingress": {
        "ingressClass": closed(create=BOOL, name=NAME, controller=TEXT, default=BOOL),
        "ports": closed(http=PORT, https=PORT),
        "service": closed(
            name=TEXT, type=SERVICE_TYPE, externalTrafficPolicy={"enum": ["", "Cluster", "Local"]},
            nodePorts=closed(http=NODE_PORT, https=NODE_PORT), annotations=strings(),
        ),
    },
    "logging": {"elasticsearch": closed(urls={**TEXTS, "minItems": 1}, secret=BOOL)},
    "metrics": {
        "port": PORT, "prometheus": closed(port=NODE_PORT), "apiService": closed(create=BOOL),
        "service": closed(annotations=strings()),
    },
}  # fmt: skip
PART = closed(replicas=COUNT, resources=FREE)
CONTROL_PLANE: dict[str, Schema] = {
    **POD,
    # Empty is what a chart is linted with; rendering says what is missing.
    "store": {"type": "string", "pattern": "^$|^(etcd|postgres|postgresql)[a-z+]*://."},
    "pki": closed(secret=TEXT),
    "settings": FREE,
    "network": closed(
        serviceCidr=TEXT, podCidr=TEXT, domain=NAME, nodePorts={"type": "string", "pattern": "^[0-9]+-[0-9]+$"},
    ),
    "apiserver": closed(
        replicas=COUNT, port=PORT, workers={"type": "integer", "minimum": 1}, names=TEXTS, advertise=TEXT,
        resources=FREE,
        service=closed(
            type=SERVICE_TYPE, clusterIP=TEXT, loadBalancerIP=TEXT, nodePort=NODE_PORT, annotations=strings(),
        ),
        podDisruptionBudget=PDB,
    ),
    "reconciler": PART,
    "scheduler": PART,
}  # fmt: skip


def settings_schema(record: type | None) -> Schema:
    """Of a Settings record: each field's type; nothing else is allowed."""
    if record is None:
        return closed()
    hints = typing.get_type_hints(record)
    return closed(**{
        field.name: {"description": words, **of_type(hints[field.name])}
        for field, words in zip(dataclasses.fields(record), _words(record), strict=True)
    })  # fmt: skip


def of_type(hint: Any) -> Schema:
    """The JSON form of what a settings file may say there."""
    if hint in (str, bool, int, float):
        return {"type": {str: "string", bool: "boolean", int: "integer", float: "number"}[hint]}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (tuple, list):
        return {"type": "array", "items": of_type(inner[0])}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [of_type(each) for each in inner if each is not types.NoneType]}
    return {"type": "object"}


def _words(record: type) -> list[str]:
    """The sentence below each field."""
    import ast
    import inspect
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(record))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = []
    for field, after in zip(body.body, [*body.body[1:], None], strict=False):
        if isinstance(field, ast.AnnAssign):
            said = after.value if isinstance(after, ast.Expr) else None
            found.append(str(said.value) if isinstance(said, ast.Constant) else "")
    return found


def chart_schema(name: str) -> Schema:
    properties = CONTROL_PLANE
    if name in ADDONS:
        record = getattr(importlib.import_module(f"sampan_{name}.plugin"), "Settings", None)
        properties = {**ADDON, **OWN[name], "settings": settings_schema(record)}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **closed(**dict(sorted(properties.items())))}


def kinds() -> str:
    """The CustomResourceDefinitions of the federation, for its chart: an object a line."""
    definitions = importlib.import_module("sampan_federation.manifests").definitions()
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in definitions)
    return f"[\n{lines}\n]\n"


def files() -> dict[Path, str]:
    """What is written, by path."""
    found = {
        CHARTS / name / "values.schema.json": json.dumps(chart_schema(name), indent=2) + "\n"
        for name in (*ADDONS, "sampan")
        if (CHARTS / name).exists()
    }
    return {**found, CHARTS / "federation" / "files" / "kinds.json": kinds()}


def main() -> int:
    check, wrong = "--check" in sys.argv, 0
    for path, text in files().items():
        if check and (not path.exists() or path.read_text() != text):
            print(f"{path} is not what tools/make_chart_schemas.py makes; run it", file=sys.stderr)
            wrong = 1
        if not check:
            path.write_text(text)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
