"""The agent with the exec runtime and an API that is a dict."""

import base64
import json
import sys
from types import SimpleNamespace

import pytest

from sampan_machinery.resources import PODS, SECRETS
from sampan_node import agent
from sampan_node.pod import termination


def test_a_pod_runs_and_its_status_says_so(cluster):
    cluster.run("sleep 1000")

    cluster.api.until(lambda: cluster.state()["ready"], "ready")

    status = cluster.status()
    assert status["phase"] == "Running"
    assert status["podIP"].startswith("127.")
    assert status["qosClass"] == "BestEffort"
    assert status["observedGeneration"] == 1
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "PodScheduled": "True", "PodReadyToStartContainers": "True", "Initialized": "True", "ContainersReady": "True",
        "Ready": "True",
    }  # fmt: skip
    assert [reason for reason, _ in cluster.events] == ["Pulled", "Created", "Started"]


def test_no_other_user_of_the_machine_sees_what_pods_have(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])

    assert (cluster.home / "pods").stat().st_mode & 0o077 == 0


def test_a_deleted_pod_is_stopped_then_removed(cluster):
    cluster.run("trap 'exit 0' TERM; while :; do sleep 0.05; done")
    cluster.api.until(lambda: cluster.state()["ready"])

    cluster.ask_to_go()

    cluster.api.until(lambda: not cluster.api.objects)
    assert cluster.host.runtime.sandboxes() == []
    assert ("Killing", "Stopping container c0") in cluster.events
    assert list((cluster.home / "pods").iterdir()) == []


@pytest.mark.parametrize(
    ("policy", "script", "phase"),
    [("Never", "exit 0", "Succeeded"), ("Never", "exit 3", "Failed"), ("OnFailure", "exit 0", "Succeeded")],
)
def test_a_pod_that_ends_has_its_phase(cluster, policy, script, phase):
    cluster.run(script, restartPolicy=policy)

    cluster.api.until(lambda: cluster.status()["phase"] == phase, phase)

    assert cluster.state()["state"]["terminated"]["exitCode"] == int(script[-1])


