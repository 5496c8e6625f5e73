"""Each rule by the field path of an object that breaks it; messages are those of upstream."""

from __future__ import annotations

import pytest

from sampan_podspec.defaults import default_pod
from sampan_podspec.validation import pod_spec, pod_template

VOLUME = {"name": "v", "emptyDir": {}}


def found(container=None, **spec):
    pod = {"spec": {"containers": [{"name": "c", "image": "x", **(container or {})}], **spec}}
    default_pod(pod)
    return list(pod_spec(pod["spec"]))


def paths(container=None, **spec):
    return [problem.path.removeprefix("spec.") for problem in found(container, **spec)]


def of_container(**container):
    return [path.removeprefix("containers[0].") for path in paths(container)]


def test_a_pod_with_everything_usual_is_fine():
    assert (
        paths(
            {
                "ports": [{"name": "http", "containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}],
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "b.c-d", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}},
                ],
                "envFrom": [{"configMapRef": {"name": "x"}, "prefix": "P_"}],
                "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "a/b", "readOnly": True}],
                "resources": {"limits": {"cpu": "1", "example.com/gpu": "1"}, "requests": {"cpu": "500m"}},
                "readinessProbe": {"tcpSocket": {"port": "http"}, "successThreshold": 3},
                "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
            },
            volumes=[VOLUME],
            initContainers=[
                {"name": "i", "image": "x", "restartPolicy": "Always", "startupProbe": {"exec": {"command": ["a"]}}}
            ],
            tolerations=[
                {"operator": "Exists"},
                {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 5},
            ],
            nodeSelector={"a": "b"},
            hostAliases=[{"ip": "10.0.0.1", "hostnames": ["a.b"]}],
            securityContext={"sysctls": [{"name": "net.core.somaxconn", "value": "1"}], "fsGroup": 1},
            dnsPolicy="None",
            dnsConfig={"nameservers": ["10.0.0.1"], "searches": ["a"], "options": [{"name": "ndots"}]},
            topologySpreadConstraints=[
                {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 2}
            ],
        )
        == []
    )


RULE = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}


def test_a_container_may_have_a_restart_policy_and_rules_of_its_own():
    assert of_container(restartPolicy="Never", restartPolicyRules=[RULE]) == []
    assert of_container(restartPolicy="OnFailure") == []


