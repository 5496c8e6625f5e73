"""Creating, updating, patching, applying; status, scale, other encodings of bodies."""

from __future__ import annotations

from typing import Any

import pytest

from sampan.contracts.kinds import Draft, Kind

CMS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def test_status_and_spec_are_written_apart(api: Any, shapes: Any) -> None:
    body = shapes.deployment("a")
    body["status"] = {"replicas": 9}
    made = api.post(DEPLOYMENTS, body).json
    assert made["status"] == {} and made["metadata"]["generation"] == 1

    shown = api.put(
        f"{DEPLOYMENTS}/a/status", {**made, "status": {"replicas": 3}, "spec": {**made["spec"], "replicas": 7}}
    )
    assert shown.json["status"] == {"replicas": 3} and shown.json["spec"]["replicas"] == 1
    assert shown.json["metadata"]["generation"] == 1
    changed = api.patch(f"{DEPLOYMENTS}/a", {"spec": {"replicas": 2}, "status": None})
    assert changed.json["status"] == {"replicas": 3} and changed.json["metadata"]["generation"] == 2


def test_scale_reads_and_writes_replicas(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    scale = api.get(f"{DEPLOYMENTS}/a/scale").json
    assert scale["kind"] == "Scale" and scale["spec"] == {"replicas": 1}
    assert api.put(f"{DEPLOYMENTS}/a/scale", {**scale, "spec": {"replicas": 5}}).json["spec"] == {"replicas": 5}
    assert api.put(f"{DEPLOYMENTS}/a/scale", scale).status_code == 409
    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 6}}).status_code == 200
    assert api.get(f"{DEPLOYMENTS}/a").json["spec"]["replicas"] == 6
    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": -1}}).status_code == 422


def test_a_write_that_changes_nothing_makes_no_revision(api: Any, shapes: Any) -> None:
    made = api.post(CMS, shapes.config_map("a", x="y")).json

    assert api.put(f"{CMS}/a", made).json == made
    assert api.patch(f"{CMS}/a", {"data": {"x": "y"}}).json == made


def test_an_update_without_revision_overwrites(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a", x="1"))
    api.patch(f"{CMS}/a", {"data": {"x": "2"}})
    assert api.put(f"{CMS}/a", shapes.config_map("a", x="3")).json["data"] == {"x": "3"}


def test_what_the_server_sets_stays_the_servers(api: Any, shapes: Any) -> None:
    made = api.post(CMS, shapes.config_map("a")).json["metadata"]
    other = {"creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7}
    patched = api.patch(f"{CMS}/a", {"metadata": {**other, "labels": {"a": "b"}}}).json["metadata"]

    assert patched["creationTimestamp"] == made["creationTimestamp"] and "generation" not in patched
    assert api.patch(f"{CMS}/a", {"metadata": {"uid": "x"}}).status_code == 422


@pytest.mark.parametrize("sent", [{"deletionTimestamp": "2001-01-01T00:00:00Z"}, {"deletionGracePeriodSeconds": 0}])
def test_a_deletion_cannot_be_written(api: Any, shapes: Any, sent: dict[str, Any]) -> None:
    api.post(CMS, shapes.config_map("a"))

    refused = api.patch(f"{CMS}/a", {"metadata": sent})

    assert refused.status_code == 422 and f"metadata.{next(iter(sent))}" in refused.text
    assert "field is immutable" in refused.text


def test_a_generation_is_kept_where_the_kind_has_none(api: Any, shapes: Any) -> None:
    body, deployment = shapes.config_map("a"), shapes.deployment("a")
    for each in (body, deployment):
        each["metadata"]["generation"] = 7

    assert api.post(CMS, body).json["metadata"]["generation"] == 7
    assert api.post(DEPLOYMENTS, deployment).json["metadata"]["generation"] == 1


def test_a_scale_of_none_leaves_the_zero_out(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 0}}).json["spec"] == {}


def test_no_manager_has_replicas_that_a_scale_leaves_out(api: Any, shapes: Any) -> None:
    where, applied = f"{DEPLOYMENTS}/a", {**shapes.deployment("a"), "apiVersion": "apps/v1", "kind": "Deployment"}
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    api.patch(f"{where}/scale", {"spec": {"replicas": 3}})
    (entry,) = [each for each in api.get(where).json["metadata"]["managedFields"] if each.get("subresource")]
    assert entry["fieldsV1"] == {"f:spec": {"f:replicas": {}}} and "time" not in entry
    applied["spec"]["replicas"] = 2
    assert api.patch(f"{where}?fieldManager=me", applied, "apply-patch+yaml").status_code == 409

    api.patch(f"{where}/scale", {"spec": {"replicas": 0}})
    assert not [each for each in api.get(where).json["metadata"]["managedFields"] if each.get("subresource")]
    assert api.patch(f"{where}?fieldManager=me", applied, "apply-patch+yaml").status_code == 200