def test_a_failing_container_is_restarted_and_then_backs_off(cluster):
    cluster.run("exit 1")

    cluster.api.until(lambda: cluster.state()["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff")

    assert cluster.state()["restartCount"] == 1
    assert cluster.state()["lastState"]["terminated"]["exitCode"] == 1
    assert cluster.status()["phase"] == "Running"


def test_init_containers_run_one_after_the_other(cluster):
    init = [{"name": f"i{n}", "image": "busybox:1", "command": ["/bin/sh", "-c", "exit 0"]} for n in (1, 2)]
    cluster.run("sleep 1000", initContainers=init)

    cluster.api.until(lambda: cluster.state()["ready"])

    assert [one["ready"] for one in cluster.status()["initContainerStatuses"]] == [True, True]
    waiting = [s["containerStatuses"][0]["state"] for s in cluster.api.history if s.get("containerStatuses")]
    assert waiting[0] == {"waiting": {"reason": "PodInitializing"}}


def test_a_failed_init_container_fails_a_pod_that_never_restarts(cluster):
    init = [{"name": "i1", "image": "busybox:1", "command": ["/bin/sh", "-c", "exit 1"]}]
    cluster.run("sleep 1000", initContainers=init, restartPolicy="Never")

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")

    condition = next(c for c in cluster.status()["conditions"] if c["type"] == "Initialized")
    assert condition["message"] == "containers with incomplete status: [i1]"


def test_a_sidecar_starts_first_and_runs_on(cluster):
    sidecar = [
        {"name": "s", "image": "busybox:1", "command": ["/bin/sh", "-c", "sleep 1000"], "restartPolicy": "Always"}
    ]
    cluster.run("exit 0", initContainers=sidecar, restartPolicy="Never")

    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded")

    assert not [one for one in cluster.host.runtime.containers() if one.state == "running"]


def test_readiness_and_liveness_probes_are_obeyed(cluster):
    probes = {
        "readinessProbe": {"exec": {"command": ["/bin/sh", "-c", "exit 1"]}, "periodSeconds": 1},
        "livenessProbe": {"exec": {"command": ["/bin/sh", "-c", "exit 1"]}, "periodSeconds": 1, "failureThreshold": 1},
    }
    cluster.run("trap 'exit 0' TERM; while :; do sleep 0.05; done", c0=probes)

    cluster.api.until(lambda: cluster.state()["restartCount"] == 1, "a restart")

    assert not any(s["containerStatuses"][0]["ready"] for s in cluster.api.history if s.get("containerStatuses"))
    assert any(reason == "Unhealthy" for reason, _ in cluster.events)


@pytest.mark.parametrize(
    ("script", "policy", "wanted"),
    [
        ("i=0; while [ $i -lt 500 ]; do echo 0123456789; i=$((i+1)); done >$F; echo END >>$F; exit 0", "File", 4096),
        ("echo bye >$F; echo log; exit 1", "FallbackToLogsOnError", "bye\n"),
        ("i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done; exit 1", "FallbackToLogsOnError", 80),
        ("i=0; while [ $i -lt 99 ]; do i=$((i+1)); echo $i$A; done; exit 1", "FallbackToLogsOnError", 2048),
        ("echo log; exit 0", "FallbackToLogsOnError", None),
        ("echo log; exit 1", "File", None),
    ],
)
def test_a_termination_message_is_the_end_of_what_was_left(cluster, script, policy, wanted):
    env = [{"name": "A", "value": "x" * 60}]
    path = "/dev/termination-log" if cluster.host.runtime.has_mounts else "$SAMPAN_MOUNT_ROOT/dev/termination-log"
    more = {"env": env, "terminationMessagePolicy": policy}
    cluster.run(f"F={path}; {script}", restartPolicy="Never", c0=more)

    cluster.api.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))

    found = cluster.state()["state"]["terminated"].get("message")
    if wanted == 80:
        assert found == "".join(f"line {number}\n" for number in range(21, 101))
    elif isinstance(wanted, int):
        assert len(found) == wanted and found.endswith(("END\n", "99" + "x" * 60 + "\n"))
    else:
        assert found == wanted


def test_messages_of_many_containers_share_what_one_pod_may_say():
    assert len(termination.fitted("x" * 4096, 3)) == 4096
    assert len(termination.fitted("x" * 4096, 6)) == 2048
    assert termination.fitted("é" * 2048, 7).encode().startswith("é".encode() * 877)


def test_a_pod_past_its_deadline_fails(cluster):
    cluster.run("sleep 1000", activeDeadlineSeconds=1)

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")

    assert cluster.status()["reason"] == "DeadlineExceeded"
    cluster.api.until(lambda: not [one for one in cluster.host.runtime.containers() if one.state == "running"])


def test_conditions_of_other_writers_stay(cluster):
    probe = {"exec": {"command": ["/bin/true"]}, "periodSeconds": 1, "initialDelaySeconds": 1}
    cluster.run("sleep 1000", c0={"readinessProbe": probe})
    cluster.api.until(lambda: cluster.state()["state"]["running"])
    cluster.api.listener = lambda old, new: None  # the agent does not hear of it
    theirs = {"type": "example.com/Seen", "status": "True"}
    cluster.api.patch(PODS, "web", {"status": {"conditions": [theirs]}}, "default", how="strategic")

    cluster.api.until(lambda: cluster.state()["ready"])

    assert theirs in cluster.status()["conditions"]
    ready = next(one for one in cluster.status()["conditions"] if one["type"] == "Ready")
    assert ready["status"] == "True" and "message" not in ready and "reason" not in ready


def test_the_generation_that_was_seen_is_in_the_status_and_in_every_condition(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])

    for generation in (2, 3, 4):
        pod = cluster.api.get(PODS, "web", "default")
        pod["metadata"]["generation"] = generation
        pod["spec"]["activeDeadlineSeconds"] = 5000 - generation
        cluster.api.put(PODS, pod)

    cluster.api.until(lambda: cluster.status()["observedGeneration"] == 4)
    assert {one["type"]: one["observedGeneration"] for one in cluster.status()["conditions"]} == dict.fromkeys(
        ("PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"), 4
    )


