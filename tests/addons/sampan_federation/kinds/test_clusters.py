from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation.resources import CLUSTERS


def test_a_cluster_is_kept_whole(create):
    spec = {
        "syncMode": "Push", "id": "x", "apiEndpoint": "https://a:6443", "secretRef": {"namespace": "n", "name": "s"},
        "provider": "p", "region": "r", "zones": ["z"], "taints": [{"key": "a", "effect": "NoExecute"}],
        "resourceModels": [{"grade": 0, "ranges": [{"name": "cpu", "min": "0", "max": "1"}]}],
    }  # fmt: skip
    assert create(CLUSTERS, spec) == spec


@pytest.mark.parametrize(
    "spec", [{}, {"syncMode": "Shove"}, {"syncMode": "Push", "taints": [{"key": "a", "effect": "Go"}]}]
)
def test_nonsense_is_refused(create, spec):
    with pytest.raises(Invalid, match="spec"):
        create(CLUSTERS, spec)
