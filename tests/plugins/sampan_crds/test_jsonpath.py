"""The JSON paths of columns."""

import pytest

from sampan_crds.jsonpath import compiled

OBJECT = {
    "spec": {"a": 1, "b.c": 2, "list": [10, 20, 30]},
    "status": {"conditions": [{"type": "Old", "n": 1}, {"type": "Ready", "n": 2, "on": True}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.a", [1]),
        (".spec['b.c']", [2]),
        (r".spec.b\.c", [2]),
        (".spec.list[0]", [10]),
        (".spec.list[-1]", [30]),
        (".spec.list[1:]", [20, 30]),
        (".spec.list[*]", [10, 20, 30]),
        (".spec.list[9]", []),
        (".spec.none.at.all", []),
        ('.status.conditions[?(@.type=="Ready")].n', [2]),
        (".status.conditions[?(@.type=='Old')].n", [1]),
        (".status.conditions[?(@.n > 1)].type", ["Ready"]),
        (".status.conditions[?(@.n > 'x')].type", []),
        (".status.conditions[?(@.on)].type", ["Ready"]),
        ("..type", ["Old", "Ready"]),
        (".", [OBJECT]),
    ],
)
def test_what_is_at_a_path(path, found):
    assert compiled(path)(OBJECT) == found


@pytest.mark.parametrize("path", ["spec", ".a[", ".a[x]", ".a[?(@.b==nothing)]"])
def test_a_path_that_cannot_be_read(path):
    with pytest.raises(ValueError, match=r"."):
        compiled(path)
