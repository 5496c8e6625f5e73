from __future__ import annotations

from sampan_ingress.observed import ours


def test_ours_are_those_of_a_class_with_our_controller(made):
    other = {"metadata": {"name": "other"}, "spec": {"controller": "example.com/x"}}
    by_annotation = made.ingress("b", class_name=None, annotations={"kubernetes.io/ingress.class": "sampan"})
    going = made.ingress("d")
    going["metadata"]["deletionTimestamp"] = "now"
    given = [
        made.ingress("c"),
        by_annotation,
        made.ingress("x", class_name="other"),
        made.ingress("y", class_name=None),
        going,
    ]
    first = made.ingress("z", made="2025-01-01T00:00:00Z")

    found = ours([*given, first], [made.sampan_class, other], controller="sampan.dev/ingress")

    assert [one["metadata"]["name"] for one in found] == ["z", "b", "c"]
    assert ours(given, [], controller="sampan.dev/ingress") == ()
