"""Creating and updating; status, deletions, other encodings of bodies."""

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


def test_some_kinds_take_any_finalizer(make_api: Any) -> None:
    kind = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", any_finalizer=True)
    api, where = make_api(kind), "/apis/coordination.k8s.io/v1/namespaces/default/leases"

    assert api.post(where, {"metadata": {"name": "a", "finalizers": ["foo"]}}).status_code == 201
    assert api.post(CMS, {"metadata": {"name": "a", "finalizers": ["foo"]}}).status_code == 422
    (cause,) = api.post(where, {"metadata": {"name": "b", "finalizers": ["a b"]}}).json["details"]["causes"]
    assert cause["field"] == "metadata.finalizers"


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


def test_a_page_that_is_deleted_says_where_the_next_begins(api: Any, shapes: Any) -> None:
    for name in "abc":
        api.post(CMS, shapes.config_map(name))

    first = api.delete(f"{CMS}?limit=2").json
    assert [each["metadata"]["name"] for each in first["items"]] == ["a", "b"]
    assert first["metadata"]["continue"] and first["metadata"]["remainingItemCount"] == 1
    assert "continue" not in api.delete(f"{CMS}?limit=2").json["metadata"]


def test_what_is_said_to_be_protobuf_and_is_not_is_told_so(api: Any) -> None:
    refused = api.call("POST", CMS, b"{}", headers={"Content-Type": "application/vnd.kubernetes.protobuf"})

    why = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})"
    assert refused.json["message"] == f"the object provided is unrecognized (must be of type ConfigMap): {why}"
