"""URLs."""

import pytest

from sampan_cel import CelError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("url('https://user@[::1]:80/a b'.replace(' ', '%20') + '?k=v&k=w').getHost()", "[::1]:80"),
        ("url('https://[::1]:80/').getHostname()", "::1"),
        ("url('https://h:80/').getPort()", "80"),
        ("url('/path').getScheme()", ""),
        ("url('https://h/p?k=v&k=w&e=').getQuery()", {"k": ["v", "w"], "e": [""]}),
        ("url('https://h/a%20b').getEscapedPath()", "/a%20b"),
        ("isURL('relative')", False),
        ("isURL('https://h/')", True),
    ],
)
def test_values(run, text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url('relative')", "invalid URI"),
        ("url('https://h/%zz')", "invalid URI"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text)
