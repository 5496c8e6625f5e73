from __future__ import annotations

from sampan_federation.manifests import RULES, SECRET_RULES, definitions, manifests


def test_kinds_come_before_what_needs_them_and_names_are_unique():
    found = manifests("federation")
    kinds = [each["kind"] for each in found]

    assert kinds[:18] == ["CustomResourceDefinition"] * 18
    assert kinds.index("Namespace") < kinds.index("Role")
    assert len({(each["kind"], each["metadata"]["name"]) for each in found}) == len(found)
    assert len(definitions()) == 18


def test_secrets_are_written_in_one_namespace_only():
    assert not [rule for rule in RULES if "secrets" in rule["resources"]]
    assert SECRET_RULES[0]["resources"] == ["secrets"]
    assert not [
        rule for rule in RULES if "*" in rule["resources"] and "*" in rule["apiGroups"] and "delete" in rule["verbs"]
    ]
