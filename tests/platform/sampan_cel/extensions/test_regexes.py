"""Finding parts of a text."""

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'abc 123'.find('[0-9]+')", "123"),
        ("'a1b22'.findAll('[0-9]+')", ["1", "22"]),
        ("'a1b22'.findAll('[0-9]+', 1)", ["1"]),
        ("'abc'.find('x')", ""),
    ],
)
def test_values(run, text, value):
    assert run(text) == value
