"""Go templates in the subset that KWOK's stages use."""

from __future__ import annotations

import pytest

from sampan_hollow.template_functions import GENERIC, NAMES, TemplateError
from sampan_hollow.templates import Template

DATA = {"name": "web", "list": ["a", "b"], "map": {"y": 2, "x": 1}, "none": None, "zero": 0, "flag": True}


def rendered(text, data=DATA):
    return Template(text, NAMES).render(data, GENERIC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ .name }}", "web"),
        ("{{ .missing }}{{ .missing.deeper }}", "<no value><no value>"),
        ("a {{- .name -}} b", "awebb"),
        ("{{/* words */}}x", "x"),
        ("{{ $n := .name }}{{ $n }}{{ $n = \"db\" }}{{ $n }}", "webdb"),
        ("{{ if .zero }}yes{{ else if .flag }}flag{{ else }}no{{ end }}", "flag"),
        ("{{ if .zero }}yes{{ else }}no{{ end }}", "no"),
        ("{{ range .list }}<{{ . }}>{{ end }}", "<a><b>"),
        ("{{ range $i, $e := .list }}{{ $i }}={{ $e }} {{ end }}", "0=a 1=b "),
        ("{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}", "x1y2"),
        ("{{ range .none }}x{{ else }}empty{{ end }}", "empty"),
        ("{{ with .map }}{{ .x }}{{ end }}{{ with .none }}x{{ else }}none{{ end }}", "1none"),
        ("{{ with $m := .map }}{{ $m.y }}{{ end }}", "2"),
        ("{{ or .none .name \"x\" }} {{ and .flag .zero }}", "web 0"),
        ("{{ not (eq .name \"web\") }}", "false"),
        ("{{ eq .none \"x\" }}", "false"),
        ("{{ .name | Quote }} {{ Quote 1 }}", '"web" "1"'),
        ("{{ index .map \"x\" }} {{ index .list 1 }}", "1 b"),
        ("{{ printf \"kwok-%s-%d\" .name 3 }}", "kwok-web-3"),
        ("{{ (dict \"a\" .name).a }}", "web"),
        ("{{ $ := .name }}{{ $ }}", "web"),
        ("{{ range .list }}{{ $.name }}{{ end }}", "webweb"),
        ("{{ `raw` }}", "raw"),
        ("{{ YAML .map 1 }}", "\n  x: 1\n  y: 2\n  "),
    ],
)  # fmt: skip
def test_what_a_template_yields(text, found):
    assert rendered(text) == found


def test_a_variable_that_is_set_in_a_block_keeps_its_value_and_one_declared_there_ends_with_it():
    assert rendered("{{ $a := 1 }}{{ if true }}{{ $a = 2 }}{{ $a := 3 }}{{ end }}{{ $a }}") == "2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ if .a }}", "{{end}} is missing"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ .a", "not closed"),
        ("{{ nothing .a }}", "function 'nothing' is not supported"),
        ("{{ template \"x\" }}", "not supported"),
        ("{{ break }}", "not supported"),
        ("{{ .a .b }}", "only a function takes arguments"),
        ("{{ (.a }}", "not closed"),
        ("{{ $x }}", "undefined variable"),
        ("{{ index .none 1 }}", "index of nil"),
        ("{{ .name.x }}", "x of str"),
        ("{{ range .name }}{{ end }}", "range cannot iterate"),
        ("{{ printf \"%x\" 1 }}", "%x is not supported"),
    ],
)  # fmt: skip
def test_what_is_refused_and_how(text, words):
    with pytest.raises(TemplateError) as caught:
        rendered(text)

    assert words in str(caught.value)


def test_a_template_cannot_go_on_for_ever_nor_nest_without_end():
    with pytest.raises(TemplateError, match="too many rounds"):
        rendered("{{ range 1000000 }}{{ end }}")
    with pytest.raises(TemplateError, match="nested too deeply"):
        rendered("{{ if true }}" * 50 + "{{ end }}" * 50)
