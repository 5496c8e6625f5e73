import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery import selectors
from sampan_machinery.selectors import Requirement, from_labels, from_node_term, from_object, parse_fields, parse_labels


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "b"}, True),
        ("a=b", {"a": "c"}, False),
        ("a=b", {}, False),
        ("a=", {"a": ""}, True),
        ("a=", {}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a", {"a": ""}, True),
        ("!a", {"a": ""}, False),
        ("!a", {}, True),
        ("a in (b,c)", {"a": "c"}, True),
        ("a in (b,,c)", {"a": ""}, True),
        ("a notin (b,c)", {}, True),
        ("a notin (b,c)", {"a": "b"}, False),
        ("a notin ()", {"a": ""}, False),
        ("a>3", {"a": "4"}, True),
        ("a<3", {"a": "4"}, False),
        ("a>3", {"a": "x"}, False),
        ("in in (in,notin)", {"in": "notin"}, True),
        (" a = b , example.com/c ", {"a": "b", "example.com/c": "1"}, True),
    ],
)
def test_a_selector_matches_as_written(text, labels, matches):
    assert parse_labels(text).matches(labels) is matches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!a in (b)", "found 'in', expected: ',' or 'end of string'"),
    ],
)
def test_a_wrong_selector_is_refused_with_its_reason(text, message):
    with pytest.raises(BadRequest) as refused:
        parse_labels(text)

    assert refused.value.message == message


def test_keys_and_values_are_checked():
    with pytest.raises(BadRequest, match=r'^unable to parse requirement: <nil>: Invalid value: "-a": name part must'):
        parse_labels("-a=b")
    with pytest.raises(
        BadRequest, match=r'^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid'
    ):
        parse_labels("a=-b")


def test_requirements_and_equalities_are_listed_for_indexes():
    selector = parse_labels("z,b in (x),a=1,c!=2")

    assert selector.equalities == (("a", "1"), ("b", "x"))
    assert selector.requirements[2] == Requirement("c", "!=", ("2",))
    assert selector.exact("b") == "x"
    assert str(selector) == "a=1,b in (x),c!=2,z"


def test_an_absent_label_selector_selects_nothing_and_an_empty_one_everything():
    assert not from_object(None).matches({})
    assert from_object({}).matches({"a": "b"})
    assert from_object({}).empty


def test_a_label_selector_object_combines_labels_and_expressions():
    selector = from_object(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "NotIn", "values": ["db"]},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        }
    )

    assert selector.matches({"app": "web"})
    assert not selector.matches({"app": "web", "tier": "db"})
    assert str(selector) == "app=web,!old,tier notin (db)"


@pytest.mark.parametrize(
    "expression",
    [
        {"key": "a", "operator": "Gt", "values": ["1"]},
        {"key": "a", "operator": "In"},
        {"key": "a", "operator": "Exists", "values": ["1"]},
        {"key": "", "operator": "Exists"},
        {},
    ],
)
def test_a_wrong_expression_is_refused(expression):
    with pytest.raises(BadRequest):
        from_object({"matchExpressions": [expression]})


def test_node_terms_compare_numbers():
    term = from_node_term([{"key": "cores", "operator": "Gt", "values": ["4"]}])

    assert term.matches({"cores": "8"})
    assert not term.matches({"cores": "4"})


def test_plain_labels_become_a_selector():
    assert str(from_labels({"b": "2", "a": "1"})) == "a=1,b=2"
    assert from_labels({}).empty


@pytest.mark.parametrize(
    ("text", "fields", "matches"),
    [
        ("metadata.name=web", {"metadata.name": "web"}, True),
        ("a==b,c!=d", {"a": "b", "c": "e"}, True),
        ("a!=b", {"a": "b"}, False),
        ("spec.nodeName=", {}, True),
        ("spec.nodeName!=", {}, False),
        (r"a=b\,c\=d\\", {"a": "b,c=d\\"}, True),
        (",a=b,", {"a": "b"}, True),
    ],
)
def test_a_field_selector_matches_as_written(text, fields, matches):
    assert parse_fields(text).matches(fields) is matches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("a=\\x", "invalid field selector: invalid escape sequence: \\x"),
        ("a=\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_a_wrong_field_selector_is_refused(text, message):
    with pytest.raises(BadRequest) as refused:
        parse_fields(text)

    assert refused.value.message == message


def test_a_field_selector_is_written_with_escapes():
    assert str(parse_fields("a=b\\,c")) == "a=b\\,c"


selector_text = st.text(st.sampled_from("ab/.-_!=(),<> in\\notx0\n\t\x00é"), max_size=30)


@given(selector_text | st.text())
def test_any_text_is_a_selector_or_a_bad_request(text):
    for parse in (parse_labels, parse_fields):
        try:
            selector = parse(text)
        except BadRequest:
            continue
        again = parse(str(selector))
        assert again.requirements == selector.requirements
        selector.matches({"a": "b"})


def test_a_selector_of_unreasonable_length_is_refused():
    for parse in (parse_labels, parse_fields):
        with pytest.raises(BadRequest):
            parse("a=b," * selectors.MAX_LENGTH)
