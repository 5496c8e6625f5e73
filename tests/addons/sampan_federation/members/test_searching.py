from __future__ import annotations

import msgspec
import pytest

from sampan.errors import NotFound
from sampan_client import Client
from sampan_client.transports import Response
from sampan_federation.members.searching import Found, Query, clean, look, merged, search, through

DISCOVERY = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {
                            "resource": "pods", "singularResource": "pod", "scope": "Namespaced", "verbs": ["list"],
                            "responseKind": {"kind": "Pod"},
                        },
                    ],
                }
            ],
        }
    ],
}  # fmt: skip
COLUMNS = [{"name": "Name", "priority": 0}, {"name": "Ready", "priority": 0}, {"name": "IP", "priority": 1}]


def row(name, *cells, namespace="shop"):
    return {"cells": [name, *cells], "object": {"metadata": {"name": name, "namespace": namespace}}}


class Host:
    """The transport to a host whose members answer what the test says."""

    selectable = False

    def __init__(self, **tables):
        self.tables, self.asked = tables, []

    def send(self, method, path, headers, body):
        self.asked.append(path)
        cluster, _, rest = path.removeprefix("/apis/cluster.karmada.io/v1alpha1/clusters/").partition("/proxy")
        table = self.tables[cluster]
        if isinstance(table, Exception):
            raise table
        if rest == "/api":
            return Response(200, {}, msgspec.json.encode(DISCOVERY))
        if rest == "/apis":
            return Response(200, {}, msgspec.json.encode({"kind": "APIGroupDiscoveryList", "items": []}))
        return Response(200, {}, table if isinstance(table, bytes) else msgspec.json.encode(table))

    def close(self):
        pass


def table(*rows, columns=COLUMNS, **metadata):
    return {"kind": "Table", "columnDefinitions": columns, "rows": list(rows), "metadata": metadata}


def test_members_are_asked_through_the_host_and_their_rows_joined():
    host = Host(east=table(row("a", "1/1", "10.0.0.1")), west=table(row("b", "0/1", "10.0.0.2")))

    found = search(Client(host), ["east", "west"], Query("pods", labels="app=x", namespace="shop"))

    assert merged(found) == [
        ["CLUSTER", "NAMESPACE", "NAME", "READY"],
        ["east", "shop", "a", "1/1"],
        ["west", "shop", "b", "0/1"],
    ]
    assert merged(found, wide=True)[0][-1] == "IP"
    prefix = "/apis/cluster.karmada.io/v1alpha1/clusters/east/proxy/api/v1/namespaces/shop/pods?"
    [asked] = [path for path in host.asked if path.startswith(prefix)]
    assert "labelSelector=app%3Dx" in asked


def test_columns_of_members_of_different_versions_are_matched_by_name():
    fewer = [{"name": "Ready", "priority": 0}, {"name": "Name", "priority": 0}]
    host = Host(east=table(row("a", "1/1", "")), west=table({"cells": ["2/2", "b"], "object": None}, columns=fewer))

    found = search(Client(host), ["east", "west"], Query("pod"))

    assert merged(found)[1:] == [["east", "shop", "a", "1/1"], ["west", "", "b", "2/2"]]


def test_one_members_failure_is_its_own():
    host = Host(
        east=table(row("a", "1/1", "")), west=ConnectionError("away"), north=b"{}", south=b'{"kind":"Table"}', far=b"<"
    )

    found = {each.cluster: each for each in search(Client(host), list(host.tables), Query("pods"))}

    assert found["east"].rows and not found["east"].trouble
    assert found["west"].trouble == "away"
    assert all(found[name].trouble for name in ("north", "south", "far"))


def test_a_list_without_end_is_given_up():
    host = Host(east=table(row("a", "1/1", ""), **{"continue": "more"}))

    [found] = search(Client(host), ["east"], Query("pods"))

    assert "narrow the search" in found.trouble


def test_a_kind_that_is_not_served_is_named():
    with pytest.raises(NotFound, match='"foos"'):
        look(through(Client(Host(east=table())), "east"), "east", Query("foos"))


def test_what_a_member_says_does_not_reach_the_terminal_as_it_is():
    assert clean("a\x1b[31mb\n") == "a [31mb "
    assert len(clean("x" * 999)) == 253
    assert clean(None) == ""
    assert merged([Found("east")]) == [["CLUSTER"]]
