"""The kind Secret. Source: core/v1 API reference, the table of built-in Secret types."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan_config import data
from sampan_machinery import problems
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.validation import validate_immutable

REQUIRED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
ACCOUNT_TOKEN = "kubernetes.io/service-account-token"
ACCOUNT_NAME = "kubernetes.io/service-account.name"


def prepare(draft: Draft) -> None:
    """An update need not repeat the type."""
    if draft.old is not None and not draft.object.get("type"):
        draft.object["type"] = draft.old.get("type")


def default(secret: Object) -> None:
    """stringData is write-only: its values move to data, over what is there."""
    texts = secret.pop("stringData", None)
    if texts:
        values = secret.setdefault("data", {})
        for key, text in texts.items():
            values[key] = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    if not secret.get("type"):
        secret["type"] = "Opaque"


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    values = new.get("data") or {}
    yield from data.check_keys("data", values)
    yield from data.check_size("data", map(data.decoded_size, values.values()))
    yield from data.check_immutable(new, old, ("data",))
    if old is not None:
        yield from validate_immutable("type", new.get("type"), old.get("type"))
    yield from _check_type(new, values)


def _check_type(secret: Object, values: dict[str, Any]) -> Iterator[Problem]:
    kind = secret.get("type") or ""
    for key in REQUIRED_KEYS.get(kind, ()):
        if key not in values:
            yield problems.required(f"data[{key}]")
        elif key.startswith(".docker") and not _is_json(values[key]):
            yield problems.invalid(f"data[{key}]", "<secret contents redacted>", "invalid JSON")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & values.keys():
        yield problems.required("data[username]")
        yield problems.required("data[password]")
    if kind == ACCOUNT_TOKEN and not (secret["metadata"].get("annotations") or {}).get(ACCOUNT_NAME):
        yield problems.required(f"metadata.annotations[{ACCOUNT_NAME}]")


def _is_json(value: str) -> bool:
    try:
        json.loads(base64.b64decode(value))
    except ValueError:
        return False
    return True


SECRET = Kind(
    group="", version="v1", kind="Secret", plural="secrets",
    columns=(
        NAME,
        Column("Type", lambda obj: obj.get("type") or ""),
        Column("Data", lambda obj: len(obj.get("data") or {})),
        AGE,
    ),
    fields={"type": lambda obj: obj.get("type") or ""},
    prepare=prepare, default=default, validate=validate, sensitive=True,
)  # fmt: skip
