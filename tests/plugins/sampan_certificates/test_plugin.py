from __future__ import annotations

from sampan.contracts.reconciling import ReconcilerContext
from sampan_certificates import plugin


def test_a_process_without_the_authority_approves_and_cleans_but_does_not_sign(tmp_path):
    found = plugin.contribute_reconcilers(ReconcilerContext(settings=None, home=str(tmp_path)))

    assert [each.name for each in found] == ["csr-approver", "csr-cleaner"]
