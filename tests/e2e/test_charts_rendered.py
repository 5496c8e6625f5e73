"""Our charts as the real helm lints and renders them; no cluster is asked."""

from __future__ import annotations

import filecmp
import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from clusters import ROOT

from sampan.contracts.options import ManifestOptions
from sampan_operate.supervisor import election

CHARTS = ROOT / "charts"
ADDONS = sorted(path.parent.parent.name for path in CHARTS.glob("*/templates/_addon.tpl"))
SHARED = ("_shared.tpl", "deployment.yaml", "configmap.yaml", "serviceaccount.yaml", "rbac.yaml", "pdb.yaml")
CONTROL_PLANE = {"store": "etcd://etcd:2379", "pki": {"secret": "sampan-pki"}}
#: What each chart is tried with, besides its defaults.
ALTERED = {
    "dashboard": {
        "settings": {"session_hours": 4.0, "session_key_file": "/etc/sessions/key"}, "replicas": 2, "port": 9000,
        "service": {"annotations": {"a": "b"}}, "extraVolumes": [{"name": "s", "secret": {"secretName": "keys"}}],
        "extraVolumeMounts": [{"name": "s", "mountPath": "/etc/sessions"}],
    },
    "dns": {
        "settings": {"upstream": ["10.0.0.1"]}, "service": {"name": "kube-dns", "clusterIP": "10.96.0.10"},
        "replicas": 3, "tolerations": [{"operator": "Exists"}], "podDisruptionBudget": {"enabled": False},
    },
    "federation": {"settings": {"eviction_seconds": 120.0}, "crds": {"create": False}, "replicas": 1},
    "ingress": {
        "settings": {"body_size": "8m"}, "service": {"type": "NodePort", "nodePorts": {"http": 30080}},
        "ingressClass": {"name": "web", "default": True}, "ports": {"http": 8000}, "nameOverride": "front",
    },
    "logging": {
        "settings": {}, "elasticsearch": {"urls": ["https://a:9200", "https://b:9200"], "secret": True},
        "persistence": {"hostPath": "/var/lib/sampan-logging"}, "serviceAccount": {"create": False, "name": "mine"},
    },
    "metrics": {"settings": {"interval": 30.0}, "prometheus": {"port": 9100}, "apiService": {"create": False}},
    "sampan": {
        "apiserver": {"replicas": 3, "names": ["api.example.com"], "service": {"type": "NodePort", "nodePort": 30443}},
        "settings": {"disable": ["protect"]}, "extraVolumes": [{"name": "etcd", "secret": {"secretName": "etcd"}}],
        "extraVolumeMounts": [{"name": "etcd", "mountPath": "/etc/etcd"}], "extraEnv": [{"name": "A", "value": "b"}],
        "nodeSelector": {"a": "b"}, "priorityClassName": "system-cluster-critical", "fullnameOverride": "inner",
    },
}  # fmt: skip
CASES = [(chart, altered) for chart in (*ADDONS, "sampan") for altered in (False, True)]


#: Where charts belong that do not go anywhere.
PLACES = {"federation": "karmada-cluster", "metrics": "kube-system"}


def place(chart: str) -> str:
    return PLACES.get(chart, "there")


