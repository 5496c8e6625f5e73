import pytest

from sampan_explain.subjects.images import meaning_of


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ('Container image "a" is not present with pull policy of Never', "PolicyNever"),
        ('Failed to apply default image tag "A:b:c": couldn\'t parse image name: invalid reference format', "BadName"),
        ("toomanyrequests: You have reached your pull rate limit", "RateLimited"),
        ("failed to authorize: 401 Unauthorized", "Unauthorized"),
        ("pull access denied for x, repository does not exist or may require 'docker login'", "Unauthorized"),
        ("manifest unknown: manifest for example/app:9 not found", "NoSuchImage"),
        ("no matching manifest for linux/arm64", "WrongPlatform"),
        ("write /var/lib/x: no space left on device", "DiskFull"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "Certificate"),
        ("dial tcp: lookup registry.example on 10.0.0.1: no such host", "Unreachable"),
        ("something else", "PullFailed"),
    ],
)
def test_the_words_of_runtimes_and_registries_are_understood(message, meaning):
    assert meaning_of(message) == meaning


def test_an_image_that_does_not_exist(make, why):
    owner = make.obj("ReplicaSet", "web-5d4f", "apps/v1")
    pod = make.pod(
        phase="Pending",
        statuses=[make.waiting("ImagePullBackOff", 'Back-off pulling image "example/app:1"')],
        owner=owner,
    )
    found = why(pod, make.node(), make.event(pod, "Failed", 'Failed to pull image "example/app:1": manifest unknown'))

    assert found.state == "ImagePullBackOff"
    assert (
        found.causes[0].text
        == "The image example/app:1 of container app does not exist: the registry has no such repository or tag."
    )
    assert found.causes[0].commands[0] == "kubectl set image deployment/web -n default app=IMAGE"


def test_an_image_that_policy_forbids_to_pull(make, why):
    pod = make.pod(
        phase="Pending",
        statuses=[make.waiting("ErrImageNeverPull", "is not present with pull policy of Never")],
        container={"imagePullPolicy": "Never"},
    )

    assert "is not on node node-1, and imagePullPolicy Never forbids to pull it" in why(pod, make.node()).causes[0].text


def test_a_registry_that_wants_credentials(make, why, reasons):
    status = make.waiting("ErrImagePull", "401 Unauthorized")
    secret = make.obj("Secret", "reg", type="Opaque")
    pod = make.pod(phase="Pending", statuses=[status], imagePullSecrets=[{"name": "reg"}])

    assert reasons(why(pod, make.node())) == ["PullSecretMissing", "ImageUnauthorized"]
    assert reasons(why(pod, make.node(), secret)) == ["PullSecretType", "ImageUnauthorized"]
    assert "spec.imagePullSecrets: reg" in why(pod, make.node()).causes[1].facts
