from __future__ import annotations

import pytest

from sampan_podnetwork.settings import Settings


@pytest.mark.parametrize("given", [{"backend": "ipip"}, {"vxlan_id": 1 << 24}, {"vxlan_port": 0}])
def test_what_the_kernel_would_refuse_is_refused_before(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        Settings(**given)