def test_a_scale_is_shown_as_the_client_wants_it(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    where, as_table = f"{DEPLOYMENTS}/a/scale", "application/json;as=Table;v=v1;g=meta.k8s.io"

    table = api.get(where, headers={"Accept": as_table}).json
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:3] == ["a", 1, 0]
    partial = api.get(where, headers={"Accept": as_table.replace("Table", "PartialObjectMetadata")}).json
    assert partial["kind"] == "PartialObjectMetadata" and partial["metadata"]["name"] == "a"
    assert api.get(where, headers={"Accept": "text/plain"}).status_code == 406


def test_an_apply_that_creates_takes_a_status_where_a_create_does(api: Any) -> None:
    where, how = "/api/v1/nodes/n?fieldManager=me", "apply-patch+yaml"
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4"}}}

    made = api.patch(where, body, how).json
    again = api.patch(where, {**body, "metadata": {"name": "n", "labels": {"a": "b"}}, "status": {}}, how).json

    assert made["status"]["capacity"] == again["status"]["capacity"] == {"cpu": "4"}
    assert "managedFields" not in made["metadata"]


@pytest.mark.parametrize("status_defaults", [True, False])
def test_a_status_is_defaulted_where_the_defaults_are_also_of_the_status(
    make: Any, shapes: Any, status_defaults: bool
) -> None:
    seen = []
    jobs = "/apis/batch/v1/namespaces/default/jobs"
    job = Kind(
        group="batch", version="v1", kind="Job", plural="jobs", status=True, status_defaults=status_defaults,
        default=lambda obj: seen.append(obj["metadata"]["name"]),
    )  # fmt: skip
    api = make(shapes.Extra(kinds=[job]))
    api.post(jobs, {"metadata": {"name": "a"}, "spec": {"parallelism": 2}})
    assert seen
    seen.clear()

    shown = api.patch(f"{jobs}/a/status", {"status": {"active": 1}, "spec": {"parallelism": 3}}).json
    assert shown["status"]["active"] == 1 and shown["spec"]["parallelism"] == 2
    assert bool(seen) == status_defaults
    assert api.patch(f"{jobs}/a", {"metadata": {"labels": {"a": "b"}}}).status_code == 200 and seen


def test_a_generated_name_is_found(api: Any) -> None:
    made = [api.post(CMS, {"metadata": {"generateName": "web-"}}).json["metadata"]["name"] for _ in range(3)]
    assert len(set(made)) == 3 and all(name.startswith("web-") and len(name) == 9 for name in made)


def test_an_update_that_leaves_generate_name_out_takes_it_away(api: Any) -> None:
    made = api.post(CMS, {"metadata": {"name": "a", "generateName": "a-"}}).json
    assert made["metadata"]["generateName"] == "a-"

    changed = api.put(f"{CMS}/a", {"metadata": {"name": "a"}, "data": {"x": "y"}}).json

    assert "generateName" not in changed["metadata"]


def test_an_invalid_object_is_refused_in_the_usual_words(api: Any, shapes: Any) -> None:
    answer = api.post(DEPLOYMENTS, shapes.deployment("a", replicas=101))
    assert answer.status_code == 422
    assert answer.json["message"] == (
        'Deployment.apps "a" is invalid: spec.replicas: Invalid value: 101: must be at most 100'
    )


@pytest.mark.parametrize(
    ("how", "patch"),
    [
        ("merge-patch+json", {"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}}),
        ("strategic-merge-patch+json", {"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}}),
        ("json-patch+json", [{"op": "add", "path": "/spec/template/metadata/labels/x", "value": "y"}]),
    ],
)
def test_three_kinds_of_patch(api: Any, shapes: Any, how: str, patch: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    done = api.patch(f"{DEPLOYMENTS}/a", patch, how)
    assert done.status_code == 200 and done.json["spec"]["template"]["metadata"]["labels"] == {"app": "a", "x": "y"}


def test_a_strategic_patch_merges_containers_by_name(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    change = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "x"}]}}}}
    done = api.patch(f"{DEPLOYMENTS}/a", change, "strategic-merge-patch+json")
    assert {each["name"] for each in done.json["spec"]["template"]["spec"]["containers"]} == {"main", "side"}


