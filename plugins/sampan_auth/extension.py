"""The ConfigMap that tells extension API servers which front proxy to trust (extension-apiserver-authentication)."""

from __future__ import annotations

import json
from pathlib import Path

from sampan.contracts.kinds import Object


def manifest(pki: Path, allowed_names: tuple[str, ...]) -> Object | None:
    """The ConfigMap, or None where the cluster has no certificates (tests in one process)."""
    files = {"client-ca-file": pki / "ca.crt", "requestheader-client-ca-file": pki / "front-proxy-ca.crt"}
    if not all(file.exists() for file in files.values()):
        return None
    lists = {
        "requestheader-allowed-names": list(allowed_names),
        "requestheader-extra-headers-prefix": ["X-Remote-Extra-"],
        "requestheader-group-headers": ["X-Remote-Group"],
        "requestheader-uid-headers": ["X-Remote-Uid"],
        "requestheader-username-headers": ["X-Remote-User"],
    }
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
        "data": {
            **{key: file.read_text() for key, file in files.items()},
            **{key: json.dumps(words) for key, words in lists.items()},
        },
    }
