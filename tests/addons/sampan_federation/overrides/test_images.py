import pytest

from sampan_federation.overrides.images import Image, overridden, parse
from sampan_federation.overrides.refusals import OverrideFailed

DIGEST = "sha256:" + "5" * 64


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("nginx", Image("", "nginx")),
        ("library/nginx:1.27", Image("", "library/nginx", "1.27")),
        ("registry.example/team/app:v1", Image("registry.example", "team/app", "v1")),
        ("localhost/app", Image("localhost", "app")),
        ("registry.example:5000/app", Image("registry.example:5000", "app")),
        (f"registry.example/app@{DIGEST}", Image("registry.example", "app", "", DIGEST)),
        (f"app:v1@{DIGEST}", Image("", "app", "v1", DIGEST)),
    ],
)
def test_a_reference_is_read_and_written(text, image):
    assert parse(text) == image
    assert str(image) == text


@pytest.mark.parametrize("text", ["", ":", "a:-", "app@x"])
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(OverrideFailed):
        parse(text)


@pytest.mark.parametrize(
    ("text", "component", "operator", "value", "result"),
    [
        ("nginx:1", "Registry", "add", "mirror.example", "mirror.example/nginx:1"),
        ("a.example/nginx:1", "Registry", "add", ":5000", "a.example:5000/nginx:1"),
        ("a.example/nginx:1", "Registry", "replace", "b.example", "b.example/nginx:1"),
        ("a.example/nginx:1", "Registry", "remove", "", "nginx:1"),
        ("a.example/nginx:1", "Repository", "replace", "team/web", "a.example/team/web:1"),
        ("nginx:1", "Repository", "add", "-slim", "nginx-slim:1"),
        ("nginx:1", "Tag", "replace", "2", "nginx:2"),
        ("nginx:1", "Tag", "add", "-alpine", "nginx:1-alpine"),
        ("nginx:1", "Tag", "remove", "", "nginx"),
        ("nginx:1", "Tag", "replace", DIGEST, f"nginx@{DIGEST}"),
        (f"nginx:1@{DIGEST}", "Tag", "replace", "2", "nginx:2"),
        (f"nginx:1@{DIGEST}", "Registry", "add", "m.example", f"m.example/nginx:1@{DIGEST}"),
    ],
)
def test_one_component_changes(text, component, operator, value, result):
    assert overridden(text, component, operator, value) == result


@pytest.mark.parametrize(
    ("component", "operator", "value"),
    [("Tag", "replace", "not a tag"), ("Repository", "remove", ""), ("Nothing", "add", ""), ("Tag", "append", "x")],
)
def test_what_cannot_be_is_refused_in_words(component, operator, value):
    with pytest.raises(OverrideFailed):
        overridden("nginx:1", component, operator, value)