def test_apply_creates_merges_and_conflicts(api: Any) -> None:
    config = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {mine: '1'}\n"
    first = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string="fieldManager=one")
    assert first.status_code == 201 and first.json["metadata"]["managedFields"][0]["manager"] == "one"
    again = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string="fieldManager=one")
    assert again.status_code == 200 and again.json == first.json

    theirs = config.replace(b"'1'", b"'2'")
    refused = api.patch(f"{CMS}/a", theirs, "apply-patch+yaml", query_string="fieldManager=two")
    assert refused.status_code == 409 and refused.json["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    forced = api.patch(f"{CMS}/a", theirs, "apply-patch+yaml", query_string="fieldManager=two&force=true")
    assert forced.json["data"] == {"mine": "2"}
    assert api.patch(f"{CMS}/a", config, "apply-patch+yaml").status_code in (400, 422)


def test_yaml_bodies_are_read(api: Any) -> None:
    body = b"metadata:\n  name: a\ndata:\n  x: 'y'\n"
    assert api.call("POST", CMS, body, headers={"Content-Type": "application/yaml"}).json["data"] == {"x": "y"}
    bomb = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)
    )
    assert api.call("POST", CMS, bomb, headers={"Content-Type": "application/yaml"}).status_code == 400


def test_a_protobuf_delete_is_understood(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a"))
    meta = b"\x0a\x02v1\x12\x0dDeleteOptions"
    raw = b"\x22\x0aBackground"  # propagationPolicy
    body = b"k8s\x00" + b"\x0a" + bytes([len(meta)]) + meta + b"\x12" + bytes([len(raw)]) + raw

    answer = api.call("DELETE", f"{CMS}/a", body, headers={"Content-Type": "application/vnd.kubernetes.protobuf"})
    assert answer.status_code == 200, answer.text


def test_warnings_reach_the_client(make: Any, shapes: Any) -> None:
    class Careful:
        name, operations, mutates, priority = "careful", frozenset({"CREATE"}), False, 500

        def admit(self, review: Any) -> None:
            review.warnings.append('mind "this"')

    answer = make(shapes.Extra(admitters=[Careful()])).post(CMS, shapes.config_map("a"))
    assert answer.headers["warning"] == '299 - "mind \\"this\\""'


def test_an_apply_that_is_repeated_writes_nothing_though_it_holds_empty_values(
    api: Any, shapes: Any, monkeypatch: Any
) -> None:
    config = shapes.deployment("a")
    config |= {"apiVersion": "apps/v1", "kind": "Deployment"}
    config["metadata"]["labels"] = {}
    config["spec"]["template"]["spec"] |= {"tolerations": [], "nodeSelector": {}, "hostNetwork": False, "volumes": []}
    config["spec"]["template"]["spec"]["containers"][0] |= {"env": [], "args": None, "tty": False}
    where, query = f"{DEPLOYMENTS}/a", "fieldManager=one"
    first = api.patch(where, config, "apply-patch+yaml", query_string=query)
    assert first.status_code == 201, first.json
    monkeypatch.setattr("sampan_server.write.stamps.timestamp", lambda now: "2030-01-01T00:00:00Z")
    again = api.patch(where, config, "apply-patch+yaml", query_string=query)

    assert again.status_code == 200 and again.json == first.json
    assert set(again.json["spec"]["template"]["spec"]) & {"tolerations", "nodeSelector", "hostNetwork"} == set()


def test_what_is_always_written_is_null_or_zero_and_updates_survive_it(api: Any) -> None:
    made = api.post(CMS.replace("configmaps", "pods"), {"metadata": {"name": "p"}}).json
    assert made["spec"]["containers"] is None and made["status"] == {}
    patched = api.patch(
        CMS.replace("configmaps", "pods") + "/p", {"metadata": {"labels": {"a": "b"}}}, "merge-patch+json"
    )
    assert patched.status_code == 200 and patched.json["spec"]["containers"] is None


@pytest.mark.parametrize(
    ("raw", "read"), [(rb"x\ud800y", "x\ufffdy"), (b"x\xffy", "x\ufffdy"), (rb"\ud83d\ude00", "\U0001f600")]
)
def test_what_is_no_text_becomes_replacement_characters(api: Any, raw: bytes, read: str) -> None:
    made = api.post(CMS, b'{"metadata":{"name":"a"},"data":{"a":"%b"}}' % raw)
    assert made.status_code == 201 and made.json["data"]["a"] == read
    patched = api.patch(f"{CMS}/a", b'{"data":{"b":"%b"},"\xff":"%b"}' % (raw, raw), "merge-patch+json")
    assert patched.status_code == 200 and patched.json["data"] == {"a": read, "b": read}


def test_a_strategic_patch_may_hold_whole_floats_and_other_patches_may_not(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    where, change = f"{DEPLOYMENTS}/a", {"spec": {"replicas": 2.0}}
    assert api.patch(where, change, "strategic-merge-patch+json").json["spec"]["replicas"] == 2
    scaled = api.patch(f"{where}/scale", {"spec": {"replicas": 3.0}}, "strategic-merge-patch+json")
    assert scaled.json["spec"]["replicas"] == 3

    broken = api.patch(where, {"spec": {"replicas": 2.5}}, "strategic-merge-patch+json")
    assert broken.status_code == 422
    assert broken.json["message"].startswith(' "" is invalid: patch: Invalid value: "map[spec:map[replicas:2.5]]": ')
    assert broken.json["details"]["causes"][0]["field"] == "patch"
    for how in ("merge-patch+json", "json-patch+json"):
        sent = change if how[0] == "m" else [{"op": "replace", "path": "/spec/replicas", "value": 2.0}]
        refused = api.patch(where, sent, how)
        assert refused.status_code == 422 and "DeploymentSpec.spec.replicas of type int32" in refused.json["message"]
        assert api.patch(f"{where}/scale", sent, how).status_code == 422


def test_a_patch_that_names_a_field_twice_or_an_unknown_one_is_told(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    where, change = f"{DEPLOYMENTS}/a", b'{"spec":{"paused":true,"paused":false,"nope":1}}'
    warned = api.patch(where, change, "merge-patch+json")
    assert 'duplicate field \\"spec.paused\\"' in warned.headers["warning"]
    refused = api.patch(where, change, "merge-patch+json", query_string="fieldValidation=Strict")
    assert refused.status_code == 422
    assert refused.json["message"].endswith('error: duplicate field "spec.paused", unknown field "spec.nope"')
    operation = [{"op": "add", "path": "/spec/paused", "value": True, "x": 1}]
    warned = api.patch(where, operation, "json-patch+json")
    assert 'json patch unknown field \\"[0].x\\"' in warned.headers["warning"]


def test_a_scale_of_another_name_is_refused(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    assert api.patch(f"{DEPLOYMENTS}/a/scale", {"metadata": {"name": "z"}}, "merge-patch+json").status_code == 400


@pytest.mark.parametrize("below", ["", "/status", "/scale"])
def test_an_update_names_its_object_whether_it_is_there_or_not(api: Any, shapes: Any, below: str) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    for name in ("a", "absent"):
        refused = api.put(f"{DEPLOYMENTS}/{name}{below}", {"metadata": {}, "spec": {}})
        assert refused.status_code == 400
        why = f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        assert refused.json["message"] == why


@pytest.mark.parametrize(
    ("query", "field", "why"),
    [
        (f"fieldManager={'m' * 129}", "fieldManager", "Too long: may not be more than 128 bytes"),
        ("fieldManager=%07x", "fieldManager", "invalid character U+0007 (at position 0)"),
        ("dryRun=Some", "dryRun", "Unsupported value"),
        ("fieldValidation=Loose", "fieldValidation", "Unsupported value"),
        ("force=true", "force", "Forbidden: may not be specified for non-apply patch"),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(api: Any, query: str, field: str, why: str) -> None:
    api.post(CMS, {"metadata": {"name": "a"}})
    refused = api.patch(f"{CMS}/a", {"data": {"x": "y"}}, "merge-patch+json", query_string=query)
    assert refused.status_code == 422 and refused.json["details"]["kind"] == "PatchOptions"
    assert refused.json["details"]["causes"][0]["field"] == field
    assert refused.json["message"].startswith(f'PatchOptions.meta.k8s.io "" is invalid: {field}: ')
    assert why in refused.json["message"] and "data" not in api.get(f"{CMS}/a").json


@pytest.mark.parametrize(
    "changed", [{"apiVersion": ""}, {"kind": ""}, {"apiVersion": "v2"}, {"kind": "Secret"}, {"apiVersion": 7}]
)
def test_an_apply_names_its_type(api: Any, changed: dict[str, Any]) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **changed}
    refused = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string="fieldManager=one")
    assert refused.status_code == 400 and refused.json["message"].startswith("invalid object type: /")


def test_an_apply_that_creates_names_its_object(api: Any) -> None:
    def apply(**metadata: Any) -> Any:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
        return api.patch(f"{CMS}/a", body, "apply-patch+yaml", query_string="fieldManager=me")

    refused = apply()
    assert refused.status_code == 400 and "undeterminable: name must be provided" in refused.json["message"]
    assert apply(name="a").status_code == 201
    assert apply().status_code == 200  # what is there has its name


def test_an_apply_without_a_manager_is_invalid(api: Any) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    refused = api.patch(f"{CMS}/a", config, "apply-patch+yaml")
    assert refused.status_code == 422 and refused.json["details"]["causes"][0]["reason"] == "FieldValueRequired"


def test_keys_that_an_apply_gives_twice_are_a_warning_unless_strict(api: Any) -> None:
    config = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b, a: c}\n"
    query = "fieldManager=one"
    warned = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string=query)
    assert warned.status_code == 201 and "already set in map" in warned.headers["warning"]
    strict = api.patch(f"{CMS}/a", config, "apply-patch+yaml", query_string=query + "&fieldValidation=Strict")
    assert strict.status_code == 400


def test_a_deletion_with_an_unknown_dry_run_deletes_nothing(api: Any) -> None:
    api.post(CMS, {"metadata": {"name": "a"}})
    for wrong in (["Some"], "All", ["All", "x"]):
        assert api.delete(f"{CMS}/a", {"dryRun": wrong}).status_code in (400, 422)
    assert api.delete(f"{CMS}/a", {"dryRun": ["All"]}).status_code == 200
    assert api.get(f"{CMS}/a").status_code == 200


@pytest.mark.parametrize("strictness", ["Warn", "Strict", "Ignore"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"metadata":{"name":"x"},"\xff":1}', "\ufffd"),
        (b'{"metadata":{"name":"x"},"zz":"\xff"}', "zz"),
        (b'{"metadata":{"name":"x"},"zz":1e400}', "zz"),
        (b'{"metadata":{"name":"x"},"zz":' + b"9" * 5_000 + b"}", "zz"),
    ],
)
def test_what_an_unknown_field_holds_does_not_matter(api: Any, body: bytes, field: str, strictness: str) -> None:
    """Go's reader passes over the value without looking into it."""
    answer = api.client.simulate_post(
        CMS, query_string=f"dryRun=All&fieldValidation={strictness}", body=body,
        headers={"Content-Type": "application/json"}, extras={"sampan.user": api.user},
    )  # fmt: skip

    assert answer.status_code == (400 if strictness == "Strict" else 201)
    if strictness == "Strict":
        assert f'strict decoding error: unknown field "{field}"' in answer.json["message"]
    elif strictness == "Warn":
        assert "unknown field" in answer.headers["Warning"]


@pytest.mark.parametrize("depth", [150, 500, 960])
@pytest.mark.parametrize("how", ["strategic-merge-patch+json", "merge-patch+json"])
def test_a_deep_patch_is_no_fault_of_the_server(api: Any, shapes: Any, how: str, depth: int) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    patch = b'{"spec":' + b'{"a":' * depth + b"1.0" + b"}" * depth + b"}"
    for query in ("", "fieldValidation=Strict"):
        assert api.patch(f"{DEPLOYMENTS}/a", patch, how, query_string=query).status_code < 500
    broken = patch.replace(b'{"spec":', b'{"metadata":{"labels":{"a":') + b"}}"
    assert api.patch(f"{DEPLOYMENTS}/a", broken, how).status_code in (400, 422)


def test_a_dry_run_that_would_create_shows_the_version_it_was_sent(make: Any, shapes: Any) -> None:
    lease = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", create_on_update=True)
    api = make(shapes.Extra(kinds=[lease]))
    where = "/apis/coordination.k8s.io/v1/namespaces/default/leases/a?dryRun=All"
    body = {"metadata": {"name": "a", "resourceVersion": "5"}}

    table = api.put(where, body, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})

    assert api.put(where, body).json["metadata"]["resourceVersion"] == "5"
    assert table.json["metadata"] == {"resourceVersion": "5"}
    assert "resourceVersion" not in api.put(where, {"metadata": {"name": "a"}}).json["metadata"]


