"""The signers of kubernetes.io: which requests each of them signs. Pure.

Source: API reference certificates.k8s.io/v1, "Kubernetes signers"; upstream's pkg/apis/certificates/helpers.go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

API_CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
LEGACY_UNKNOWN = "kubernetes.io/legacy-unknown"

NODE, NODES = "system:node:", "system:nodes"


class Requested(Protocol):
    """What a PKCS#10 request asks for (``sampan_pki.requests.SigningRequest``)."""

    @property
    def common_name(self) -> str: ...
    @property
    def organizations(self) -> tuple[str, ...]: ...
    @property
    def dns_names(self) -> tuple[str, ...]: ...
    @property
    def addresses(self) -> tuple[str, ...]: ...
    @property
    def emails(self) -> tuple[str, ...]: ...
    @property
    def uris(self) -> tuple[str, ...]: ...


def problem_of_api_client(requested: Requested, usages: Collection[str]) -> str:
    """Why this signer does not sign it, "" where it does; so are the others."""
    for usage in usages:
        if usage not in ("digital signature", "key encipherment", "client auth"):
            return f"invalid usage for client certificate: {usage}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"


def problem_of_kubelet_client(requested: Requested, usages: Collection[str]) -> str:
    if requested.organizations != (NODES,):
        return "subject organization is not system:nodes"
    names = (
        (requested.dns_names, "DNS"), (requested.emails, "Email"), (requested.addresses, "IP"), (requested.uris, "URI"),
    )  # fmt: skip
    for found, word in names:
        if found:
            return f"{word} subjectAltNames are not allowed"
    return _name_and_usages(requested, usages, "client auth", name_first=True)


def problem_of_kubelet_serving(requested: Requested, usages: Collection[str]) -> str:
    if requested.organizations != (NODES,):
        return "subject organization is not system:nodes"
    if not requested.dns_names and not requested.addresses:
        return "DNS or IP subjectAltName is required"
    for found, word in ((requested.emails, "Email"), (requested.uris, "URI")):
        if found:
            return f"{word} subjectAltNames are not allowed"
    return _name_and_usages(requested, usages, "server auth", name_first=False)


def _name_and_usages(requested: Requested, usages: Collection[str], purpose: str, *, name_first: bool) -> str:
    wanted = {"digital signature", "key encipherment", purpose}
    wrong_usages = set(usages) not in (wanted, wanted - {"key encipherment"})
    wrong_name = not requested.common_name.startswith(NODE)
    name = "subject common name does not begin with system:node:"
    use = f"usages did not match [{' '.join(sorted(wanted))}]"
    if name_first:
        return name if wrong_name else use if wrong_usages else ""
    return use if wrong_usages else name if wrong_name else ""


def problem_of_legacy(requested: Requested, usages: Collection[str]) -> str:
    return ""


PROBLEMS: dict[str, Callable[[Requested, Collection[str]], str]] = {
    API_CLIENT: problem_of_api_client,
    KUBELET_CLIENT: problem_of_kubelet_client,
    KUBELET_SERVING: problem_of_kubelet_serving,
    LEGACY_UNKNOWN: problem_of_legacy,
}