class Helm:
    def __init__(self, program: Path, work: Path) -> None:
        self._program, self._work = program, work

    def __call__(self, *words: str, values: dict | None = None, check: bool = True) -> str:
        (self._work / "values.json").write_text(json.dumps(values or {}))
        done = subprocess.run(
            [str(self._program), *words, "-f", str(self._work / "values.json")],
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout if check else done.stdout + done.stderr

    def objects(self, chart: str, values: dict | None = None, *flags: str) -> list[dict]:
        rendered = self("template", "r", str(CHARTS / chart), "-n", place(chart), *flags, values=values)
        return [each for each in yaml.safe_load_all(rendered) if each]


@pytest.fixture
def helm(tools: Path, tmp_path: Path) -> Helm:
    return Helm(tools / "helm", tmp_path)


def values_for(chart: str, altered: bool) -> dict:
    least = CONTROL_PLANE if chart == "sampan" else {}
    return {**least, **(ALTERED[chart] if altered else {})}


def of_kind(objects: list[dict], *kinds: str) -> list[dict]:
    return [each for each in objects if each["kind"] in kinds]


def settings_in(objects: list[dict]) -> dict:
    (text,) = (each["data"]["sampan.yaml"] for each in of_kind(objects, "ConfigMap") if "sampan.yaml" in each["data"])
    return yaml.safe_load(text)


@pytest.mark.parametrize("chart, altered", CASES)
def test_it_lints_and_every_object_is_where_the_release_is(helm, chart, altered):
    values = values_for(chart, altered)
    helm("lint", "--strict", str(CHARTS / chart), values=values)

    objects = helm.objects(chart, values)

    apart = ("ClusterRole", "ClusterRoleBinding", "IngressClass", "APIService", "CustomResourceDefinition")
    assert {each["metadata"].get("namespace") for each in objects if each["kind"] not in apart} <= {
        place(chart),
        "kube-system",
    }
    assert all(each["metadata"]["labels"]["app.kubernetes.io/instance"] == "r" for each in objects)


@pytest.mark.parametrize("chart, altered", CASES)
def test_pods_run_without_root_and_select_themselves(helm, chart, altered):
    for each in of_kind(helm.objects(chart, values_for(chart, altered)), "Deployment"):
        template = each["spec"]["template"]
        assert each["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        assert template["spec"]["securityContext"]["runAsNonRoot"] is True
        for container in (*template["spec"]["containers"], *template["spec"].get("initContainers", ())):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["requests"]["memory"]
        (main,) = template["spec"]["containers"]
        assert [main[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")] == [
            "/livez",
            "/readyz",
        ]


@pytest.mark.parametrize("chart", ADDONS)
def test_it_may_do_what_the_add_on_ships_and_no_more(helm, chart):
    shipped = _shipped(chart)
    rendered = helm.objects(chart)

    for kind in ("ClusterRole", "Role"):
        assert _rules(rendered, kind) == _rules(shipped, kind)
    account = {"kind": "ServiceAccount", "name": f"r-sampan-{chart}", "namespace": place(chart)}
    for binding in of_kind(rendered, "ClusterRoleBinding", "RoleBinding"):
        assert account in binding["subjects"]
    by_name = {(each["kind"], each["metadata"]["name"]) for each in of_kind(rendered, "ClusterRole", "Role")}
    for binding in of_kind(rendered, "ClusterRoleBinding", "RoleBinding"):
        reference = binding["roleRef"]
        shipped_elsewhere = _targets(shipped)
        assert (reference["kind"], reference["name"]) in by_name | shipped_elsewhere


def _shipped(chart: str) -> list[dict]:
    """What `sampan up` applies for it: its manifests, and those of the Leases of its components."""
    plugin = importlib.import_module(f"sampan_{chart}.plugin")
    what = importlib.import_module(f"sampan_{chart}.manifests").manifests
    found = what(plugin.USER) if chart == "federation" else what(_options(chart))
    return found + [
        obj
        for component in plugin.contribute_components()
        if component.elected
        for obj in election.manifests(component)
    ]


def _options(chart: str) -> ManifestOptions:
    record = getattr(importlib.import_module(f"sampan_{chart}.plugin"), "Settings", None)
    return ManifestOptions(
        dns_ip="10.96.0.10", cluster_domain="cluster.local", settings=record() if record else None
    )  # fmt: skip


def _rules(objects: list[dict], kind: str) -> list[tuple]:
    """(namespace, rule) of all roles of a kind, whatever they are called."""
    return sorted(
        (each["metadata"].get("namespace", ""), json.dumps({key: sorted(rule[key]) for key in sorted(rule)}))
        for each in of_kind(objects, kind)
        for rule in each["rules"]
    )


def _targets(objects: list[dict]) -> set[tuple[str, str]]:
    return {
        (each["roleRef"]["kind"], each["roleRef"]["name"])
        for each in of_kind(objects, "ClusterRoleBinding", "RoleBinding")
    }


@pytest.mark.parametrize("chart", ADDONS)
def test_what_the_add_on_is_told_is_what_it_understands(helm, chart):
    from sampan_server.plugins.plugins import read_settings

    record = getattr(importlib.import_module(f"sampan_{chart}.plugin"), "Settings", None)
    for altered in (False, True):
        said = settings_in(helm.objects(chart, values_for(chart, altered)))
        assert read_settings(chart, record, said["plugins"].get(chart) or {}) is not None or record is None


def test_the_federations_chart_brings_the_kinds_that_the_add_on_has_and_keeps_them(helm):
    from sampan_federation.manifests import definitions

    rendered = of_kind(helm.objects("federation"), "CustomResourceDefinition")

    assert [each["spec"] for each in rendered] == [each["spec"] for each in definitions()]
    assert all(each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"} for each in rendered)
    assert not of_kind(helm.objects("federation", {"crds": {"create": False}}), "CustomResourceDefinition")


def test_settings_go_over_what_the_chart_says_itself(helm):
    said = settings_in(helm.objects("dns", {"settings": {"port": 53, "upstream": ["10.0.0.1"]}}))

    assert said["plugins"]["dns"] == {"port": 53, "publish": False, "upstream": ["10.0.0.1"]}


@pytest.mark.parametrize("chart, wrong", [
    ("dns", {"replikas": 1}), ("dns", {"settings": {"upstreem": []}}), ("ingress", {"service": {"type": "Clusterip"}}),
    ("logging", {"elasticsearch": {"urls": []}}), ("sampan", {"store": "sqlite:///x", "pki": {"secret": "x"}}),
])  # fmt: skip
def test_a_wrong_value_is_refused(helm, chart, wrong):
    refused = helm("template", "r", str(CHARTS / chart), values=wrong, check=False)

    assert "values don't meet the specifications of the schema" in refused


def test_several_dashboards_share_a_key_and_send_a_client_to_one(helm):
    (service,) = of_kind(helm.objects("dashboard", ALTERED["dashboard"]), "Service")

    assert service["spec"]["sessionAffinity"] == "ClientIP"
    assert "session_key_file" in helm("template", "r", str(CHARTS / "dashboard"), values={"replicas": 2}, check=False)


def test_the_control_plane_wants_a_store_and_keys(helm):
    assert "store is the URL of a store" in helm("template", "r", str(CHARTS / "sampan"), check=False)
    missing = helm("template", "r", str(CHARTS / "sampan"), values={"store": "etcd://e:1"}, check=False)
    assert "pki.secret names the Secret" in missing


def test_the_control_planes_settings_are_understood(helm):
    from sampan_settings.settings import parse

    (secret,) = of_kind(helm.objects("sampan", values_for("sampan", True)), "Secret")
    settings = parse(yaml.safe_load(secret["stringData"]["sampan.yaml"]))

    assert settings.store == "etcd://etcd:2379" and not settings.node.enabled and settings.disable == ("protect",)
    assert settings.api.names == ("inner", "inner.there", "inner.there.svc", "api.example.com")


def test_only_the_api_servers_are_given_the_authorities_keys(helm):
    given = {
        each["metadata"]["labels"]["app.kubernetes.io/component"]: {
            item["key"]
            for volume in each["spec"]["template"]["spec"]["volumes"]
            for source in (volume, *(volume.get("projected") or {}).get("sources", ()))
            for item in (source.get("secret") or {}).get("items", ())
        }
        for each in of_kind(helm.objects("sampan", CONTROL_PLANE), "Deployment")
    }

    assert {"ca.key", "encryption.keys"} <= given["apiserver"]
    assert given["reconciler"] == {"ca.crt", "reconciler.crt", "reconciler.key"}
    assert given["scheduler"] == {"ca.crt", "scheduler.crt", "scheduler.key"}


@pytest.mark.parametrize("chart", ADDONS)
def test_what_all_add_ons_have_in_common_is_the_same_file(chart):
    same, other, missing = filecmp.cmpfiles(
        CHARTS / ADDONS[0] / "templates", CHARTS / chart / "templates", SHARED, shallow=False
    )

    assert (other, missing) == ([], [])
    assert set(same) == set(SHARED)


def test_the_schemas_are_what_the_tool_makes(monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("make_chart_schemas", ROOT / "tools" / "make_chart_schemas.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(sys, "argv", ["make_chart_schemas.py", "--check"])

    assert tool.main() == 0, capsys.readouterr().err
