"""The core (sampan, sampan_server, sampan_reconciler) names no plugin, no container runtime and no kind.

Looked at are the names in its code (modules, classes, functions, fields) and its text constants. Comments and
docstrings may give examples.
"""

from __future__ import annotations

import ast
import re
from importlib.metadata import entry_points

CORE = ("sampan", "sampan_server", "sampan_reconciler")
#: What only a plugin should know, beside plugins and kinds.
TOOLS = frozenset({"docker0", "nft", "nftables", "iptables", "containerd", "kubelet", "nginx"})
#: Names of plugins and kinds that are words of any such server's code. An import of a plugin is found all the same.
WORDS = frozenset({
    "Event", "audit", "auth", "batch", "config", "event", "events", "gc", "history", "logging", "memory",
    "metrics", "namespace", "priority", "query", "storage", "why",
})  # fmt: skip
#: What a file names, and why it must.
REASONS = {
    "sampan/contracts/options.py": ("dns kubelet node pod pods service", "what several plugins are told of a cluster"),
    "sampan/errors.py": ("Service", "ServiceUnavailable, the status 503"),
    "sampan/moved.py": ("exec pods", "former module names, and the import system's exec_module"),
    "sampan_reconciler/main.py": ("leases", "sampan_client.leases: one of several reconcilers is elected"),
    "sampan_reconciler/perform.py": ("Namespace", "NamespaceTerminating, the cause in an answer of the API"),
    "sampan_server/extension/offer.py": ("deployments pods", "examples in a sentence for who wrote an admitter"),
    "sampan_server/front.py": ("namespaces", "the segment of a path that says the namespace"),
    "sampan_server/plugins/answers.py": ("deployments pods", "examples in a sentence for who wrote an admitter"),
    "sampan_server/publish/discovery.py": ("autoscaling", "the group of the Scale of `scale`"),
    "sampan_server/request/impersonate.py": ("serviceaccount serviceaccounts", "what one may impersonate"),
    "sampan_server/request/request.py": ("namespaces", "the segment of a path that says the namespace"),
    "sampan_server/request/statuses.py": ("Service", "ServiceUnavailable, the status 503"),
    "sampan_server/subresources/scale.py": ("autoscaling node", "the group of the Scale of `scale`; a schema's node"),
    "sampan_server/subresources/subresources.py": ("autoscaling", "the group of the Scale of `scale`"),
    "sampan_server/write/bootstrap.py": ("Namespace", "namespaces are made before what lies in them"),
    "sampan_server/write/managed_fields.py": ("node", "a node of a schema"),
    "sampan_server/write/versions.py": ("node", "a node of a schema"),
    "sampan_server/wsgi.py": ("Service", "ServiceUnavailable, the status 503"),
}


def kinds(root):
    """Those that are served, as docs/compatibility.md lists them (another test keeps that list true)."""
    text = (root / "docs" / "compatibility.md").read_text()
    table = text.partition("## Kinds that are served")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| ([A-Z]\w+) \|", table, re.MULTILINE))


def forbidden(root):
    """Plugins, kinds (also in lower case, as one and as many) and tools."""
    plugins = {point.name for group in ("sampan.plugins", "sampan.addons") for point in entry_points(group=group)}
    found = kinds(root)
    lower = {kind.lower() for kind in found}
    return (plugins | TOOLS | found | lower | {f"{kind}s" for kind in lower}) - WORDS


def texts(tree):
    """What the code says: constants that are no docstrings, and names."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value
        for name in (getattr(node, key, None) for key in ("name", "id", "attr", "arg", "module")):
            if isinstance(name, str):
                yield name


def named(code, words):
    """Those of the words that stand in the code, by themselves or as a part of a name."""
    pieces = set()
    for text in texts(ast.parse(code)):
        pieces |= {*re.findall(r"[A-Za-z0-9]+", text), *re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", text)}
    return pieces & words


def test_the_core_names_no_plugin_no_runtime_and_no_kind(root):
    words = forbidden(root)
    found = {
        str(path.relative_to(root / "platform")): " ".join(sorted(names))
        for package in CORE
        for path in (root / "platform" / package).rglob("*.py")
        if (names := named(path.read_text(), words))
    }

    assert found == {path: names for path, (names, _) in REASONS.items()}


def test_there_is_something_to_look_for(root):
    words = forbidden(root)

    assert len(kinds(root)) > 30
    assert {"docker", "exec", "scheduler", "Pod", "Deployment", "deployments", "nft", "ConfigMap"} <= words


def test_the_rule_catches_names_in_code_and_passes_over_prose():
    words = {"docker", "scheduler", "Pod"}

    assert named("import sampan_docker.plugin", words) == {"docker"}
    assert named("x = '/var/run/docker.sock'", words) == {"docker"}
    assert named("def scheduler_settings(): ...", words) == {"scheduler"}
    assert named("class PodView: ...", words) == {"Pod"}
    assert named('"""Pods, docker."""\ndef f():\n    "The scheduler."  # docker', words) == set()
