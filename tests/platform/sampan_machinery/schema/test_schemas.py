import contextlib
import json
import threading

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery.schema import Schemas, load
from sampan_machinery.schema.schemas import decode_free
from sampan_machinery.schema.table import shipped

DEPLOYMENT = ("apps", "v1", "Deployment")
POD = ("", "v1", "Pod")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["metadata", "spec", "containers", "name", "replicas", "labels", "template", "limits", "resources", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


def decoded(body, kind=POD):
    return load().decode(*kind, json.dumps(body).encode())


def refusal(body, kind=DEPLOYMENT):
    with pytest.raises(BadRequest) as caught:
        load().decode(*kind, body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value.message


def test_unknown_fields_are_pruned_at_every_level():
    found = decoded({"x": 1, "spec": {"y": 2, "containers": [{"name": "a", "z": 3}]}})

    assert found == {"spec": {"containers": [{"name": "a"}]}}


def test_nulls_are_absent_and_of_empty_values_stay_those_that_mean_something():
    found = decoded({"metadata": {"labels": {}, "uid": None}, "spec": {"hostNetwork": False, "containers": []}})
    meant = {"activeDeadlineSeconds": 0, "hostUsers": False, "securityContext": {}}

    assert found == {"metadata": {}, "spec": {"containers": []}}
    assert decoded({"spec": meant}) == {"spec": meant}


def test_a_null_inside_a_list_or_map_is_a_zero_value():
    found = decoded({"metadata": {"annotations": {"a": None}, "finalizers": [None]}})

    assert found == {"metadata": {"annotations": {"a": ""}, "finalizers": [""]}}


def test_required_fields_may_be_missing():
    assert decoded({"spec": {}}, DEPLOYMENT) == {"spec": {}}


def test_integers_beyond_doubles_stay_exact():
    assert decoded({"metadata": {"generation": 2**53 + 1}}) == {"metadata": {"generation": 2**53 + 1}}


def test_quantities_become_canonical_text():
    limits = {"cpu": 1.5, "memory": "1024Mi", "pods": 10}

    found = decoded({"spec": {"containers": [{"resources": {"limits": limits}}]}})

    assert found["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1500m", "memory": "1Gi", "pods": "10"}


def test_times_become_utc():
    found = decoded({"metadata": {"creationTimestamp": "2024-03-01T01:30:00.5+02:00"}})

    assert found["metadata"]["creationTimestamp"] == "2024-02-29T23:30:00Z"


@pytest.mark.parametrize("text", ["yesterday", "2024-02-30T00:00:00Z", "2024-01-01", "", "x" * 10_000])
def test_what_is_no_time_is_refused(text):
    assert "parsing time" in refusal({"metadata": {"creationTimestamp": text}})


def test_what_is_no_base64_is_refused():
    assert "illegal base64 data at input byte 4" in refusal({"data": {"a": "aGk=!"}}, ("", "v1", "Secret"))


def test_int_or_string_is_either():
    service = ("", "v1", "Service")

    found = decoded({"spec": {"ports": [{"targetPort": 80}, {"targetPort": "http"}]}}, service)

    assert found["spec"]["ports"] == [{"targetPort": 80}, {"targetPort": "http"}]
    assert refusal({"spec": {"ports": [{"targetPort": True}]}}, service)


def test_a_wrong_type_is_worded_as_go_words_it():
    assert refusal({"spec": {"replicas": "3"}}) == (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string '
        "into Go struct field DeploymentSpec.spec.replicas of type int32"
    )


@pytest.mark.parametrize("number", ["1.5", "2147483648", "-1e400"])
def test_a_number_that_is_no_whole_one_is_quoted(number):
    body = b'{"spec":{"template":{"spec":{"containers":[{"ports":[{"containerPort":%s}]}]}}}}' % number.encode()

    assert f"cannot unmarshal number {number} into Go struct field ContainerPort." in refusal(body)


def test_a_source_of_a_volume_is_named_with_the_struct_that_go_embeds():
    said = refusal({"spec": {"azureDisk": "x"}}, ("", "v1", "PersistentVolume"))

    assert "PersistentVolumeSpec.spec.PersistentVolumeSource.azureDisk of type v1.AzureDiskVolumeSource" in said


def test_a_wrong_type_below_lists_and_maps_is_named_without_indexes():
    ports = {"spec": {"template": {"spec": {"containers": [{"ports": {}}]}}}}

    assert "Container.spec.template.spec.containers.ports of type []v1.ContainerPort" in refusal(ports)
    assert "ObjectMeta.metadata.labels of type string" in refusal({"metadata": {"labels": {"a": 1}}})


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"spec": {"restartPolicy": 1}}, "PodSpec.spec.restartPolicy of type v1.RestartPolicy"),
        ({"spec": {"containers": [{"ports": [{"protocol": 1}]}]}},
         "ContainerPort.spec.containers.ports.protocol of type v1.Protocol"),
        ({"spec": {"overhead": 1}}, "PodSpec.spec.overhead of type v1.ResourceList"),
        ({"spec": {"containers": [{"securityContext": {"capabilities": {"add": 1}}}]}},
         "Capabilities.spec.containers.securityContext.capabilities.add of type []v1.Capability"),
        ({"metadata": {"uid": 1}}, "ObjectMeta.metadata.uid of type types.UID"),
        ({"spec": {"hostname": 1}}, "PodSpec.spec.hostname of type string"),
    ],
)  # fmt: skip
def test_types_that_go_names_have_their_names(body, what):
    assert what in refusal(body, ("", "v1", "Pod"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"nope", b"\xff", b'{"metadata":{"name":"\xff"}}'])
