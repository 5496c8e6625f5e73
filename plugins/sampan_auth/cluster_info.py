"""Bootstrap tokens over time: the ConfigMap kube-public/cluster-info is signed with each; expired ones go. Pure.

A new node that knows a token checks the signature, and so trusts the certificate in the ConfigMap. Source: upstream's
controllers bootstrapsigner and tokencleaner; "Authenticating with Bootstrap Tokens".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import Action, Key, Observed, Remove, Requeue, Update
from sampan_machinery.bootstrap_tokens import INFO_NAME, INFO_NAMESPACE, SIGNATURE, TYPE, end_of, fields_of, signature
from sampan_machinery.metadata import is_deleting
from sampan_machinery.resources import CONFIG_MAPS, SECRETS

TOKEN_TYPE = TYPE
CLUSTER_INFO = Key(INFO_NAMESPACE, INFO_NAME)
SYSTEM = "kube-system"
AUTOUPDATE = "sampan.dev/autoupdate"  # the annotation of a ConfigMap that follows the settings
NETWORK = "sampan.dev/network"  # the extension with what a node has to know of the network


def content_of(options: ClusterOptions, authority: bytes) -> str:
    """The kubeconfig without a user, as JSON, which is YAML: the server's address as other machines reach it, its
    authority (PEM), and the cluster's network as an extension."""
    host = f"[{options.api_endpoint_ip}]" if ":" in options.api_endpoint_ip else options.api_endpoint_ip
    network = {
        "mode": options.network_mode, "podCidr": options.pod_cidr, "nodeCidrMask": options.node_cidr_mask,
        "serviceCidr": options.service_cidr, "nodePorts": options.node_port_range, "domain": options.cluster_domain,
    }  # fmt: skip
    cluster = {
        "server": f"https://{host}:{options.api_port}",
        "certificate-authority-data": base64.b64encode(authority).decode(),
        "extensions": [{"name": NETWORK, "extension": network}],
    }
    made = {"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "", "cluster": cluster}]}
    return json.dumps(made, sort_keys=True)


def manifest(content: str) -> Object:
    """The ConfigMap of a new cluster."""
    metadata = {"name": INFO_NAME, "namespace": INFO_NAMESPACE, "annotations": {AUTOUPDATE: "true"}}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"kubeconfig": content}}


def decide_signatures(key: Key, observed: Observed, content: str = "") -> list[Action]:
    """Sign with all tokens that may sign; signatures of others go. ``content`` replaces what is signed, where the
    ConfigMap follows the settings; "": there are none to follow."""
    if key != CLUSTER_INFO:
        return []
    found = observed.get(CONFIG_MAPS, key.name, key.namespace)
    stored = ((found or {}).get("data") or {}).get("kubeconfig")
    if found is None or not stored:
        return []
    if (found["metadata"].get("annotations") or {}).get(AUTOUPDATE) == "true":
        stored = content or stored
    tokens = _signing_tokens(observed.list(SECRETS, SYSTEM), observed.now)
    data = {name: value for name, value in found["data"].items() if not name.startswith(SIGNATURE)}
    data["kubeconfig"] = stored
    data.update((f"{SIGNATURE}{name}", signature(stored, name, secret)) for name, secret in tokens.items())
    return [] if data == found["data"] else [Update(CONFIG_MAPS, {**found, "data": data})]


def _signing_tokens(secrets: Iterable[Object], now: float) -> dict[str, str]:
    """Id → secret of the tokens with ``usage-bootstrap-signing``."""
    found = {}
    for secret in secrets:
        data = fields_of(secret)
        token_id, key = data.get("token-id", ""), data.get("token-secret", "")
        right_name = secret["metadata"]["name"] == f"bootstrap-token-{token_id}"
        ends = end_of(data.get("expiration", ""))
        usable = right_name and key and not is_deleting(secret) and (ends is None or ends > now)
        if usable and data.get("usage-bootstrap-signing") == "true":
            found[token_id] = key
    return found


def cluster_info_of(secret: Object, observed: Observed) -> Iterable[Key]:
    return (CLUSTER_INFO,)


def decide_expiry(key: Key, observed: Observed) -> list[Action]:
    """A token whose time is over is deleted; one without an end, or with one that cannot be read, stays."""
    secret = observed.get(SECRETS, key.name, key.namespace)
    if secret is None or secret["metadata"].get("namespace") != SYSTEM or is_deleting(secret):
        return []
    ends = end_of(fields_of(secret).get("expiration", ""))
    if ends is None or ends == float("-inf"):
        return []
    if ends > observed.now:
        return [Requeue(ends - observed.now)]
    return [Remove(SECRETS, key.name, key.namespace, uid=secret["metadata"]["uid"])]
