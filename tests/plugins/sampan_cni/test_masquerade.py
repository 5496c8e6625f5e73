import os

import pytest
from spaces import InSpace, Space

from sampan_cni import masquerade

PODS, CLUSTER = ["10.244.1.0/24", "fd00:1::/64"], ["10.244.0.0/16"]


def test_what_stays_in_the_cluster_keeps_its_sender():
    script = masquerade.script("h", PODS, CLUSTER)

    assert 'ip saddr 10.244.1.0/24 oifname != "cnih" ip daddr != { 10.244.0.0/16, 224.0.0.0/4 } masquerade' in script
    assert 'ip6 saddr fd00:1::/64 oifname != "cnih" ip6 daddr != { fd00:1::/64, ff00::/8 } masquerade' in script


@pytest.mark.root
def test_the_kernel_takes_it_again_and_again_and_gives_it_back():
    space = Space(f"cni{os.urandom(4).hex()}")
    try:
        kernel = InSpace(space)
        kernel.run(masquerade.script("h", PODS, CLUSTER))
        kernel.run(masquerade.script("h", PODS, []))
        kernel.run(masquerade.removal("h"))
        kernel.run("add table ip sampancni_h { flags dormant; }")  # would be refused were it still there
    finally:
        space.remove()