def test_what_is_no_object_is_unrecognized(body):
    assert refusal(body).startswith("the object provided is unrecognized (must be of type Deployment)")


def test_truncated_json_says_so():
    assert "unexpected end of JSON input ({)" in refusal(b"{")


@pytest.mark.parametrize(
    ("field", "depth"), [("unknown", 100_000), ("fieldsV1", 250), ("fieldsV1", 900), ("fieldsV1", 100_000)]
)
def test_nesting_bombs_are_refused(field, depth):
    inner = b'{"a":' * depth + b"1" + b"}" * depth

    assert "exceeded max depth" in refusal(b'{"metadata":{"managedFields":[{"%s":%s}]}}' % (field.encode(), inner))


def test_schemas_that_contain_themselves_can_be_decoded():
    kind = ("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    schema = {"type": "object", "properties": {"a": {"properties": {"b": {"x-kubernetes-list-type": "set"}}}}}
    body = {"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}}

    assert decoded(body, kind) == body


@pytest.mark.parametrize("kind", sorted(shipped().kinds))
def test_every_kind_decodes(kind):
    assert load().decode(*kind.split("/"), b'{"bogus":1}') == {}


@pytest.mark.parametrize(
    "kind",
    [
        ("authentication.k8s.io", "v1", "TokenReview"),
        ("authentication.k8s.io", "v1", "TokenRequest"),
        ("authorization.k8s.io", "v1", "SubjectAccessReview"),
        ("autoscaling", "v1", "Scale"),
        ("policy", "v1", "Eviction"),
        ("", "v1", "Binding"),
        ("", "v1", "DeleteOptions"),
        ("apps", "v1", "DeleteOptions"),
        ("", "v1", "Status"),
        ("", "v1", "WatchEvent"),
    ],
)
def test_kinds_that_are_only_sent_are_there(kind):
    assert load().has(*kind)


def test_a_kind_that_is_not_there_is_a_bad_request():
    assert refusal({}, ("apps", "v1", "Nothing")) == 'no kind "Nothing" is registered for version "apps/v1"'


def test_pruning_a_dict_leaves_it_as_it_is():
    given_ = {"x": 1, "metadata": {"name": "a", "labels": {"a": None}}}

    assert load().prune(*POD, given_) == {"metadata": {"name": "a", "labels": {"a": ""}}}
    assert given_ == {"x": 1, "metadata": {"name": "a", "labels": {"a": None}}}


def test_many_threads_may_ask_first():
    schemas, found = Schemas(shipped()), []
    start = threading.Barrier(8)

    def ask():
        start.wait()
        found.append(schemas.decode(*DEPLOYMENT, b'{"metadata":{"name":"a"}}'))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [{"metadata": {"name": "a"}}] * 8


def test_objects_without_schema_are_bounded_too():
    assert decode_free(b'{"a":[1,null]}', "Foo") == {"a": [1, None]}
    for body in (b"[]", b"", b'{"a":' * 500 + b"1" + b"}" * 500):
        with pytest.raises(BadRequest):
            decode_free(body, "Foo")


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata":{"name":"a"}}',
        b'{"metadata":{"name":"a"}}\n',
        b'{"metadata": {"name": "a"}}',
        b'{"metadata":{"name":"a","x":1}}',
        b'{"metadata":{"name":"b","name":"a"}}',
        b'{"metadata":{"name":"a","labels":{"x":"1","x":"2"}}}',
        b'{"metadata":{"annotations":{"x":null}}}',
    ],
)
def test_checked_decoding_is_decoding_and_checking(body):
    schemas = load()

    assert schemas.decode_checked(*POD, body) == (schemas.decode(*POD, body), schemas.strict_problems(*POD, body))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_anything_but_a_bad_request(body):
    schemas = load()
    for ask in (schemas.decode, schemas.strict_problems, schemas.decode_checked):
        with contextlib.suppress(BadRequest):
            msgspec.json.encode(ask(*POD, body))