def test_a_pod_that_does_not_fit_fails_and_nothing_of_it_starts(cluster):
    cluster.run("sleep 1000", name="big", c0={"resources": {"requests": {"cpu": "1500m"}}})
    cluster.api.until(lambda: cluster.state(name="big")["ready"])

    cluster.run("sleep 1000", name="other", c0={"resources": {"requests": {"cpu": "600m"}}})

    cluster.api.until(lambda: cluster.status("other")["phase"] == "Failed")
    assert cluster.status("other")["reason"] == "OutOfcpu"
    assert cluster.status("other")["observedGeneration"] == 1
    assert "requested: 600, used: 1500, capacity: 2000" in cluster.status("other")["message"]
    cluster.ask_to_go("other")
    cluster.api.until(lambda: ("pods", "default", "other") not in cluster.api.objects)
    assert len(cluster.host.runtime.containers()) == 1


def test_a_shorter_grace_counts_while_the_container_is_being_stopped(cluster):
    cluster.run("trap '' TERM; while :; do sleep 0.05; done", terminationGracePeriodSeconds=300)
    cluster.api.until(lambda: cluster.state()["ready"])
    cluster.ask_to_go(grace=300)
    cluster.api.until(lambda: ("Killing", "Stopping container c0") in cluster.events)

    cluster.ask_to_go(grace=1)

    cluster.api.until(lambda: not cluster.api.objects)


def test_hooks_run_after_the_start_and_before_the_end(cluster):
    hooks = {
        "postStart": {"exec": {"command": ["/bin/sh", "-c", "touch begun"]}},
        "preStop": {"exec": {"command": ["/bin/sh", "-c", "echo last > $OUT/stopped"]}},
    }
    env = [{"name": "OUT", "value": str(cluster.home)}]
    cluster.run("while ! test -f begun; do sleep 0.02; done; sleep 1000", c0={"lifecycle": hooks, "env": env})
    cluster.api.until(lambda: cluster.state()["ready"])

    cluster.ask_to_go()

    cluster.api.until(lambda: not cluster.api.objects)
    assert (cluster.home / "stopped").read_text() == "last\n"


def test_a_container_whose_post_start_hook_fails_is_stopped_and_restarted(cluster):
    hook = {"postStart": {"exec": {"command": ["/bin/sh", "-c", "exit 3"]}}}
    cluster.run("sleep 1000", c0={"lifecycle": hook})

    cluster.api.until(lambda: cluster.state()["restartCount"] >= 1)

    assert ("FailedPostStartHook", "PostStartHook failed") in cluster.events


def test_a_startup_probe_holds_back_the_others(cluster):
    probes = {
        "startupProbe": {
            "exec": {"command": ["/bin/sh", "-c", "test -f $OUT/up"]}, "periodSeconds": 1, "failureThreshold": 1000,
        },
        "livenessProbe": {
            "exec": {"command": ["/bin/sh", "-c", "test -f $OUT/well"]}, "periodSeconds": 1, "failureThreshold": 1,
        },
    }  # fmt: skip
    env = [{"name": "OUT", "value": str(cluster.home)}]
    cluster.run("sleep 1.2; touch $OUT/well; touch $OUT/up; sleep 1000", c0={**probes, "env": env})

    cluster.api.until(lambda: cluster.state()["started"])
    assert cluster.state()["restartCount"] == 0
    (cluster.home / "well").unlink()
    cluster.api.until(lambda: cluster.state()["restartCount"] == 1)

    started = [s["containerStatuses"][0]["started"] for s in cluster.api.history if s.get("containerStatuses")]
    assert True in started and started[0] is False