@pytest.mark.parametrize(
    ("broken", "container"),
    [
        ("name", {"name": "A"}),
        ("name", {"name": ""}),
        ("image", {"image": ""}),
        ("image", {"image": " x"}),
        ("imagePullPolicy", {"imagePullPolicy": "Sometimes"}),
        ("terminationMessagePolicy", {"terminationMessagePolicy": "x"}),
        ("restartPolicy", {"restartPolicy": "Sometimes"}),
        ("restartPolicy", {"restartPolicyRules": [RULE]}),
        ("restartPolicyRules", {"restartPolicy": "Never", "restartPolicyRules": [RULE] * 21}),
        (
            "restartPolicyRules[0].action",
            {"restartPolicy": "Never", "restartPolicyRules": [{**RULE, "action": "RestartPod"}]},
        ),
        ("restartPolicyRules[0].exitCodes", {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Restart"}]}),
        (
            "restartPolicyRules[0].exitCodes.operator",
            {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Restart", "exitCodes": {"values": [1]}}]},
        ),
        ("ports[0].containerPort", {"ports": [{"containerPort": 0}]}),
        ("ports[0].containerPort", {"ports": [{"containerPort": 65536}]}),
        ("ports[0].protocol", {"ports": [{"containerPort": 1, "protocol": "tcp"}]}),
        ("ports[0].name", {"ports": [{"containerPort": 1, "name": "UPPER"}]}),
        ("ports[1].name", {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]}),
        ("ports[1].hostPort", {"ports": [{"containerPort": 1, "hostPort": 5}, {"containerPort": 2, "hostPort": 5}]}),
        ("ports[0].hostIP", {"ports": [{"containerPort": 1, "hostIP": "x"}]}),
        ("env[0].name", {"env": [{"name": "a=b"}]}),
        ("env[0].name", {"env": [{"value": "b"}]}),
        ("env[0].valueFrom", {"env": [{"name": "a", "valueFrom": {}}]}),
        (
            "env[0].valueFrom",
            {"env": [{"name": "a", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
        ),
        ("env[0].valueFrom.secretKeyRef.key", {"env": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}),
        (
            "env[0].valueFrom.fieldRef.fieldPath",
            {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}]},
        ),
        (
            "env[0].valueFrom.resourceFieldRef.resource",
            {"env": [{"name": "a", "valueFrom": {"resourceFieldRef": {"resource": "x"}}}]},
        ),
        ("envFrom", {"envFrom": [{}]}),
        ("envFrom[0].secretRef.name", {"envFrom": [{"secretRef": {}}]}),
        ("volumeMounts[0].name", {"volumeMounts": [{"name": "ghost", "mountPath": "/x"}]}),
        ("resources.limits[cpu]", {"resources": {"limits": {"cpu": "abc"}}}),
        ("resources.limits[cpu]", {"resources": {"limits": {"cpu": "-1"}}}),
        ("resources.limits[gpu]", {"resources": {"limits": {"gpu": "1"}}}),
        ("resources.requests", {"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}}),
        ("resources.limits", {"resources": {"requests": {"example.com/gpu": "1"}}}),
        ("resources.claims[0]", {"resources": {"claims": [{"name": "ghost"}]}}),
        ("livenessProbe", {"livenessProbe": {}}),
        ("livenessProbe", {"livenessProbe": {"periodSeconds": 3}}),
        ("livenessProbe.tcpSocket", {"livenessProbe": {"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}}}),
        ("livenessProbe.httpGet.port", {"livenessProbe": {"httpGet": {"port": 0}}}),
        ("livenessProbe.httpGet.scheme", {"livenessProbe": {"httpGet": {"port": 1, "scheme": "ftp"}}}),
        ("livenessProbe.exec.command", {"livenessProbe": {"exec": {}}}),
        ("livenessProbe.successThreshold", {"livenessProbe": {"exec": {"command": ["a"]}, "successThreshold": 2}}),
        ("readinessProbe.periodSeconds", {"readinessProbe": {"exec": {"command": ["a"]}, "periodSeconds": -1}}),
        ("lifecycle.preStop.sleep", {"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}}),
        ("lifecycle.postStart", {"lifecycle": {"postStart": {"grpc": {"port": 1}}}}),
        ("securityContext.runAsUser", {"securityContext": {"runAsUser": -1}}),
        ("securityContext", {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}}),
        (
            "securityContext.seccompProfile.localhostProfile",
            {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
        ),
    ],
)
def test_an_invalid_container_field_is_reported(broken, container):
    assert of_container(**container)[:1] == [broken]


@pytest.mark.parametrize(
    ("broken", "spec"),
    [
        ("containers", {"containers": []}),
        ("restartPolicy", {"restartPolicy": "Maybe"}),
        ("dnsPolicy", {"dnsPolicy": "x"}),
        ("dnsConfig", {"dnsPolicy": "None"}),
        ("dnsConfig.nameservers[0]", {"dnsConfig": {"nameservers": ["x"]}}),
        ("activeDeadlineSeconds", {"activeDeadlineSeconds": 0}),
        ("hostname", {"hostname": "a.b"}),
        ("nodeName", {"nodeName": "A"}),
        ("nodeSelector", {"nodeSelector": {"a b": "c"}}),
        ("hostAliases[0].ip", {"hostAliases": [{"ip": "x"}]}),
        ("securityContext.sysctls[0].name", {"securityContext": {"sysctls": [{"name": "foo-"}]}}),
        ("securityContext.sysctls[0].name", {"securityContext": {"sysctls": [{"name": "a." * 200 + "b"}]}}),
        ("securityContext.supplementalGroups[0]", {"securityContext": {"supplementalGroups": [-1]}}),
        ("initContainers[0].name", {"initContainers": [{"name": "c", "image": "x"}]}),
        (
            "initContainers[0].restartPolicy",
            {"initContainers": [{"name": "i", "image": "x", "restartPolicy": "Sometimes"}]},
        ),
        (
            "initContainers[0].lifecycle",
            {"initContainers": [{"name": "i", "image": "x", "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}]},
        ),
        ("tolerations[0].operator", {"tolerations": [{"value": "x"}]}),
        ("tolerations[0].operator", {"tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]}),
        ("tolerations[0].operator", {"tolerations": [{"key": "a", "operator": "Like"}]}),
        ("tolerations[0].effect", {"tolerations": [{"key": "a", "tolerationSeconds": 3}]}),
        ("tolerations[0].effect", {"tolerations": [{"key": "a", "effect": "x"}]}),
        ("schedulingGates[1]", {"schedulingGates": [{"name": "a"}, {"name": "a"}]}),
        ("tolerations[0].operator", {"tolerations": [{"key": "a", "operator": "Lt", "value": "1"}]}),
        ("hostnameOverride", {"hostnameOverride": "a" * 65}),
        ("hostnameOverride", {"hostnameOverride": "a", "setHostnameAsFQDN": True}),
        ("resources", {"os": {"name": "windows"}, "resources": {}}),
        ("os", {"os": {"name": "plan9"}}),
        (
            "topologySpreadConstraints[0].matchLabelKeys",
            {
                "topologySpreadConstraints": [
                    {"maxSkew": 1, "topologyKey": "a b", "whenUnsatisfiable": "DoNotSchedule", "matchLabelKeys": ["a"]}
                ]
            },
        ),
        ("readinessGates[0].conditionType", {"readinessGates": [{"conditionType": "a b"}]}),
        (
            "topologySpreadConstraints[0].maxSkew",
            {"topologySpreadConstraints": [{"topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]},
        ),
        (
            "topologySpreadConstraints[0].whenUnsatisfiable",
            {"topologySpreadConstraints": [{"topologyKey": "z", "maxSkew": 1}]},
        ),
        ("volumes[0].name", {"volumes": [{"name": "A", "emptyDir": {}}]}),
        ("volumes[1].name", {"volumes": [VOLUME, VOLUME]}),
        ("volumes[0].secret", {"volumes": [{"name": "v", "emptyDir": {}, "secret": {"secretName": "s"}}]}),
        ("volumes[0].secret.secretName", {"volumes": [{"name": "v", "secret": {}}]}),
        (
            "volumes[0].configMap.items[0].path",
            {"volumes": [{"name": "v", "configMap": {"name": "x", "items": [{"key": "k", "path": "../x"}]}}]},
        ),
        (
            "volumes[0].configMap.defaultMode",
            {"volumes": [{"name": "v", "configMap": {"name": "x", "defaultMode": 0o1000}}]},
        ),
        ("volumes[0].hostPath.path", {"volumes": [{"name": "v", "hostPath": {"path": "/a/../b"}}]}),
        (
            "volumes[0].downwardAPI",
            {"volumes": [{"name": "v", "downwardAPI": {"items": [{"path": "a"}]}}]},
        ),
        (
            "volumes[0].downwardAPI.fieldRef.fieldPath",
            {
                "volumes": [
                    {"name": "v", "downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "status.podIP"}}]}}
                ]
            },
        ),
        (
            "volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds",
            {
                "volumes": [
                    {
                        "name": "v",
                        "projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 5}}]},
                    }
                ]
            },
        ),
        ("volumes[0].persistentVolumeClaim.claimName", {"volumes": [{"name": "v", "persistentVolumeClaim": {}}]}),
    ],
)
def test_an_invalid_pod_field_is_reported(broken, spec):
    assert paths(**spec)[:1] == [broken]


@pytest.mark.parametrize(
    ("broken", "affinity"),
    [
        (
            "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
            {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}},
        ),
        (
            "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values",
            {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In"}]}]
                    }
                }
            },
        ),
        (
            "podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey",
            {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a b"}]}},
        ),
        (
            "podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight",
            {
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 101, "podAffinityTerm": {"topologyKey": "a"}}
                    ]
                }
            },
        ),
    ],
)
def test_an_invalid_affinity_is_reported(broken, affinity):
    assert paths(affinity=affinity) == [f"affinity.{broken}"]


def test_search_domains_are_checked_one_by_one():
    searches = ["a.b", ".", "_ldap.c_d.", "", "-a", "a" * 254]

    assert paths(dnsConfig={"searches": searches}) == [f"dnsConfig.searches[{index}]" for index in (3, 4, 5)]


def test_without_name_servers_nothing_else_is_said_of_dns():
    assert paths(dnsPolicy="None") == ["dnsConfig"]
    assert paths(dnsPolicy="None", dnsConfig={"searches": ["-a"]}) == ["dnsConfig.nameservers"]


def test_host_names_of_aliases_are_named_by_their_place():
    assert paths(hostAliases=[{"ip": "1.1.1.1", "hostnames": ["a", "A"]}]) == ["hostAliases[0].hostnames[1]"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fsGroupChangePolicy", ""),
        ("supplementalGroupsPolicy", ""),
        ("seLinuxChangePolicy", "MountOption"),
        ("appArmorProfile.localhostProfile", {"type": "Localhost", "localhostProfile": " a"}),
    ],
)
def test_a_choice_in_a_security_context_is_none_if_it_is_empty(field, value):
    assert paths(securityContext={field.partition(".")[0]: value}) == [f"securityContext.{field}"]


def test_proc_is_unmasked_for_users_of_the_pods_own():
    assert of_container(securityContext={"procMount": "Unmasked"}) == ["securityContext.procMount"]
    assert paths({"securityContext": {"procMount": "Unmasked"}}, hostUsers=False) == []


def test_a_pod_with_its_own_users_shares_no_namespace_with_the_host():
    shared = {"hostNetwork": True, "hostPID": True, "hostIPC": True}

    assert paths(hostUsers=False, **shared) == ["hostNetwork", "HostPID", "HostIPC"]
    assert paths(securityContext={}, shareProcessNamespace=True, hostPID=True) == [
        "securityContext.shareProcessNamespace"
    ]


def test_resize_policies_name_cpu_and_memory_once():
    policies = [
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "cpu", "restartPolicy": "RestartContainer"},
        {"resourceName": "disk", "restartPolicy": "Foo"},
        {},
    ]

    assert [str(each.message) for each in found({"resizePolicy": policies})] == [
        'Duplicate value: "cpu"',
        'Unsupported value: "disk": supported values: "cpu", "memory"',
        'Unsupported value: "Foo": supported values: "NotRequired", "RestartContainer"',
        "Required value",
        "Required value",
    ]
    (problem,) = found({"resizePolicy": policies[1:2]}, restartPolicy="Never")
    assert problem.message.endswith("must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def test_an_init_container_that_ends_has_no_probes_and_restarts_for_no_resize():
    ends = {"name": "i", "image": "x", "terminationMessagePolicy": "File", "startupProbe": {},
            "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}  # fmt: skip

    assert paths(initContainers=[ends]) == [
        "initContainers[0].startupProbe",
        "initContainers[0].resizePolicy[0].restartPolicy",
    ]


def test_choices_are_told_in_the_order_of_upstream():
    spec = {"restartPolicy": "Foo", "dnsPolicy": "Foo"}

    assert [problem.message.partition("supported values: ")[2] for problem in found(**spec)] == [
        '"Always", "OnFailure", "Never"',
        '"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ]
    (problem,) = found({"terminationMessagePolicy": "Foo"})
    assert problem.message.endswith('supported values: "File", "FallbackToLogsOnError"')


def test_messages_are_those_of_upstream():
    (problem,) = found({"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}})

    assert problem.message == 'Invalid value: "2": must be less than or equal to cpu limit of 1'


def test_a_template_has_no_ephemeral_containers_and_an_allowed_restart_policy():
    spec = {
        "containers": [{"name": "c", "image": "x"}],
        "restartPolicy": "Never",
        "ephemeralContainers": [{"name": "e", "image": "x"}],
    }
    pod = {"spec": spec}
    default_pod(pod)

    problems = list(pod_template({"metadata": {"labels": {"a b": ""}}, **pod}, "spec.template"))

    assert [problem.path for problem in problems] == [
        "spec.template.labels",
        "spec.template.spec.ephemeralContainers",
        "spec.template.spec.restartPolicy",
    ]


def test_hostile_names_are_checked_quickly():
    assert paths(securityContext={"sysctls": [{"name": "a" * 250 + "!"}]}) == ["securityContext.sysctls[0].name"]


def test_label_keys_of_a_pod_affinity_term():
    def told(**term):
        terms = [{"topologyKey": "zone", **term}]
        return found(affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})

    where = "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]"
    selector = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]}

    assert [problem.path for problem in told(matchLabelKeys=["a"])] == [f"{where}.matchLabelKeys"]
    assert [problem.path for problem in told(labelSelector=selector, matchLabelKeys=["a"])] == [f"{where}[0]"]
    both = told(labelSelector={}, matchLabelKeys=["a"], mismatchLabelKeys=["a", "b c"])
    assert [problem.path for problem in both] == [f"{where}.mismatchLabelKeys[1]", f"{where}.matchLabelKeys[0]"]
    assert [problem.path for problem in told(topologyKey="")] == [f"{where}.topologyKey"] * 3


def test_resource_claims_are_told_before_the_containers():
    claims = [{"name": "a", "resourceClaimTemplateName": "-a"}, {"name": "a", "resourceClaimName": "x"},
              {"name": "b", "resourceClaimName": "x", "resourceClaimTemplateName": "y"}, {"name": "c"},
              {"resourceClaimName": ""}]  # fmt: skip

    said = paths({"image": ""}, resourceClaims=claims)

    assert said[:5] == [
        "resourceClaims[0].resourceClaimTemplateName", "resourceClaims[1].name", "resourceClaims[2]",
        "resourceClaims[3]", "resourceClaims[4].name",
    ]  # fmt: skip
    assert said[5] == "resourceClaims[4].resourceClaimName" and said[-1] == "containers[0].image"


def test_a_volume_that_is_wrong_cannot_be_mounted():
    conf = {"name": "conf", "configMap": {"name": "c", "items": [{"key": "a", "path": "a", "mode": 8080}]}}
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "conf", "mountPath": "/c"}]

    said = paths({"volumeMounts": mounts}, volumes=[VOLUME, conf])

    assert said == ["volumes[1].configMap.items[0].mode", "containers[0].volumeMounts[1].name"]


def test_a_second_handler_is_told_after_what_is_wrong_with_the_first():
    assert of_container(startupProbe={"exec": {}, "tcpSocket": {}}) == [
        "startupProbe.exec.command", "startupProbe.tcpSocket"
    ]  # fmt: skip


def test_devices_are_told_name_first():
    devices = [{"name": "", "devicePath": "a"}, {"name": "x"}, {"name": "v", "devicePath": "/v/../w"}]
    mounts = [{"name": "v", "mountPath": "/v"}]

    assert of_container(volumeDevices=devices) == [
        "volumeDevices[0].name", "volumeDevices[0].name", "volumeDevices[1].name", "volumeDevices[1].devicePath",
        "volumeDevices[2].name", "volumeDevices[2].devicePath",
    ]  # fmt: skip
    found = paths({"volumeDevices": [{"name": "v", "devicePath": "/v"}], "volumeMounts": mounts}, volumes=[VOLUME])
    assert found[-2:] == ["containers[0].volumeDevices[0].name", "containers[0].volumeDevices[0].devicePath"]


def test_problems_are_told_in_upstreams_order():
    """Of ValidatePodSpec, so that a client that shows the first one shows the same."""
    told = paths(
        tolerations=[{"value": "x"}], securityContext={"runAsUser": -1}, nodeSelector={"a b": "c"}, hostname="A",
        subdomain="B", runtimeClassName="A", nodeName="A", serviceAccountName="A", activeDeadlineSeconds=0,
        dnsPolicy="None", readinessGates=[{"conditionType": "a b"}], hostAliases=[{"ip": "x"}], preemptionPolicy="x",
        os={"name": "x"}, topologySpreadConstraints=[{}], hostUsers=False, hostPID=True, hostnameOverride="A",
        resources={"claims": []}, schedulingGates=[{"name": "a b"}],
        affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}},
    )  # fmt: skip

    assert list(dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in told)) == [
        "resources", "nodeSelector", "securityContext", "affinity", "dnsConfig", "readinessGates", "schedulingGates",
        "topologySpreadConstraints", "HostPID", "hostnameOverride", "serviceAccountName", "nodeName",
        "activeDeadlineSeconds", "hostname", "subdomain", "tolerations", "hostAliases", "runtimeClassName",
        "preemptionPolicy", "os",
    ]  # fmt: skip


def test_a_negative_grace_period_is_accepted_as_upstream():
    assert paths(terminationGracePeriodSeconds=-5) == []


def test_a_pair_of_spread_constraints_is_told_where_it_comes_first():
    same = {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}

    assert paths(topologySpreadConstraints=[same, {**same, "topologyKey": "y"}, same]) == [
        "topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}"
    ]


def test_a_templates_labels_and_annotations_are_judged():
    template = {"metadata": {"labels": {"a b": "c"}, "annotations": {"a b": "c"}}, "spec": {}}
    default_pod(template)

    told = [problem.path for problem in pod_template(template, "spec.template")]

    assert told[:2] == ["spec.template.labels", "spec.template.annotations"]


def test_a_policy_that_is_none_is_told_twice_where_one_is_allowed():
    template = {"spec": {"containers": [{"name": "a", "image": "a"}], "restartPolicy": "always"}}

    def said(**more):
        found = pod_template(template, "t", **more)
        return [problem.message for problem in found if problem.path == "t.spec.restartPolicy"]

    every = 'Unsupported value: "always": supported values: "Always", "OnFailure", "Never"'
    assert said() == [every, 'Unsupported value: "always": supported values: "Always"']
    assert said(restart_policies=("Always", "OnFailure", "Never")) == [every]
