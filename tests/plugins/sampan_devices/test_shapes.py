import pytest

from sampan_devices import shapes


def lines(found):
    return [f"{each.path}: {each.message}" for each in found]


def short(path, text):
    if len(text) > 1:
        yield shapes.required(path)


def test_a_list_is_checked_item_by_item_and_each_once():
    assert lines(shapes.items("l", ["a", "bb", "a"], 3, short, str)) == [
        "l[1]: Required value",
        'l[2]: Duplicate value: "a"',
    ]
    assert lines(shapes.items("l", None, 1, short)) == []


def test_a_list_that_is_too_long_is_not_looked_into():
    assert lines(shapes.items("l", ["bb", "bb"], 1, short, str)) == ["l: Too many: 2: must have at most 1 item"]
    assert len(lines(shapes.items("l", ["bb"] * 9, -1, short))) == 9


def test_long_keys_are_cut_in_paths():
    assert lines(shapes.entries("m", {"k" * 40: "bb"}, -1, short, short, shown=20))[1] == (
        f"m[{'k' * 9}...{'k' * 8}]: Required value"
    )
    assert lines(shapes.entries("m", {"a": "b", "c": "d"}, 1, short, short)) == [
        "m: Too many: 2: must have at most 1 item"
    ]


@pytest.mark.parametrize("name", ["a", "node-1/a.b"])
def test_good_pool_names(name):
    assert lines(shapes.pool_name("p", name)) == []


def test_pool_names_are_subdomains():
    assert lines(shapes.pool_name("p", "")) == ["p: Required value"]
    assert lines(shapes.pool_name("p", "a/B"))[0].startswith('p: Invalid value: "B": a lowercase RFC 1123 subdomain')
    assert lines(shapes.pool_name("p", "a/" * 130))[0] == "p: Too long: may not be more than 253 bytes"


@pytest.mark.parametrize(
    "text, line",
    [
        ("58afdf2d-fa66-4d47-8efa-21d65dfb0bce", None),
        ("58AFDF2D-fa66-4d47-8efa-21d65dfb0bce", "uid must be in RFC 4122 normalized form"),
        ("58afdf2dfa664d478efa21d65dfb0bce", "uid must be in RFC 4122 normalized form"),
        ("z8afdf2d-fa66-4d47-8efa-21d65dfb0bce", "error validating uid: invalid UUID format"),
        ("a", "error validating uid: invalid UUID length: 1"),
    ],
)
def test_uids_are_normalized(text, line):
    found = lines(shapes.uid("u", text))

    assert (not found) if line is None else found[0].startswith(f'u: Invalid value: "{text}": {line}')


@pytest.mark.parametrize(
    "name, told",
    [
        ("a", []),
        ("a.example/b_c", []),
        ("/b", ['n: Invalid value: "": the domain must not be empty']),
        ("a/", ['n: Invalid value: "": the name must not be empty']),
        ("a" * 33, ["n: Too long: may not be more than 32 bytes"]),
        ("a/b/c", []),
    ],
)
def test_qualified_names(name, told):
    assert lines(shapes.qualified_name("n", name)) == told


def test_a_name_without_a_domain_is_not_fully_qualified():
    why = "a fully qualified name must be a domain and a name separated by a slash"

    assert lines(shapes.fully_qualified_name("n", "a")) == [f'n: Invalid value: "a": {why}']
    assert lines(shapes.qualified_name("n", "1"))[0].startswith('n: Invalid value: "1": a valid C identifier')


def config(parameters, driver="a.example", **rest):
    return lines(shapes.configuration("c", {"opaque": {"driver": driver, "parameters": parameters}}, **rest))


def test_configuration_is_an_object_of_a_driver():
    large = {"a": "x" * 10240}

    assert config({"a": 1}) == []
    assert config(None) == ["c.opaque.parameters: Required value"]
    assert config([]) == ['c.opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object']
    assert config({}, driver="") == ["c.opaque.driver: Required value"]
    assert config(large) == ["c.opaque.parameters: Too long: may not be more than 10240 bytes"]
    assert config(large, stored=True) == []
    assert lines(shapes.configuration("c", {})) == ["c.opaque: Required value"]


@pytest.mark.parametrize(
    "found, told",
    [
        ({"key": "a", "effect": "NoExecute"}, []),
        ({"key": "a", "effect": ""}, ["t.effect: Required value"]),
        ({"key": "a", "value": "-", "effect": "None"}, ['t.value: Invalid value: "-": a valid label must be an empty']),
        ({"key": "a", "effect": "Odd"}, ['t.effect: Unsupported value: "Odd": supported values: "NoExecute", "NoSche']),
        ({"key": "a b", "effect": "None"}, ['t.key: Invalid value: "a b": name part must consist of']),
    ],
)
def test_taints(found, told):
    found = lines(shapes.taint("t", found))

    assert len(found) == len(told)
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True))


@pytest.mark.parametrize(
    "found, told",
    [
        ({"operator": "Exists"}, []),
        ({"operator": "Equal", "key": "a", "value": "b", "effect": "NoSchedule"}, []),
        ({"operator": "Exists", "value": "b"}, ['t.value: Invalid value: "b": must be empty for operator `Exists`']),
        ({}, ["t.operator: Required value"]),
        ({"operator": "Odd"}, ['t.operator: Unsupported value: "Odd": supported values: "Equal", "Exists"']),
    ],
)
def test_tolerations(found, told):
    assert lines(shapes.toleration("t", found)) == told


@pytest.mark.parametrize(
    "wanted, failing, told",
    [
        (["a"], ["b"], []),
        ([], [], []),
        (["a", "a"], ["b"], ['d.bindingConditions[1]: Duplicate value: "a"']),
        (
            ["a"],
            ["a"],
            ['d.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap '],
        ),
        (
            [],
            ["a"],
            ["d.bindingConditions: Invalid value: []: bindingConditions are required to use bindingFailureCond"],
        ),
        (
            ["a"],
            [],
            ["d.bindingFailureConditions: Invalid value: []: bindingFailureConditions are required to use bind"],
        ),
        (list("abcde"), ["f"], ["d.bindingConditions: Too many: 5: must have at most 4 items"]),
    ],
)
def test_binding_conditions_come_in_two_lists(wanted, failing, told):
    found = lines(shapes.binding_conditions("d", {"bindingConditions": wanted, "bindingFailureConditions": failing}))

    assert len(found) == len(told)
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True))