@pytest.mark.parametrize("kind", ["httpGet", "tcpSocket"])
def test_probes_reach_the_pod_s_address(cluster, kind):
    serve = (
        f"{sys.executable} -c 'import http.server as h, os; "
        'h.HTTPServer((os.environ["IP"], 8099), h.SimpleHTTPRequestHandler).serve_forever()\''
    )
    env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    ports = [{"name": "http", "containerPort": 8099}]
    probe = {kind: {"port": "http"}, "periodSeconds": 1}
    cluster.run(serve, c0={"env": env, "ports": ports, "readinessProbe": probe})

    cluster.api.until(lambda: cluster.state()["ready"])


def test_an_evicted_pod_has_the_time_that_its_threshold_gives_and_is_said_to_be_disrupted(cluster):
    pod = cluster.run("trap '' TERM; while :; do sleep 0.05; done", terminationGracePeriodSeconds=1000)
    cluster.api.until(lambda: cluster.state()["ready"])
    worker = cluster.agent.worker(pod["metadata"]["uid"])
    assert not worker.is_stopped()

    worker.evict("The node was low on resource: memory. ", 0, disrupted=True)
    worker.poke()

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")
    status = cluster.status()
    assert (status["reason"], status["message"]) == ("Evicted", "The node was low on resource: memory. ")
    (found,) = [one for one in status["conditions"] if one["type"] == "DisruptionTarget"]
    assert (found["status"], found["reason"]) == ("True", "TerminationByKubelet")
    assert found["message"] == status["message"]
    assert worker.is_stopped()


def test_a_pod_ends_with_its_node_and_says_so(cluster):
    pod = cluster.run("trap 'exit 0' TERM; while :; do sleep 0.05; done", restartPolicy="Always")
    cluster.api.until(lambda: cluster.state()["ready"])
    worker = cluster.agent.worker(pod["metadata"]["uid"])
    assert worker.is_active()

    worker.shut_down("Terminated", "gone", 2)

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")
    assert (cluster.status()["reason"], cluster.status()["message"]) == ("Terminated", "gone")
    assert "DisruptionTarget" in [one["type"] for one in cluster.status()["conditions"]]
    assert worker.is_stopped() and not worker.is_active()


def test_a_pod_that_is_ending_ends_sooner_when_its_node_goes_down(cluster):
    pod = cluster.run("trap '' TERM; while :; do sleep 0.05; done", terminationGracePeriodSeconds=1000)
    cluster.api.until(lambda: cluster.state()["ready"])
    cluster.ask_to_go(grace=1000)
    cluster.api.until(lambda: ("Killing", "Stopping container c0") in cluster.events)

    cluster.agent.worker(pod["metadata"]["uid"]).shut_down("Terminated", "gone", 0)

    cluster.api.until(lambda: not cluster.api.objects)


def test_what_programs_of_the_node_give_comes_after_the_pod_s_own_secrets(cluster):
    auth = {"a.example": {"username": "program", "password": "p"}}
    answer = {
        "kind": "CredentialProviderResponse", "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "cacheKeyType": "Image", "auth": auth,
    }  # fmt: skip
    provider = {"name": "p", "apiVersion": answer["apiVersion"], "matchImages": ["a.example"],
                "defaultCacheDuration": "0s"}  # fmt: skip
    config = {"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": [provider]}
    (cluster.home / "providers.json").write_text(json.dumps(config))
    (cluster.home / "p").write_text(f"#!/bin/sh\ncat >/dev/null\necho '{json.dumps(answer)}'\n")
    (cluster.home / "p").chmod(0o700)
    given = SimpleNamespace(imageCredentialProviderConfig="providers.json", imageCredentialProviderBinDir=".")
    secret = {"auths": {"a.example": {"username": "secret", "password": "s"}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(secret).encode()).decode()}
    cluster.api.put(SECRETS, {"metadata": {"name": "s", "namespace": "default"}, "data": data})
    pod = {"metadata": {"namespace": "default"}, "spec": {"imagePullSecrets": [{"name": "s"}]}}

    cluster.host.provided = agent.credential_providers(cluster.host, given, cluster.home)

    assert [one["username"] for one in cluster.host.credentials(pod, "a.example/app:1")] == ["secret", "program"]
