from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan_networkpolicy.advice import TEXT, NotEnforced


@pytest.mark.parametrize(("cidr", "said"), [("127.96.0.0/16", [TEXT]), ("10.96.0.0/16", []), ("", [])])
def test_a_cluster_on_loopback_says_that_policies_have_no_effect(cidr, said):
    review = SimpleNamespace(warnings=[])
    NotEnforced(cidr).admit(review)
    assert review.warnings == said