def test_an_updater_owns_what_was_sent_and_not_what_the_server_makes_of_it(make: Any, shapes: Any) -> None:
    def prepare(draft: Draft) -> None:
        if draft.old is not None:
            draft.object["spec"].pop("preferredHolder", None)
            draft.object["spec"]["leaseTransitions"] = 7

    lease = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", prepare=prepare)
    api = make(shapes.Extra(kinds=[lease]))
    where = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    made = api.post(where, {"metadata": {"name": "a", "labels": {"a": "b"}}}).json

    spec = {"holderIdentity": "me", "preferredHolder": "you"}
    written = api.put(f"{where}/a?fieldManager=me", {**made, "spec": spec}).json

    assert written["spec"] == {"holderIdentity": "me", "leaseTransitions": 7}
    (mine,) = [each for each in written["metadata"]["managedFields"] if each["manager"] == "me"]
    assert mine["fieldsV1"] == {"f:spec": {"f:holderIdentity": {}, "f:preferredHolder": {}}}


def test_an_apply_to_a_scale_takes_the_replicas_from_who_has_them(api: Any, shapes: Any) -> None:
    where, how = f"{DEPLOYMENTS}/a", "apply-patch+yaml"
    sent = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": 4}}
    api.post(f"{DEPLOYMENTS}?fieldManager=first", shapes.deployment("a"))

    refused = api.patch(f"{where}/scale?fieldManager=me", sent, how)
    assert refused.status_code == 409 and refused.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first" using autoscaling/v1',
         "field": ".spec.replicas"}
    ]  # fmt: skip
    taken = api.patch(f"{where}/scale?fieldManager=me&force=true", sent, how)
    assert taken.json["kind"] == "Scale" and taken.json["spec"] == {"replicas": 4}

    entries = {entry["manager"]: entry for entry in api.get(where).json["metadata"]["managedFields"]}
    assert entries["me"]["operation"] == "Apply" and entries["me"]["subresource"] == "scale"
    assert entries["me"]["apiVersion"] == "apps/v1" and entries["me"]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in entries["first"]["fieldsV1"]["f:spec"]
    assert api.patch(f"{where}/scale?fieldManager=me", sent, how).json["metadata"] == taken.json["metadata"]


