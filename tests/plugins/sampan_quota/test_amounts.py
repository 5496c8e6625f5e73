import pytest

from sampan_quota.amounts import is_overcommitable, resource_name


@pytest.mark.parametrize(
    "name, of_containers, detail",
    [
        ("cpu", True, None),
        ("hugepages-2Mi", True, None),
        ("example.com/gpu", True, None),
        ("storage", True, "must be a standard resource for containers"),
        ("requests.example.com/gpu", True, "doesn't follow extended resource name standard"),
        ("storage", False, None),
        ("requests.storage", False, None),
        ("requests.hugepages-2Mi", False, None),
        ("example.com/gpu", False, None),
        ("odd", False, "must be a standard resource type or fully qualified"),
    ],
)
def test_which_resources_there_are(name, of_containers, detail):
    found = [each.message for each in resource_name("x", name, of_containers=of_containers)]

    assert found == ([] if detail is None else [f'Invalid value: "{name}": {detail}'])


def test_a_bad_name_is_reported_for_its_form_and_for_what_containers_have():
    """As kube-apiserver 1.36.2 does."""
    of_containers = [each.message for each in resource_name("x", "a b", of_containers=True)]
    odd = [each.message for each in resource_name("x", "odd", of_containers=True)]

    assert len(of_containers) == 2 and "must be a standard resource for containers" in of_containers[1]
    assert odd == [
        'Invalid value: "odd": must be a standard resource type or fully qualified',
        'Invalid value: "odd": must be a standard resource for containers',
    ]
    assert len(list(resource_name("x", "a b", of_containers=False))) == 1


def test_what_can_be_promised_twice():
    assert [is_overcommitable(name) for name in ("cpu", "hugepages-2Mi", "example.com/gpu", "kubernetes.io/x")] == [
        True, False, False, True,
    ]  # fmt: skip
