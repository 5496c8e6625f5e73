from __future__ import annotations

from sampan_shipping import marks
from sampan_shipping.differences import difference
from sampan_shipping.inventory import Ref

MANIFEST = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "d"}, "data": {"a": "eA=="}}
REF = Ref.of(MANIFEST)


def test_a_secrets_values_are_not_shown():
    live = marks.marked({**MANIFEST, "data": {"a": "eQ=="}}, "x", "1", MANIFEST)

    shown = difference(REF, MANIFEST, live)

    assert "eQ==" not in shown and "eA==" not in shown
    assert shown.count("(sha256 ") == 2


def test_marks_status_and_what_the_server_keeps_are_no_difference():
    made = {**MANIFEST, "type": "Opaque"}
    live = marks.marked({**made, "status": {"x": 1}}, "x", "1", MANIFEST, made=made)
    live["metadata"].update(uid="u", resourceVersion="7", managedFields=[])

    assert difference(REF, MANIFEST, live) == ""


def test_of_an_adopted_object_only_shipped_fields_are_compared():
    live = marks.marked(
        {**MANIFEST, "type": "Opaque", "data": {"a": "eQ==", "b": ""}}, "x", "1", MANIFEST, adopted=True
    )

    changed = [line for line in difference(REF, MANIFEST, live).splitlines() if line[0] in "+-"]
    assert len(changed) == 4 and "a:" in changed[2]


def test_what_is_shipped_now_and_was_refused_is_a_difference():
    live = marks.marked({**MANIFEST, "type": "Opaque"}, "x", "1", MANIFEST, made={**MANIFEST, "type": "Opaque"})
    now = {**MANIFEST, "data": {"a": "eQ=="}}

    changed = [line for line in difference(REF, now, live).splitlines() if line[0] in "+-"]

    assert len(changed) == 4 and "a:" in changed[2] and "type" not in "".join(changed)
