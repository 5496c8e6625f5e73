import pytest


def test_a_container_killed_for_its_memory(make, why):
    limits = {"resources": {"limits": {"memory": "64Mi"}}}
    owner = make.obj("ReplicaSet", "web-5d4f", "apps/v1")
    found = why(make.pod(statuses=[make.crashed(137, "OOMKilled")], container=limits, owner=owner), make.node())

    assert found.state == "CrashLoopBackOff"
    assert "killed for using more memory than its limit of 64Mi (OOMKilled)" in found.causes[0].text
    assert found.causes[0].commands[0] == "kubectl set resources deployment web -n default -c app --limits=memory=MORE"


@pytest.mark.parametrize(
    ("code", "words"),
    [(1, "its program failed"), (127, "its command was not found"), (139, "SIGSEGV"), (126, "not executable")],
)
def test_a_container_that_crashes_shows_its_last_words(make, why, code, words):
    found = why(
        make.pod(statuses=[make.crashed(code)]), make.node(), logs={("web-1", "app"): "starting\nno database\n"}
    )

    assert found.causes[0].reason == "CrashLoop"
    assert words in found.causes[0].text
    assert "It last wrote: no database" in found.causes[0].text
    assert found.causes[0].commands == ("kubectl logs web-1 -n default -c app --previous",)


def test_a_container_whose_command_cannot_be_run(make, why):
    found = why(make.pod(statuses=[make.crashed(128, "StartError", message='exec: "servr": not found')]), make.node())

    assert 'exec: "servr": not found' in found.causes[0].text


def test_a_container_that_its_liveness_probe_kills(make, why):
    probe = {"livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5}}
    pod = make.pod(statuses=[make.crashed(143)], container=probe)
    found = why(pod, make.node(), make.event(pod, "Killing", "Container app failed liveness probe, will be restarted"))

    assert found.causes[0].reason == "LivenessProbeFailed"
    assert "livenessProbe: GET /healthz on port 8080, every 5 s, 3 failures are too many" in found.causes[0].facts


def test_a_container_that_ends_with_success_again_and_again(make, why, reasons):
    assert reasons(why(make.pod(statuses=[make.crashed(0, "Completed")]), make.node())) == ["CompletedContainer"]


def test_a_container_that_fails_its_readiness_probe(make, why):
    pod = make.pod(
        ready=False, statuses=[make.running(ready=False)], container={"readinessProbe": {"tcpSocket": {"port": 80}}}
    )
    found = why(pod, make.node(), make.event(pod, "Unhealthy", "Readiness probe failed: connection refused"))

    assert found.state == "Running, 0/1 ready"
    assert (
        found.causes[0].text
        == "Container app runs, but its readiness probe fails: Readiness probe failed: connection refused."
    )


def test_a_container_that_fails_its_startup_probe(make, why, reasons):
    status = make.running(ready=False, started=False)
    found = why(
        make.pod(ready=False, statuses=[status], container={"startupProbe": {"grpc": {"port": 1}}}), make.node()
    )

    assert reasons(found) == ["StartupProbeFailed"]


def test_an_init_container_that_fails_comes_before_those_that_wait_for_it(make, why):
    pod = make.pod(phase="Pending", initial=[make.crashed(1, name="setup")], statuses=[make.waiting("PodInitializing")],
                   initContainers=[{"name": "setup", "image": "x"}])  # fmt: skip
    found = why(pod, make.node())

    assert (found.state, found.causes[0].text[:15]) == ("CrashLoopBackOff", "Container setup")


def test_an_init_container_that_goes_on(make, why):
    pod = make.pod(
        phase="Pending",
        initial=[make.running("wait", ready=False)],
        statuses=[make.waiting("PodInitializing")],
        initContainers=[{"name": "wait", "image": "x"}],
    )
    found = why(pod, make.node(), logs={("web-1", "wait"): "db is not there"})

    assert (
        found.causes[0].text
        == "It waits for its init container wait, which has run for 1h. It last wrote: db is not there"
    )


def test_a_secret_key_that_a_variable_needs(make, why):
    env = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]
    pod = make.pod(
        phase="Pending", statuses=[make.waiting("CreateContainerConfigError", "no key")], container={"env": env}
    )

    assert why(pod, make.node()).causes[0].reason == "SecretMissing"
    found = why(pod, make.node(), make.obj("Secret", "db", data={"pass": "eA=="}))
    assert "needs the key password of the Secret db, which has no such key" in found.causes[0].text


def test_a_container_that_cannot_be_made_for_another_reason(make, why):
    status = make.waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
    found = why(make.pod(phase="Pending", statuses=[status]), make.node())

    assert (
        found.causes[0].text == "Container app cannot be made: container has runAsNonRoot and image will run as root."
    )


def test_a_pod_that_failed_says_which_container_did(make, why):
    status = {"name": "app", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}
    found = why(make.pod(phase="Failed", statuses=[status]), logs={("web-1", "app"): "disk full"})

    assert found.causes[0].text == "Container app ended with exit code 3 (its program failed). It last wrote: disk full"
