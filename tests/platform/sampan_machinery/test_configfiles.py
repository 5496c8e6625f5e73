from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_machinery import configfiles, problems


def check(found):
    for name in sorted(found.keys() - {"kind"}):
        yield problems.forbidden(name, "unknown field")


def test_a_document_without_problems_is_returned():
    assert configfiles.read(b"kind: Policy\n", "audit.yaml", check) == {"kind": "Policy"}


def test_every_problem_is_named_with_its_field_and_the_file():
    with pytest.raises(ConfigError) as caught:
        configfiles.read(b"a: 1\nb: 2\n", "audit.yaml", check)

    assert str(caught.value) == "audit.yaml: a: Forbidden: unknown field; b: Forbidden: unknown field"


def test_what_is_no_yaml_is_refused_with_the_files_name():
    with pytest.raises(ConfigError, match=r"^audit\.yaml: "):
        configfiles.read(b"a: [", "audit.yaml", check)