def test_an_apply_to_a_scale_is_checked_as_any_other(api: Any, shapes: Any) -> None:
    where, how = f"{DEPLOYMENTS}/a/scale?fieldManager=me&force=true", "apply-patch+yaml"
    sent = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": -1}}
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    assert api.patch(where, sent, how).status_code == 422
    assert api.patch(where, {**sent, "kind": "Foo"}, how).status_code == 400
    assert api.patch(f"{DEPLOYMENTS}/none/scale?fieldManager=me", sent, how).status_code == 404


def test_what_a_kind_advises_is_a_warning(make_api: Any) -> None:
    kind = Kind(group="a.example", version="v1", kind="Boat", plural="boats", schema={"type": "object"},
                warn=lambda new, old: ["it is new"] if old is None else ["it is old", "it is old"])  # fmt: skip
    api, where = make_api(kind), "/apis/a.example/v1/namespaces/default/boats"

    made = api.post(where, {"metadata": {"name": "b"}})
    changed = api.patch(f"{where}/b", {"metadata": {"labels": {"a": "b"}}})

    assert made.headers["Warning"] == '299 - "it is new"'
    assert changed.headers["Warning"] == '299 - "it is old"'
    assert "Warning" not in api.get(f"{where}/b").headers


def test_a_status_without_metadata_leaves_labels_alone(make_api: Any) -> None:
    schema = {"type": "object", "properties": {"status": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    kind = Kind(group="a.example", version="v1", kind="Boat", plural="boats", schema=schema, status=True,
                status_metadata=False)  # fmt: skip
    api, where = make_api(kind), "/apis/a.example/v1/namespaces/default/boats"
    sent = {"apiVersion": "a.example/v1", "kind": "Boat", "metadata": {"name": "b", "labels": {"a": "b"}},
            "status": {"a": "x"}}  # fmt: skip
    api.post(where, {"metadata": {"name": "b"}})

    patched = api.patch(f"{where}/b/status", {"metadata": {"labels": {"a": "b"}}, "status": {"a": "w"}}).json
    applied = api.patch(f"{where}/b/status?fieldManager=me&force=true", sent, "apply-patch+yaml").json

    assert "labels" not in patched["metadata"] and patched["status"] == {"a": "w"}
    assert "labels" not in applied["metadata"] and applied["status"] == {"a": "x"}
    (entry,) = [entry for entry in applied["metadata"]["managedFields"] if entry["manager"] == "me"]
    assert entry["fieldsV1"] == {"f:status": {"f:a": {}}}


def test_what_clients_cannot_change_has_no_manager(make_api: Any) -> None:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    kind = Kind(group="a.example", version="v1", kind="Boat", plural="boats", schema=schema, unmanaged=("spec",))
    api, where, how = make_api(kind), "/apis/a.example/v1/namespaces/default/boats", "apply-patch+yaml"
    body = {"apiVersion": "a.example/v1", "kind": "Boat", "metadata": {"name": "b", "labels": {"a": "b"}}}

    made = api.patch(f"{where}/b?fieldManager=me", {**body, "spec": {"a": "x"}}, how).json
    changed = api.patch(f"{where}/b?fieldManager=you", {"spec": {"a": "y"}, "metadata": {"labels": {"c": "d"}}}).json

    assert made["spec"] == changed["spec"] == {"a": "x"}
    assert all(entry["fieldsV1"].keys() == {"f:metadata"} for entry in changed["metadata"]["managedFields"])


def test_an_owner_that_is_given_twice_is_kept_once_with_a_warning(api: Any) -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1"}
    other = {**owner, "name": "q"}
    meta = {"name": "a", "ownerReferences": [owner, other, owner]}

    made = api.post(CMS, {"metadata": meta})
    merged = api.patch(f"{CMS}/a", {"metadata": {"ownerReferences": [owner, owner]}})

    assert made.json["metadata"]["ownerReferences"] == [owner, other]
    assert "ownerReferences contains duplicate entries; " in made.headers["warning"]
    assert made.headers["warning"].endswith('observed: u1"')
    assert merged.json["metadata"]["ownerReferences"] == [owner]
    assert "duplicate entries after mutating admission happens; " in merged.headers["warning"]


def test_a_status_may_leave_the_labels_alone_and_take_annotations(make_api: Any) -> None:
    schema = {"type": "object", "properties": {"status": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    kind = Kind(group="a.example", version="v1", kind="Boat", plural="boats", schema=schema, status=True,
                status_labels=False)  # fmt: skip
    api, where = make_api(kind), "/apis/a.example/v1/namespaces/default/boats"
    meta = {"name": "b", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    api.post(where, {"metadata": {"name": "b"}})

    patched = api.patch(f"{where}/b/status", {"metadata": {"labels": {"x": "y"}}, "status": {"a": "w"}}).json
    sent = {"apiVersion": "a.example/v1", "kind": "Boat", "metadata": meta, "status": {"a": "x"}}
    applied = api.patch(f"{where}/b/status?fieldManager=me&force=true", sent, "apply-patch+yaml").json

    assert "labels" not in patched["metadata"] and "labels" not in applied["metadata"]
    assert applied["metadata"]["annotations"] == {"c": "d"}
    (entry,) = [entry for entry in applied["metadata"]["managedFields"] if entry["manager"] == "me"]
    assert entry["fieldsV1"] == {"f:metadata": {"f:annotations": {"f:c": {}}}, "f:status": {"f:a": {}}}


@pytest.mark.parametrize("terms", [None, []])
def test_a_list_that_is_stored_as_null_and_one_that_is_empty_are_one_generation(
    api: Any, shapes: Any, terms: Any
) -> None:
    body = shapes.deployment("a")
    required: dict[str, Any] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}
    body["spec"]["template"]["spec"]["affinity"] = required
    made = api.post(DEPLOYMENTS, body).json
    assert made["spec"]["template"]["spec"]["affinity"]["nodeAffinity"] == {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": None}
    }

    selector = {"nodeSelectorTerms": terms} if terms is not None else {}
    required = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector}}
    patch = {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {"spec": {"affinity": required}}}}
    assert api.patch(f"{DEPLOYMENTS}/a", patch).json["metadata"]["generation"] == 1

    applied = {**body, "metadata": {"name": "a"}}
    applied["spec"]["template"]["spec"]["affinity"] = required
    done = api.patch(f"{DEPLOYMENTS}/a?fieldManager=me&force=true", applied, "apply-patch+yaml")
    assert done.json["metadata"]["generation"] == 1
    selector["nodeSelectorTerms"] = [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
    assert api.patch(f"{DEPLOYMENTS}/a", patch).json["metadata"]["generation"] == 2


@pytest.mark.parametrize("sub", ["", "/status"])
def test_a_patch_cannot_take_the_name_away(api: Any, shapes: Any, sub: str) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))

    for how, patch in (
        ("merge-patch+json", {"metadata": {"name": ""}}),
        ("strategic-merge-patch+json", {"metadata": {"name": None}}),
        ("json-patch+json", [{"op": "remove", "path": "/metadata/name"}]),
    ):
        refused = api.patch(f"{DEPLOYMENTS}/a{sub}", patch, how)
        why = "the name of the object (a based on URL) was undeterminable: name must be provided"
        assert (refused.status_code, refused.json["message"]) == (400, why)


