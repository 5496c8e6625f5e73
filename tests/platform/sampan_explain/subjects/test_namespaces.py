def namespace(make, *conditions, finalizers=("kubernetes",)):
    return make.obj(
        "Namespace",
        "old",
        namespace="",
        metadata={"deletionTimestamp": make.earlier},
        spec={"finalizers": list(finalizers)},
        status={"phase": "Terminating", "conditions": list(conditions)},
    )


def test_a_namespace_that_is_not_deleted(make, why):
    assert not why(make.obj("Namespace", "x", namespace="", spec={})).causes


def test_objects_that_wait_for_their_finalizers(make, why):
    message = "Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances"
    remaining = make.condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", "configmaps. has 1")
    waits = make.condition("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", message)
    found = why(namespace(make, remaining, waits))

    assert (found.state, [cause.reason for cause in found.causes]) == ("Terminating", ["SomeFinalizersRemain"])
    assert "example.com/keep in 1 resource" in found.causes[0].text


def test_an_api_that_does_not_answer(make, why):
    broken = make.obj(
        "APIService",
        "v1.metrics.example",
        "apiregistration.k8s.io/v1",
        namespace="",
        spec={"service": {"name": "m"}},
        status={"conditions": [make.condition("Available", "False", "MissingEndpoints", "no endpoints")]},
    )
    failure = make.condition(
        "NamespaceDeletionDiscoveryFailure", "True", "DiscoveryFailed", "metrics.example/v1: stale"
    )
    found = why(namespace(make, failure), broken)

    assert [cause.reason for cause in found.causes] == ["BrokenAPIService", "DiscoveryFailed"]
    assert found.causes[0].commands == (
        "kubectl delete apiservice v1.metrics.example  # if its server is gone for good",
    )


def test_finalizers_of_the_namespace_itself(make, why, reasons):
    assert reasons(why(namespace(make, finalizers=("kubernetes", "example.com/mine")))) == ["NamespaceFinalizers"]
