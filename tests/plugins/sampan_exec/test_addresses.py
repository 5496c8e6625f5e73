import ipaddress

import pytest

from sampan_exec.addresses import free, network
from sampan_runtime.contracts import RuntimeFailure


def test_each_home_has_a_network_of_its_own_between_127_128_and_127_254():
    networks = {network(f"/home/{number}") for number in range(50)}

    assert len(networks) > 40
    assert network("/home/1") == network("/home/1")
    assert all(128 <= int(each.split(".")[1]) <= 254 and ipaddress.ip_network(each) for each in networks)


def test_the_first_free_address_is_given_until_none_is_left():
    assert free("127.130.1.0/30", {"127.130.1.1"}) == "127.130.1.2"
    with pytest.raises(RuntimeFailure, match=r"no free pod address in 127\.130\.1\.0/30"):
        free("127.130.1.0/30", {"127.130.1.1", "127.130.1.2"})
