"""What every test of a kind needs: its problems as lines."""

import pytest

from sampan_machinery.kindschema import schema_of


@pytest.fixture
def problems_of():
    def problems(kind, new, old=None):
        schema = schema_of(kind)
        for each in (new, old):
            if each is not None:
                metadata = each.setdefault("metadata", {})
                metadata.setdefault("name", "a")
                if kind.namespaced:
                    metadata.setdefault("namespace", "default")
                metadata["resourceVersion"] = "1"
                schema.default(each)
        return [f"{each.path}: {each.message}" for each in schema.check(new, old)]

    return problems
