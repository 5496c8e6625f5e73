import pytest

from sampan_machinery import validation
from sampan_machinery.validation import validate_metadata


def pod(**metadata):
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "default", **metadata}}


def paths(problems):
    return [problem.path for problem in problems]


def check(obj, old=None, *, namespaced=True):
    return validate_metadata(obj, namespaced=namespaced, name_rule="subdomain", old=old)


def test_good_metadata_has_no_problems():
    assert check(pod(labels={"app": "web"}, annotations={"A.b/c": "x"}, finalizers=["example.com/x"])) == []


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ({"name": "A"}, "metadata.name"),
        ({"name": ""}, "metadata.name"),
        ({"generateName": "Ab-"}, "metadata.generateName"),
        ({"namespace": "a.b"}, "metadata.namespace"),
        ({"namespace": ""}, "metadata.namespace"),
        ({"labels": {"-": "x"}}, "metadata.labels"),
        ({"labels": {"x": "-"}}, "metadata.labels"),
        ({"annotations": {"-": "x"}}, "metadata.annotations"),
        ({"annotations": {"a": "x" * 256 * 1024}}, "metadata.annotations"),
        ({"finalizers": ["a b"]}, "metadata.finalizers"),
        ({"finalizers": ["orphan", "foregroundDeletion"]}, "metadata.finalizers"),
        ({"generation": -1}, "metadata.generation"),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": ""}]},
            "metadata.ownerReferences.uid",
        ),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "x", "uid": "1"}]},
            "metadata.ownerReferences",
        ),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "1", "controller": True}] * 2},
            "metadata.ownerReferences",
        ),
        ({"managedFields": [{"operation": "Nope"}]}, "metadata.managedFields[0].operation"),
    ],
)
def test_each_rule_names_its_field(metadata, path):
    assert paths(check(pod(**metadata))) == [path]


def test_a_cluster_object_has_no_namespace():
    assert paths(check(pod(), namespaced=False)) == ["metadata.namespace"]


def test_identity_cannot_change():
    old = pod(uid="1", creationTimestamp="2026-01-01T00:00:00Z")
    new = pod(uid="2", name="other", creationTimestamp="2027-01-01T00:00:00Z", deletionTimestamp="x")

    assert paths(check(new, old)) == [
        "metadata.name",
        "metadata.uid",
        "metadata.creationTimestamp",
        "metadata.deletionTimestamp",
    ]
    assert check(new, old)[1].message == 'Invalid value: "2": field is immutable'


def test_no_finalizer_is_added_to_what_is_being_deleted():
    old = pod(deletionTimestamp="x", finalizers=["a.b/c"])

    assert check(pod(deletionTimestamp="x"), old) == []
    found = check(pod(deletionTimestamp="x", finalizers=["a.b/c", "d.e/f"]), old)
    assert found[0].message == (
        "Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"d.e/f"}'
    )


def test_a_field_manager_is_short_and_printable():
    assert validation.validate_field_manager("kubectl") == []
    assert validation.validate_field_manager("a" * 129)
    assert validation.validate_field_manager("a\n")


@pytest.mark.parametrize(
    ("check", "fine", "wrong"),
    [
        (validation.validate_port, [1, 65535], [0, 65536]),
        (validation.validate_port_or_name, [80, "http"], [0, "A"]),
        (validation.validate_non_negative, [0, None], [-1]),
        (validation.validate_positive, [1, None], [0]),
        (
            validation.validate_ip,
            ["1.2.3.4", "::1"],
            ["", "1.2.3", "01.2.3.4", "::ffff:1.2.3.4", "fe80::1%eth0", "999.1.1.1"],
        ),
        (
            validation.validate_cidr,
            ["10.0.0.0/8", "FD00:0::/64", "::/0"],
            ["", "10.0.0.0", "10.0.0.0/33", "1.1.1.1/255.0.0.0", "10.1.2.3/8", "::ffff:1.2.3.4/128", "10.0.0.0/08"],
        ),
        (validation.validate_absolute_path, ["/a"], ["a", ""]),
        (validation.validate_local_path, ["a/b", ""], ["/a", "a/../b"]),
        (validation.validate_int_or_percent, [0, "10%"], [-1, "x"]),
        (validation.validate_percent_at_most_100, [0, "100%"], ["101%"]),
        (validation.validate_quantity, ["1Gi", 1], ["x", "-1"]),
        (validation.validate_required, ["x", 0, False], ["", None, []]),
        (
            validation.validate_label_selector,
            [None, {}, {"matchLabels": {"a": "b"}}],
            [{"matchExpressions": [{"key": "a", "operator": "In"}]}, {"matchExpressions": [{}]}],
        ),
    ],
)
def test_common_fields_are_checked(check, fine, wrong):
    assert [check("f", value) for value in fine] == [[]] * len(fine)
    assert all(check("f", value) for value in wrong)


def test_repeated_values_are_named_by_index():
    assert paths(validation.validate_unique("f", ["a", "b", "a"])) == ["f[2]"]


@pytest.mark.parametrize(
    "text, why",
    [
        ("10.1.2.3/8", "must not have bits set beyond the prefix length"),
        ("010.0.0.0/8", "must not have leading 0s in IP or prefix length"),
        ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
        ("::ffff:1.2.3.4/128", "must not have an IPv4-mapped IPv6 address"),
        ("FD00:0::/64", 'must be in canonical form ("fd00::/64")'),
    ],
)
def test_a_range_is_told_what_is_wrong_with_it_unless_it_was_there_before(text, why):
    (problem,) = validation.validate_cidr("f", text, canonical=True)

    assert problem.message.endswith(why)
    assert validation.validate_cidr("f", text, canonical=True, known=[text]) == []


@pytest.mark.parametrize(
    "name, told",
    [
        ("csi.example.org", []),
        ("CSI.Example.org", []),
        ("", ["driver: Required value"]),
        ("a" * 64, ["driver: Too long: may not be more than 63 bytes"]),
    ],
)
def test_drivers_are_named_like_subdomains_in_any_case(name, told):
    assert [f"{each.path}: {each.message}" for each in validation.validate_driver_name("driver", name)] == told


def test_a_driver_name_that_is_none_is_shown_as_it_was_sent():
    [problem] = validation.validate_driver_name("driver", "Not_One")

    assert problem.message.startswith('Invalid value: "Not_One": a lowercase RFC 1123 subdomain')


@pytest.mark.parametrize("name", ["labels", "annotations"])
def test_what_is_stored_is_not_checked_again(name):
    kept = pod(**{name: {"bad key": "a"}})

    assert check(kept, kept) == []
    assert paths(check(pod(**{name: {"bad key": "a", "b": "c"}}), kept)) == [f"metadata.{name}"]
    assert paths(check(kept)) == [f"metadata.{name}"]
