"""Types before anything runs."""

import pytest

from sampan_cel import CheckError, Environment, types
from sampan_cel.declarations import Library
from sampan_cel.extensions import ALL
from sampan_cel.types import ObjectType

SPEC = ObjectType("Spec", {"n": types.INT, "items": types.list_of(types.STRING)})
VARIABLES = {
    "i": types.INT,
    "s": types.STRING,
    "b": types.BOOL,
    "d": types.DYN,
    "spec": SPEC,
    "a.b": types.INT,
    "m": types.map_of(types.STRING, types.INT),
    "o": types.optional_of(types.INT),
}


def type_of(text, **more):
    return str(Environment({**VARIABLES, **more}, ALL).compile(text).type)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", "int"),
        ("[1]", "list(int)"),
        ("[]", "list(dyn)"),
        ("[1, 'a']", "list(dyn)"),
        ("{'a': 1u}", "map(string, uint)"),
        ("i + 1", "int"),
        ("d + 1", "int"),
        ("d.x.y", "dyn"),
        ("spec.n", "int"),
        ("spec.items[0]", "string"),
        ("m['a']", "int"),
        ("m.a", "int"),
        ("a.b", "int"),
        ("o.value()", "int"),
        ("spec.?n", "optional_type(int)"),
        ("type(1)", "type(int)"),
        ("spec.items.map(x, size(x))", "list(int)"),
        ("spec.items.filter(x, x != '')", "list(string)"),
        ("m.transformMap(k, v, k)", "map(string, string)"),
        ("b ? 1 : d", "int"),
        ("[[], [1]]", "list(list(int))"),
        ("timestamp('2020-01-01T00:00:00Z') - duration('1h')", "google.protobuf.Timestamp"),
        ("ip('1.2.3.4')", "net.IP"),
        ("url('/a').getQuery()", "map(string, list(string))"),
        ("has(spec.n)", "bool"),
        ("math.least(1, i)", "int"),
        ("o.optMap(x, string(x))", "optional_type(string)"),
    ],
)
def test_the_type_is_known(text, found):
    assert type_of(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "undeclared reference to 'nothing'"),
        ("spec.nothing", "undefined field 'nothing'"),
        ("has(spec.nothing)", "undefined field 'nothing'"),
        ("i + s", "found no matching overload for '_+_' applied to '(int, string)'"),
        ("i == s", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("nothing(1)", "undeclared reference to 'nothing'"),
        ("s.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("i.x", "type 'int' does not support field selection"),
        ("i.all(x, true)", "cannot be range of a comprehension"),
        ("[1].all(x, x)", "expected type 'bool' but found 'int'"),
        ("b ? 1 : 's'", "found no matching overload for '_?_:_'"),
        ("i && b", "found no matching overload for '_&&_'"),
        ("m[1]", "found no matching overload for '_[_]'"),
        ("[?1]", "expected type 'optional_type' but found 'int'"),
        ("math.nothing(1)", "undeclared reference"),
        ("[1].map(x, y)", "undeclared reference to 'y'"),
    ],
)
def test_what_does_not_fit_is_refused_with_cel_gos_words(text, words):
    with pytest.raises(CheckError) as refused:
        type_of(text)

    assert words in str(refused.value)


def test_names_are_looked_up_in_the_container_first():
    variables = {"x.y": types.STRING, "y": types.INT}

    assert str(Environment(variables, container="x").compile("y").type) == "string"
    assert str(Environment(variables, container="x").compile(".y").type) == "int"


def test_a_macros_variable_hides_another():
    assert type_of("[1].map(s, s + 1)") == "list(int)"


def test_fields_of_a_struct_are_checked():
    environment = Environment({}, [])
    library = Library("spec", {}, {"Spec": SPEC})
    environment = Environment({}, [library])

    assert environment.compile("Spec{n: 1}").evaluate({}) == {"n": 1}
    with pytest.raises(CheckError, match="undefined field 'm'"):
        environment.compile("Spec{m: 1}")
    with pytest.raises(CheckError, match="expected type of field 'n' is 'int' but provided type is 'string'"):
        environment.compile("Spec{n: 's'}")
