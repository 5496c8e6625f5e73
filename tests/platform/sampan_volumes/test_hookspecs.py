from types import SimpleNamespace

import pytest

from sampan_volumes.hookspecs import wrong_with


def mounter(**more):
    whole = {"kind": "x", "mount": lambda: None, "unmount": lambda: None, "close": lambda: None, **more}
    return SimpleNamespace(**whole)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (mounter(), ""),
        (mounter(kind=""), "has no kind"),
        (mounter(kind=3), "has no kind"),
        (mounter(unmount=None), "x has no method unmount"),
        ("text", "'text' (str) has no kind"),
    ],
)
def test_what_is_no_mounter_is_told(found, why):
    assert (why in wrong_with(found)) if why else wrong_with(found) == ""
