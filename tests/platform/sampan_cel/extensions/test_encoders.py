"""base64."""

import pytest

from sampan_cel import CelError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("base64.encode(b'hi')", "aGk="),
        ("base64.decode('aGk')", b"hi"),
    ],
)
def test_values(run, text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("base64.decode('*')", "illegal base64"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text)
