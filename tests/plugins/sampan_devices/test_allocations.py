import pytest

from sampan_devices.allocations import claim_status, default_status, drop_deallocated

KNOWN = {"gpu": frozenset()}
RESULT = {"request": "gpu", "driver": "gpu.example.com", "pool": "n", "device": "gpu-0"}
DEVICE = {"driver": "gpu.example.com", "pool": "n", "device": "gpu-0"}
POD = {"resource": "pods", "name": "web", "uid": "1"}
SHARE = "58afdf2d-fa66-4d47-8efa-21d65dfb0bce"


def allocation(*results, **fields):
    return {"devices": {"results": list(results or [RESULT])}, **fields}


def found(old=None, *, deleting=False, **status):
    problems = claim_status("status", status, old or {}, KNOWN, deleting=deleting)
    return [f"{each.path}: {each.message}" for each in problems]


def test_good_statuses():
    assert found(allocation={}) == []
    assert found(allocation=allocation(), reservedFor=[POD], devices=[{**DEVICE, "data": {"a": 1}}]) == []
    assert found(allocation=allocation({**RESULT, "shareID": SHARE}), devices=[{**DEVICE, "shareID": SHARE}]) == []


@pytest.mark.parametrize(
    "result, line",
    [
        ({"request": "other"}, 'request: Invalid value: "other": must be the name of a request in the claim'),
        ({"driver": ""}, "driver: Required value"),
        ({"pool": ""}, "pool: Required value"),
        ({"device": ""}, 'device: Invalid value: "": a lowercase RFC 1123 label'),
        ({"shareID": "a"}, 'shareID: Invalid value: "a": error validating uid: invalid UUID length: 1'),
        (
            {"bindingConditions": ["a"]},
            "bindingFailureConditions: Invalid value: null: bindingFailureConditions are req",
        ),
    ],
)
def test_what_is_wrong_with_a_result_is_named(result, line):
    told = found(allocation=allocation({**RESULT, **result}))

    assert told[0].startswith(f"status.allocation.devices.results[0].{line}")


def test_what_is_wrong_with_the_rest_of_an_allocation_is_named():
    config = {"opaque": {"driver": "a", "parameters": {}}}

    assert found(allocation={"devices": {"config": [config]}}) == [
        "status.allocation.devices.config[0].source: Required value"
    ]
    assert found(allocation={"devices": {"config": [{**config, "source": "Odd"}]}})[0].startswith(
        'status.allocation.devices.config[0].source: Unsupported value: "Odd": supported values: "FromClaim", "FromC'
    )
    assert found(allocation={"nodeSelector": {}})[0].startswith(
        "status.allocation.nodeSelector.nodeSelectorTerms: Requ"
    )
    assert found(allocation=allocation(*[RESULT] * 33)) == [
        "status.allocation.devices.results: Too many: 33: must have at most 32 items"
    ]


def test_an_allocation_never_changes_but_goes():
    old = {"allocation": allocation()}

    assert found(old, allocation=allocation()) == []
    assert found(old) == []
    [told] = found(old, allocation={})
    assert told.startswith("status.allocation: Invalid value: {}: field is immutable")


def test_consumers_are_whole_and_there_once():
    assert found(allocation={}, reservedFor=[{}]) == [
        f"status.reservedFor[0].{field}: Required value" for field in ("resource", "name", "uid")
    ]
    assert found(allocation={}, reservedFor=[POD, POD]) == ['status.reservedFor[1]: Duplicate value: "1"']


def test_only_an_allocated_claim_is_reserved():
    assert found(reservedFor=[POD]) == [
        "status.reservedFor: Forbidden: may not be specified when `allocated` is not set"
    ]


def test_a_claim_that_goes_gets_no_new_consumers():
    old = {"allocation": {}, "reservedFor": [POD]}

    assert found(old, deleting=True, **old) == []
    [told] = found(old, deleting=True, allocation={}, reservedFor=[POD, {**POD, "uid": "2"}])
    assert told.startswith("status.reservedFor: Forbidden: new entries may not be added while")


@pytest.mark.parametrize(
    "device, line",
    [
        (
            {"device": "other"},
            'status.devices[0]: Invalid value: {"Driver":"gpu.example.com","Pool":"n","Device":"other","ShareID":""',
        ),
        ({"conditions": [{}] * 9}, "status.devices[0].conditions: Too many: 9: must have at most 8 items"),
        ({"data": []}, 'status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object'),
        (
            {"networkData": {"interfaceName": "a" * 257}},
            "status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes",
        ),
        (
            {"networkData": {"ips": ["10.0.0.1"]}},
            'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form',
        ),
        (
            {"networkData": {"ips": ["2001:DB8::1/64"]}},
            'status.devices[0].networkData.ips[0]: Invalid value: "2001:DB8::1/64": must be in canonical form ("20',
        ),
    ],
)
def test_what_is_wrong_with_what_a_driver_says_is_named(device, line):
    assert found(allocation=allocation(), devices=[{**DEVICE, **device}])[0].startswith(line)


def test_what_was_said_about_devices_goes_with_their_allocation():
    old = {"allocation": allocation()}
    kept, gone = {"allocation": allocation(), "devices": [DEVICE]}, {"devices": [DEVICE]}
    for status in (kept, gone):
        drop_deallocated(status, old)

    assert kept["devices"] == [DEVICE]
    assert gone == {}


def test_tolerations_of_results_have_an_operator():
    status = {"allocation": allocation({**RESULT, "tolerations": [{"key": "a"}]})}
    default_status(status)

    assert status["allocation"]["devices"]["results"][0]["tolerations"] == [{"key": "a", "operator": "Equal"}]
