from __future__ import annotations

import pytest

from sampan_proxy import checks


@pytest.mark.parametrize(
    ("user", "tool", "grade", "words"),
    [
        (0, "/usr/sbin/nft", "ok", "nftables may be used: Services get routed cluster addresses"),
        (0, None, "note", "the nft command is missing"),
        (1000, "/usr/sbin/nft", "note", "this is not root"),
    ],
)
def test_whether_the_packet_filter_may_be_used_is_told(user, tool, grade, words, monkeypatch):
    monkeypatch.setattr(checks.os, "geteuid", lambda: user)
    monkeypatch.setattr(checks.shutil, "which", lambda name: tool)

    found = checks.packet_filter()

    assert found.grade == grade and words in found.text
