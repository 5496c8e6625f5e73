import pytest

from sampan_devices.requests import default_claim, device_claim, reference, request_names

REQUEST = {"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}
CHOICE = {"name": "any", "firstAvailable": [{"name": name, "deviceClassName": "gpu.example.com"} for name in "ab"]}
REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"


def found(**devices):
    default_claim(devices)
    return [f"{each.path}: {each.message}" for each in device_claim("d", devices)]


def one(**fields):
    return found(requests=[{"name": "gpu", "exactly": {"deviceClassName": "a", **fields}}])


def test_good_claims():
    constraint = {"requests": ["gpu", "any/a"], "matchAttribute": "gpu.example.com/model"}
    config = {"requests": ["any"], "opaque": {"driver": "gpu.example.com", "parameters": {}}}

    assert found() == []
    assert found(requests=[REQUEST, CHOICE], constraints=[constraint], config=[config]) == []


def test_one_device_is_asked_for_where_nothing_is_said():
    devices = {"requests": [{"exactly": {"tolerations": [{}]}}, {"firstAvailable": [{"allocationMode": "All"}]}]}
    default_claim(devices)

    exactly = {"tolerations": [{"operator": "Equal"}], "allocationMode": "ExactCount", "count": 1}
    assert devices["requests"] == [{"exactly": exactly}, {"firstAvailable": [{"allocationMode": "All"}]}]


@pytest.mark.parametrize(
    "request_, line",
    [
        ({"name": "a"}, "d.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"),
        (
            {**REQUEST, "firstAvailable": CHOICE["firstAvailable"]},
            "d.requests[0]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but mult",
        ),
        ({**REQUEST, "name": "A"}, 'd.requests[0].name: Invalid value: "A": a lowercase RFC 1123 label'),
        ({"name": "a", "exactly": {}}, "d.requests[0].exactly.deviceClassName: Required value"),
        (
            {"name": "a", "firstAvailable": [*CHOICE["firstAvailable"], CHOICE["firstAvailable"][0]]},
            'd.requests[0].firstAvailable[2]: Duplicate value: "a"',
        ),
        (
            {"name": "a", "firstAvailable": [{}] * 9},
            "d.requests[0].firstAvailable: Too many: 9: must have at most 8 items",
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_named(request_, line):
    assert found(requests=[request_])[0].startswith(line)


@pytest.mark.parametrize(
    "fields, line",
    [
        (
            {"allocationMode": "All", "count": 1},
            "count: Invalid value: 1: must not be specified when allocationMode is",
        ),
        ({"count": -1}, "count: Invalid value: -1: must be greater than zero"),
        ({"allocationMode": "Odd"}, 'allocationMode: Unsupported value: "Odd": supported values: "All", "ExactCount"'),
        ({"selectors": [{}]}, "selectors[0].cel: Required value"),
        ({"selectors": [{"cel": {"expression": "odd"}}]}, 'selectors[0].cel.expression: Invalid value: "odd": compil'),
        (
            {"selectors": [{"cel": {"expression": " " * 10241}}]},
            "selectors[0].cel.expression: Too long: may not be more than 10240 bytes",
        ),
        ({"selectors": [{}] * 33}, "selectors: Too many: 33: must have at most 32 items"),
        ({"tolerations": [{"operator": "Odd"}]}, 'tolerations[0].operator: Unsupported value: "Odd"'),
    ],
)
def test_what_is_wrong_with_what_is_wanted_is_named(fields, line):
    assert one(**fields)[0].startswith(f"d.requests[0].exactly.{line}")


def test_requests_have_a_name_each_and_are_not_too_many():
    assert found(requests=[REQUEST, REQUEST]) == ['d.requests[1]: Duplicate value: "gpu"']
    assert found(requests=[REQUEST] * 33) == ["d.requests: Too many: 33: must have at most 32 items"]


def test_a_constraint_names_an_attribute():
    assert found(constraints=[{}])[0].startswith(
        'd.constraints[0]: Required value: exactly one of "matchAttribute" or '
    )
    assert found(constraints=[{"distinctAttribute": "a"}])[0].startswith("d.constraints[0].distinctAttribute: Invalid")


@pytest.mark.parametrize(
    "name, is_known", [("gpu", True), ("any", True), ("any/a", True), ("any/c", False), ("gpu/a", False), ("x", False)]
)
def test_references_name_a_request_or_an_alternative(name, is_known):
    told = [
        f"{each.path}: {each.message}" for each in reference("r", name, request_names({"requests": [REQUEST, CHOICE]}))
    ]

    assert told == ([] if is_known else [f'r: Invalid value: "{name}": {REFERENCE}'])


def test_a_reference_has_one_slash_at_most():
    assert found(config=[{"requests": ["a/b/c"], "opaque": {"driver": "a", "parameters": {}}}]) == [
        f'd.config[0].requests[0]: Invalid value: "a/b/c": {REFERENCE}'
    ]
