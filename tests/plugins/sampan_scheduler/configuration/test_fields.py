import pytest

from sampan.errors import ConfigError
from sampan_scheduler.configuration.fields import Fields


def test_fields_are_read_with_defaults():
    fields = Fields({"a": "x", "n": 3, "l": [{"b": True}], "t": ["x"]}, "file")

    assert fields.only("a", "n", "l", "t").text("a") == "x"
    assert (fields.text("b", "y"), fields.integer("n", 1, 0), fields.integer("m", 1, 0)) == ("y", 3, 1)
    assert [each.truth("b") for each in fields.mappings("l")] == [True]
    assert fields.texts("t") == ("x",)
    assert not fields.mapping("z").has("q")


@pytest.mark.parametrize(
    ("value", "ask", "problem"),
    [
        ([], lambda f: f, "file must be a mapping"),
        ({"profile": 1}, lambda f: f.only("profiles"), "file.profile is unknown; did you mean profiles?"),
        ({"a": 1}, lambda f: f.text("a"), "file.a must be a text, not 1"),
        ({"a": "x"}, lambda f: f.one_of("a", "b", "b", "c"), "file.a must be one of b, c, not 'x'"),
        ({"a": True}, lambda f: f.integer("a", 1, 0), "file.a must be a whole number, not True"),
        ({"a": 101}, lambda f: f.integer("a", 1, 0, 100), "file.a must be 0 to 100, not 101"),
        ({"a": 0}, lambda f: f.integer("a", 1, 1), "file.a must be at least 1, not 0"),
        ({"a": "yes"}, lambda f: f.truth("a"), "file.a must be true or false, not 'yes'"),
        ({"a": {}, "b": {"c": 1}}, lambda f: f.mapping("b").list("c"), "file.b.c must be a list, not 1"),
        ({"a": [1]}, lambda f: f.texts("a"), "file.a[0] must be a text, not 1"),
        ({"a": [1]}, lambda f: list(f.mappings("a")), "file.a[0] must be a mapping, not 1"),
    ],
)
def test_what_is_wrong_is_said_with_the_path_of_the_field(value, ask, problem):
    with pytest.raises(ConfigError) as raised:
        ask(Fields(value, "file"))

    assert problem in str(raised.value)
