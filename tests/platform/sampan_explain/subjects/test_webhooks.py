def configuration(make, ca="eA==", **more):
    webhook = {"name": "check.example", "failurePolicy": "Fail", "clientConfig": {
        "service": {"namespace": "default", "name": "web"}, "caBundle": ca},
        "rules": [{"operations": ["CREATE"], "resources": ["pods"]}], **more}  # fmt: skip
    return make.obj(
        "ValidatingWebhookConfiguration", "check", "admissionregistration.k8s.io/v1", namespace="", webhooks=[webhook]
    )


def test_a_webhook_that_is_well(make, why):
    assert not why(configuration(make), make.service(port=443), make.endpoints("web", True)).causes


def test_a_webhook_whose_service_is_missing(make, why):
    found = why(configuration(make))

    assert found.causes[0].text.endswith("which does not exist: every request that it is to judge is refused.")
    assert "it judges CREATE pods" in found.causes[0].facts
    assert '"path":"/webhooks/0/failurePolicy","value":"Ignore"' in found.causes[0].commands[1]


def test_a_webhook_whose_pods_are_down_brings_their_causes(make, why, reasons):
    pod = make.pod(ready=False, statuses=[make.crashed(1)])
    found = why(configuration(make), make.service(port=443), make.endpoints("web", False), pod, make.node())

    assert reasons(found) == ["WebhookDown", "PodsNotReady", "CrashLoop"]


def test_a_webhook_on_a_port_that_its_service_does_not_have(make, why, reasons):
    assert reasons(why(configuration(make), make.service(), make.endpoints("web", True))) == ["WebhookPortMissing"]


def test_a_webhook_without_ca_bundle(make, why, reasons):
    assert reasons(why(configuration(make, ca=""), make.service(port=443), make.endpoints("web", True))) == [
        "WebhookCABundleMissing"
    ]


def test_a_webhook_that_may_be_left_out(make, why):
    assert why(configuration(make, failurePolicy="Ignore")).causes[0].text.endswith("requests pass without it.")
