from sampan_devices.scheduling.extended import (
    ANNOTATION,
    PREFIX,
    Asked,
    claim_for,
    classes_of,
    is_made_for,
    is_offered,
    may_ask,
    requests_for,
    shortage,
    status_of,
)

GPU = "example.com/gpu"


def container(name, number=0, resource=GPU, **more):
    return {"name": name, "resources": {"requests": {resource: str(number), "cpu": "1"}}, **more}


def pod(*containers, init=()):
    metadata = {"name": "web", "namespace": "default", "uid": "u"}
    return {"metadata": metadata, "spec": {"containers": list(containers), "initContainers": list(init)}}


def device_class(name, resource=None, at="2026-01-01T00:00:00Z"):
    spec = {} if resource is None else {"extendedResourceName": resource}
    return {"metadata": {"name": name, "creationTimestamp": at}, "spec": spec}


def test_only_pods_with_a_vendors_resource_are_looked_at():
    assert may_ask(pod(container("c", 1)))
    assert may_ask(pod({"name": "c"}, init=[container("i", 1)]))
    assert not may_ask(pod(container("c", 1, "memory")))


def test_a_resource_has_the_class_that_names_it_and_every_class_can_be_asked_for_by_its_own_name():
    classes = [device_class("gpu", GPU), device_class("nic")]

    assert classes_of(pod(container("c", 1)), classes) == {GPU: "gpu"}
    assert classes_of(pod(container("c", 1, f"{PREFIX}nic")), classes) == {f"{PREFIX}nic": "nic"}
    assert classes_of(pod(container("c", 0), container("d", 1, "example.com/other")), classes) == {}
    assert classes_of(pod(), classes) == {}


def test_of_two_classes_for_a_resource_the_later_counts_then_the_first_by_name():
    classes = [device_class("old", GPU), device_class("b", GPU, "2026-02-01T00:00:00Z"),
               device_class("a", GPU, "2026-02-01T00:00:00Z")]  # fmt: skip

    assert classes_of(pod(container("c", 1)), classes) == {GPU: "a"}


def request(name, count, device_class="gpu"):
    return {"name": name, "exactly": {"deviceClassName": device_class, "allocationMode": "ExactCount", "count": count}}


def mapping(container, name, resource=GPU):
    return {"containerName": container, "resourceName": resource, "requestName": name}


def test_each_container_has_a_request_of_its_own():
    nic = "example.com/nic"
    asked = requests_for(pod(container("a", 2), container("b", 1, nic), container("c", 0)), {GPU: "gpu", nic: "nic"})

    assert asked == Asked(
        [request("container-0-request-0", 2), request("container-1-request-1", 1, "nic")],
        [mapping("a", "container-0-request-0"), mapping("b", "container-1-request-1", nic)],
    )


def test_init_containers_that_end_share_the_largest_request():
    init = [container("small", 1), container("large", 3), container("side", 1, restartPolicy="Always")]

    asked = requests_for(pod(container("web", 1), init=init), {GPU: "gpu"})

    assert asked.requests == [
        request("container-1-request-0", 3), request("container-2-request-0", 1), request("container-3-request-0", 1),
    ]  # fmt: skip
    assert asked.mappings == [
        mapping("side", "container-2-request-0"), mapping("web", "container-3-request-0"),
        mapping("small", "container-1-request-0"), mapping("large", "container-1-request-0"),
    ]  # fmt: skip


def test_the_claim_is_the_pods_own_and_is_named_in_its_status():
    claim = claim_for(pod(), [request("r", 1)])

    assert claim["metadata"]["generateName"] == "web-extended-resources-"
    assert claim["metadata"]["annotations"] == {ANNOTATION: "true"}
    assert is_made_for(claim, pod()) and not is_made_for({"metadata": claim["metadata"] | {"annotations": {}}}, pod())
    made = {"metadata": {"name": "web-extended-resources-x"}}
    assert status_of(made, [mapping("web", "r")]) == {"extendedResourceClaimStatus": {
        "resourceClaimName": "web-extended-resources-x", "requestMappings": [mapping("web", "r")],
    }}  # fmt: skip


def test_what_a_device_plugin_offers_is_counted():
    node = {"status": {"allocatable": {GPU: "2", "example.com/none": "0"}}}

    assert is_offered(node, GPU) and not is_offered(node, "example.com/none") and not is_offered({}, GPU)
    assert shortage(pod(container("c", 1)), node, [pod(container("c", 1))], [GPU]) == ""
    assert shortage(pod(container("c", 2)), node, [pod(container("c", 1))], [GPU]) == GPU
