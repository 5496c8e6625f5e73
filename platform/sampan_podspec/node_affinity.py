"""Whether a pod's node selector and required node affinity let it run on a node. Pure; used by the scheduler and by
DaemonSets. Source: core/v1 NodeSelector and NodeAffinity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from sampan_machinery.selectors import Selector, from_node_term


@lru_cache(maxsize=1024)
def _compiled(expressions: bytes) -> Selector:
    return from_node_term(msgspec.json.decode(expressions))


def term_matches(term: Mapping[str, Any], labels: Mapping[str, str], name: str) -> bool:
    """A term with nothing in it matches nothing."""
    expressions, fields = term.get("matchExpressions"), term.get("matchFields")
    if not expressions and not fields:
        return False
    if expressions and not _compiled(msgspec.json.encode(expressions)).matches(labels):
        return False
    return not fields or _compiled(msgspec.json.encode(fields)).matches({"metadata.name": name})


def required_matches(spec: Mapping[str, Any], labels: Mapping[str, str], name: str) -> bool:
    """``spec`` is a PodSpec; ``labels`` and ``name`` are the node's."""
    for key, value in (spec.get("nodeSelector") or {}).items():
        if labels.get(key) != value:
            return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(term_matches(term, labels, name) for term in required.get("nodeSelectorTerms") or ())