def test_a_kind_that_wants_to_know_the_version_is_not_changed_without(make_api: Any) -> None:
    kind = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", unconditional_update=False)
    api, where = make_api(kind), "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    api.post(where, {"metadata": {"name": "a"}})
    applied = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "a", "resourceVersion": ""},
    }

    answers = [
        api.put(f"{where}/a", {"metadata": {"name": "a"}}),
        api.patch(f"{where}/a", {"metadata": {"resourceVersion": ""}}),
        api.patch(f"{where}/a", {"metadata": {"resourceVersion": "0"}}),
        api.patch(f"{where}/a?fieldManager=me", applied, "apply-patch+yaml"),
    ]
    for refused in answers:
        assert refused.status_code == 422 and "metadata.resourceVersion: Invalid value: 0: must be" in refused.text
        assert refused.json["details"]["kind"] == "leases"
    del applied["metadata"]["resourceVersion"]  # type: ignore[attr-defined]
    assert api.patch(f"{where}/a", {"metadata": {"labels": {"a": "b"}}}).status_code == 200
    assert api.patch(f"{where}/a?fieldManager=me", applied, "apply-patch+yaml").status_code == 200


def test_what_is_not_there_is_not_found_whatever_version_is_applied(api: Any, shapes: Any) -> None:
    body = shapes.deployment("a")
    body["metadata"]["resourceVersion"] = "a-b"
    where = f"{DEPLOYMENTS}/a/status?fieldManager=me"

    assert api.patch(where, body, "apply-patch+yaml").status_code == 404
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    assert api.patch(where, body, "apply-patch+yaml").status_code == 400


