from __future__ import annotations

from sampan_networking import columns


def hosts(*names):
    return {"metadata": {"name": "web"}, "spec": {"rules": [{"host": name} for name in names]}}


def row(kind, obj):
    return [column.cell(obj) for column in kind]


def test_an_ingress_is_shown_as_kubectl_users_know_it():
    plain = {"metadata": {"name": "web", "creationTimestamp": "now"}, "spec": {}}
    whole = {
        "metadata": {"name": "web"}, "spec": {"ingressClassName": "sampan", "tls": [{}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.2"}, {"hostname": "a.org"}, {"ip": "10.0.0.2"}]}},
    }  # fmt: skip

    assert row(columns.INGRESS, plain) == ["web", "<none>", "*", "", "80", "now"]
    assert row(columns.INGRESS, whole) == ["web", "sampan", "*", "10.0.0.2,a.org", "80, 443", None]


def test_three_hosts_are_named():
    assert columns.hosts_text(hosts("a", "b", "c")) == "a,b,c"
    assert columns.hosts_text(hosts("a", "b", "c", "d", "e")) == "a,b,c + 2 more..."


def test_the_parameters_of_a_class_are_one_word():
    parameters = {"apiGroup": "example.com", "kind": "Settings", "name": "s"}

    assert columns.parameters_text({"spec": {"parameters": parameters}}) == "Settings.example.com/s"
    assert columns.parameters_text({}) == "<none>"


def test_selectors_are_written_as_kubectl_does():
    expressions = [
        {"key": "tier", "operator": "In", "values": ["b", "a"]}, {"key": "old", "operator": "DoesNotExist"},
        {"key": "x", "operator": "Exists"}, {"key": "y", "operator": "NotIn", "values": ["1"]},
    ]  # fmt: skip

    assert columns.selector_text({}) == "<none>"
    assert (
        columns.selector_text({"matchLabels": {"app": "web"}, "matchExpressions": expressions})
        == "app=web,!old,tier in (a,b),x,y notin (1)"
    )
