"""What a sample is: a kind, the place of its collection, and a small object of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NAMESPACE = "differential"
#: where quotas and limit ranges are, which would refuse what other stories make
LIMITED = "differential-limited"


@dataclass(frozen=True)
class Sample:
    """A kind, where it is, and an object of it."""

    resource: str
    collection: str
    body: dict[str, Any]
    subresources: tuple[str, ...] = ()
    named: bool = True  # False: a review, which is only created

    @property
    def path(self) -> str:
        """Of the object itself."""
        name = (self.body.get("metadata") or {}).get("name") or "@NAME@"
        return f"{self.collection}/{name}"


def sample(
    api: str, kind: str, plural: str, more: dict[str, Any] | None = None, *, cluster: bool = False,
    subs: tuple[str, ...] = (), named: bool = True, namespace: str = NAMESPACE,
) -> Sample:  # fmt: skip
    group = api.rpartition("/")[0]
    root = f"/apis/{api}" if group else f"/api/{api}"
    collection = f"{root}/{plural}" if cluster else f"{root}/namespaces/{namespace}/{plural}"
    body: dict[str, Any] = {"apiVersion": api, "kind": kind}
    if named:
        body["metadata"] = {"name": "@NAME@", "labels": {"story": "@NAME@"}}
    return Sample(f"{plural}.{group}" if group else plural, collection, {**body, **(more or {})}, subs, named)
