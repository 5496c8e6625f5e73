from types import SimpleNamespace

from sampan_federation.contracts import wrong_with


def test_an_interpreter_names_its_kind_and_has_a_method():
    assert wrong_with(SimpleNamespace(api_version="v1", kind="X", health=lambda obj: True)) == ""
    assert "api_version" in wrong_with(SimpleNamespace(kind="X"))
    assert "methods" in wrong_with(SimpleNamespace(api_version="v1", kind="X"))