def test_what_an_apply_does_not_take_is_read_all_the_same(api: Any, shapes: Any) -> None:
    api.post(DEPLOYMENTS, shapes.deployment("a"))
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    body["status"] = {"conditions": [{"type": "A", "status": "True", "lastUpdateTime": "soon"}]}

    refused = api.patch(f"{DEPLOYMENTS}/a?fieldManager=me", body, "apply-patch+yaml")

    assert refused.status_code == 400 and "parsing time" in refused.json["message"]


def test_some_kinds_take_any_finalizer(make_api: Any) -> None:
    kind = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", any_finalizer=True)
    api, where = make_api(kind), "/apis/coordination.k8s.io/v1/namespaces/default/leases"

    assert api.post(where, {"metadata": {"name": "a", "finalizers": ["foo"]}}).status_code == 201
    assert api.post(CMS, {"metadata": {"name": "a", "finalizers": ["foo"]}}).status_code == 422
    (cause,) = api.post(where, {"metadata": {"name": "b", "finalizers": ["a b"]}}).json["details"]["causes"]
    assert cause["field"] == "metadata.finalizers"


def test_an_apply_may_leave_the_name_out_and_not_empty(api: Any, shapes: Any) -> None:
    api.post(CMS, shapes.config_map("a"))
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ""}, "data": {"x": "y"}}

    refused = api.patch(f"{CMS}/a?fieldManager=me", body, "apply-patch+yaml")
    assert (refused.status_code, "name must be provided" in refused.text) == (400, True)
    body["metadata"] = {}
    assert api.patch(f"{CMS}/a?fieldManager=me", body, "apply-patch+yaml").json["data"] == {"x": "y"}


