"""A definition as a whole."""

import copy

from crd_samples import complete, definition, schema, version

from sampan_crds.validation import problems_of


def said(crd, old=None):
    return [f"{each.path}: {each.message}" for each in problems_of(crd, old)]


def changed(crd, **spec):
    new = copy.deepcopy(crd)
    new["spec"].update(spec)
    return complete(new, crd)


def established(crd):
    crd["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    return crd


def test_a_good_definition():
    assert said(complete(definition(version(of=schema(a={"type": "integer"}))))) == []


def test_the_name_is_made_of_plural_and_group():
    crd = complete(definition())
    crd["metadata"]["name"] = "ships.toys.example"

    assert said(crd) == ['metadata.name: Invalid value: "ships.toys.example": must be spec.names.plural+"."+spec.group']


def test_what_is_established_keeps_scope_and_kind():
    old = established(complete(definition()))

    found = said(changed(old, scope="Cluster", names={"plural": "boats", "kind": "Ship"}), old)

    assert [each.partition(":")[0] for each in found] == ["spec.scope", "spec.names.kind"]
    assert said(changed(complete(definition()), scope="Cluster"), complete(definition())) == []


def test_a_version_that_objects_are_stored_in_cannot_go():
    old = complete(definition(version("v1"), version("v2", storage=False)))

    (found,) = said(changed(old, versions=[version("v2")]), old)

    assert found.startswith('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was')


def test_a_group_of_the_community_needs_its_approval():
    crd = complete(definition(group="toys.k8s.io"))
    assert said(crd)[0].startswith("metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups")

    crd["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://github.com/a/b"}

    assert said(crd) == []


def test_a_status_is_not_held_up_by_a_spec_that_did_not_change():
    crd = definition()
    crd["spec"]["group"] = "toys"
    complete(crd)

    assert said(copy.deepcopy(crd), crd) == []


def test_of_two_versions_of_one_name_one_alone_is_among_the_stored():
    crd = complete(definition(version("v1", storage=False), version("v1")))
    crd["status"] = {"storedVersions": ["v1"]}

    assert any(each.endswith("must have the storage version v1") for each in said(crd))
