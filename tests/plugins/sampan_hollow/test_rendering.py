"""Templates of YAML: the same data whether a shape was parsed before or not."""

from __future__ import annotations

import pytest

from sampan_hollow import rendering
from sampan_hollow.rendering import Rendered, TemplateError

TEXT = """
names:
{{ range .names }}
- {{ . | Quote }}
{{ end }}
{{ .key | Quote }}: ["{{ .plain }}", {{ .key | Quote }}]
"""


def test_a_shape_is_parsed_once_for_all_objects_that_have_it(monkeypatch):
    parsed = []
    original = rendering._parsed
    monkeypatch.setattr(rendering, "_parsed", lambda text: parsed.append(text) or original(text))
    template = Rendered(TEXT)

    first = template.data({"names": ["a", "b"], "key": "k", "plain": "p"}, {})
    second = template.data({"names": ["c", "d"], "key": "l", "plain": "p"}, {})

    assert first == {"names": ["a", "b"], "k": ["p", "k"]}
    assert second == {"names": ["c", "d"], "l": ["p", "l"]}
    assert len(parsed) == 1


@pytest.mark.parametrize("name", ['a"b', "a\\n", "line\nbreak", "\u2060", "é", "true", "1", "", "a: b # c", "{{ .x }}"])
def test_any_text_comes_back_as_it_was(name):
    found = Rendered("a: {{ .name | Quote }}").data({"name": name}, {})

    assert found == {"a": name}


def test_what_is_not_yaml_is_refused_in_words():
    with pytest.raises(TemplateError, match="does not yield YAML"):
        Rendered("a: [").data({}, {})