@pytest.mark.parametrize("how", ["merge-patch+json", "strategic-merge-patch+json", "json-patch+json"])
def test_what_is_not_there_is_not_found_whatever_the_patch_is(api: Any, shapes: Any, how: str) -> None:
    assert api.patch(f"{CMS}/a", b"{", how).status_code == 404
    api.post(CMS, shapes.config_map("a"))
    assert api.patch(f"{CMS}/a", b"{", how).status_code == 400


@pytest.mark.parametrize(("body", "media"), [(b"null", "json"), (b" null\n", "json"), (b"null", "yaml"), (b"", "yaml")])
def test_nothing_is_an_object_without_fields(api: Any, body: bytes, media: str) -> None:
    made = api.call("POST", CMS, body, headers={"Content-Type": f"application/{media}"})

    assert (made.status_code, made.json["details"]["causes"][0]["field"]) == (422, "metadata.name")
    changed = api.call("PUT", f"{CMS}/a", body, headers={"Content-Type": f"application/{media}"})
    assert (changed.status_code, "name must be provided" in changed.text) == (400, True)


@pytest.mark.parametrize("media", ["json", "yaml"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"kind":1}', "number into Go struct field .kind of type string"),
        (b'{"apiVersion":{}}', "object into Go struct field .apiVersion of type string"),
        (b"[]", "array into Go value of type struct"),
        (b'"a"', "string into Go value of type struct"),
    ],
)
def test_what_is_no_object_with_a_kind_is_told_so(api: Any, body: bytes, media: str, told: str) -> None:
    refused = api.call("POST", CMS, body, headers={"Content-Type": f"application/{media}"})

    assert refused.status_code == 400
    assert f"couldn't get version/kind; json parse error: json: cannot unmarshal {told}" in refused.json["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "invalid object type: /, Kind="),
        (b"kind: 1", "invalid object type: /, Kind="),
        (b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ],
)
def test_what_is_no_configuration_is_told_so(api: Any, body: bytes, told: str) -> None:
    refused = api.patch(f"{CMS}/a?fieldManager=me", body, "apply-patch+yaml")

    assert refused.status_code == 400 and refused.json["message"].endswith(told)


def test_a_page_that_is_deleted_says_where_the_next_begins(api: Any, shapes: Any) -> None:
    for name in "abc":
        api.post(CMS, shapes.config_map(name))

    first = api.delete(f"{CMS}?limit=2").json
    assert [each["metadata"]["name"] for each in first["items"]] == ["a", "b"]
    assert first["metadata"]["continue"] and first["metadata"]["remainingItemCount"] == 1
    assert "continue" not in api.delete(f"{CMS}?limit=2").json["metadata"]
