from sampan_storage.scheduling.reservations import ClaimKey, Match, Plan, Reservations

KEY = ClaimKey("default", "data")
CLAIM = {"metadata": {"namespace": "default", "name": "data"}}


def test_a_promise_holds_until_it_is_dropped():
    found = Reservations()
    found.add("pod", "n", Plan((Match(CLAIM, {"metadata": {"name": "pv"}}),)))

    assert found.is_promised("pv", ClaimKey("default", "other"))
    assert not found.is_promised("pv", KEY)
    assert (found.node_of(KEY), found.waiting_for(KEY)) == ("n", "pod")

    found.drop("pod")
    assert not found.is_promised("pv", ClaimKey("default", "other"))
    assert (found.node_of(KEY), found.waiting_for(KEY), found.plan_of("pod")) == ("", "", None)


def test_dropping_twice_is_harmless():
    Reservations().drop("none")
