from __future__ import annotations

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan_machinery.resources import INGRESS_CLASSES as CLASSES
from sampan_networking.admission import DefaultIngressClass
from sampan_networking.kinds import INGRESS, INGRESS_CLASS
from sampan_server.write.admission import Admitters
from sampan_testing.shelves import Shelf


def a_class(name, made="2026-01-01T00:00:00Z", *, default="true"):
    annotations = {"ingressclass.kubernetes.io/is-default-class": default}
    return CLASSES, {"metadata": {"name": name, "creationTimestamp": made, "annotations": annotations}}


def given(*classes, spec=None, annotations=None, kind=INGRESS, sub=""):
    obj = {"metadata": {"name": "web", "annotations": annotations or {}}, "spec": dict(spec or {})}
    review = Review("CREATE", kind, sub, "default", "web", obj, None, ANONYMOUS, False, Shelf(classes))
    for admitter in Admitters([DefaultIngressClass()]).of(kind, "CREATE", sub):
        admitter.admit(review)
    return obj["spec"].get("ingressClassName")


def test_an_ingress_without_a_class_gets_the_default_one():
    assert given(a_class("usual"), a_class("other", default="false")) == "usual"
    assert given() is None
    assert given(a_class("other", default="yes")) is None


def test_of_several_defaults_the_newest_counts_then_the_name():
    old, new = a_class("a", "2026-01-01T00:00:00Z"), a_class("b", "2026-02-01T00:00:00Z")
    assert given(old, new) == "b"
    assert given(a_class("d"), a_class("c")) == "c"


def test_who_names_a_class_keeps_it():
    assert given(a_class("usual"), spec={"ingressClassName": "mine"}) == "mine"
    assert given(a_class("usual"), annotations={"kubernetes.io/ingress.class": "old"}) is None


def test_other_kinds_and_subresources_are_left_alone():
    assert given(a_class("usual"), kind=INGRESS_CLASS) is None
    assert given(a_class("usual"), sub="status") is None
