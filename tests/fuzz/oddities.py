"""Values of which one is wrong somewhere, by where they are put."""

from __future__ import annotations

NAMES = ("a", "b", "c")  # few, so that what is written meets what is there
#: Subresources that reach out to a node or a pod: what is not there is their 5xx, as in Kubernetes.
OUTSIDE = frozenset({"attach", "exec", "log", "portforward", "proxy"})
STRINGS = (
    "a", "web", "a-b", "a.b", "", "A_b", "a b", "-a", "é", "\u0000", "1", "true", "null", "x" * 64, "y" * 254,
    "../..", "%2f", "\ud83d", "a/b", "a/b/c", "{}", "$(A)", "10.0.0.1", "fd00::1", "2025-01-02T03:04:05Z",
)  # fmt: skip
INTEGERS = (0, 1, 2, 3, 80, 443, 30080, 65535, 65536, -1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30)
ODD = (None, "text", 7, True, [], {}, 1.5, ["a"], {"a": "b"}, [[]], [None], {"": {}}, 1e308, -0.0)
QUANTITIES = ("1", "100m", "1Gi", "0", "-1", "1.5", "1e3", "1e400", "x", "", 2, "1" * 60, ".5", "5.", "1E", "1Zi")
MEDIA = (
    "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "text/plain", "",
    "application/json;", "application/json; charset=utf-8", "*/*", "a", "application/apply-patch+yaml",
)  # fmt: skip
PATCHES = ("json-patch+json", "merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml")
ACCEPTS = (
    "application/json", "*/*", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/yaml", "text/html", "",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json", "application/json;q=x", ";;,,=",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf",
)  # fmt: skip
SELECTORS = (
    "a=b", "a", "!a", "a in (b,c)", "a notin (b)", "a==b,c!=d", "a in (", "a in ()", ",", "=", "a=b=c",
    "metadata.name=a", "metadata.namespace=default", "spec.nodeName=x", "status.phase=Running", "foo.bar=1", "a=\\",
    "a=b\\,c", "(", "a>1", "a<x", "é=é", "a" * 300, "a in (b),", " a = b ", "metadata.name!=a",
)  # fmt: skip
OPTIONS: dict[str, tuple[str, ...]] = {
    "labelSelector": SELECTORS,
    "fieldSelector": SELECTORS,
    "limit": ("0", "1", "500", "-1", "x", "", "9" * 30),
    "continue": ("", "x", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0", "é", "e30", "bnVsbA"),
    "resourceVersion": ("", "0", "1", "5", "x", "-1", "9" * 30, "1.5"),
    "resourceVersionMatch": ("Exact", "NotOlderThan", "x", ""),
    "dryRun": ("All", "x", "", "All,All"),
    "fieldValidation": ("Strict", "Warn", "Ignore", "x", ""),
    "fieldManager": ("a", "", "x" * 129, "\u0000", "é"),
    "force": ("true", "false", "x", "1"),
    "propagationPolicy": ("Orphan", "Background", "Foreground", "x"),
    "gracePeriodSeconds": ("0", "-1", "5", "x", "9" * 30),
    "orphanDependents": ("true", "false", "x"),
    "timeoutSeconds": ("0", "1", "-1", "x"),
    "pretty": ("true", "x"),
    "includeObject": ("None", "Object", "Metadata", "x"),
    "sendInitialEvents": ("true", "x"),
    "allowWatchBookmarks": ("true", "x"),
    "foo": ("bar",),
}
DOCUMENTS = (
    b"", b"{", b"[]", b"null", b"1", b'"a"', b"\xff\xfe", b"{}" * 10, b'{"a":' * 400, b"[" * 5000, b"&a [*a]",
    b"a: &a [*a, *a]", b"- - - -", b"---\n---\n", b"k8s\x00", b"k8s\x00\x0a\x00",
    b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b'{"kind":"Status"}', b"!!python/object:os.system {}",
    b"<<: {a: 1}", b"\x00", b"%YAML 9.9\n---\n",
)  # fmt: skip