@settings(max_examples=100, deadline=None)
@given(values)
def test_no_dict_makes_anything_but_a_bad_request(value):
    for ask in (load().prune, load().unknown_fields):
        with contextlib.suppress(BadRequest):
            ask(*POD, value)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1e3", "1e3"), ("1000.0", "1k"), ("0.5", "500m"), ("2e-3", "2e-3"), ("7", "7"), ('"1e3"', "1e3")],
)
def test_a_quantity_keeps_the_family_that_its_number_is_written_in(sent, kept):
    body = '{"spec":{"containers":[{"name":"1.5","resources":{"limits":{"cpu":' + sent + "}}}]}}"

    container = load().decode(*POD, body.encode())["spec"]["containers"][0]

    assert container == {"name": "1.5", "resources": {"limits": {"cpu": kept}}}


@pytest.mark.parametrize("data", [[1], "a", 5, True, {"a": None}])
def test_a_raw_extension_is_any_json(data):
    assert decoded({"data": data}, ("apps", "v1", "ControllerRevision"))["data"] == data


def test_nulls_of_bytes_and_quantities_in_a_map_are_zero_values():
    limits = {"containers": [{"resources": {"limits": {"cpu": None}}}]}

    assert decoded({"binaryData": {"a": None}}, ("", "v1", "ConfigMap")) == {"binaryData": {"a": ""}}
    assert decoded({"spec": limits})["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "0"}}


def test_bytes_may_be_a_list_of_small_numbers():
    assert decoded({"binaryData": {"a": [104, 105, None]}}, ("", "v1", "ConfigMap")) == {"binaryData": {"a": "aGkA"}}
    assert decoded({"binaryData": {"a": []}}, ("", "v1", "ConfigMap")) == {"binaryData": {"a": ""}}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (["a"], "string into Go struct field Secret.data of type uint8"),
        ([1.5], "number 1.5 into Go struct field Secret.data of type uint8"),
        ([256], "number 256 into Go struct field Secret.data of type uint8"),
        ([[1]], "array into Go struct field Secret.data of type uint8"),
        ([True], "bool into Go struct field Secret.data of type uint8"),
        ({}, "object into Go struct field Secret.data of type []uint8"),
        (1, "number into Go struct field Secret.data of type []uint8"),
    ],
)
def test_what_is_no_bytes_is_told_as_go_tells_it(value, told):
    assert f"json: cannot unmarshal {told}" in refusal({"data": {"a": value}}, ("", "v1", "Secret"))
