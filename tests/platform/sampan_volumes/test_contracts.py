from sampan_volumes.contracts import ExpansionFailure, VolumeUse


def test_a_use_of_a_volume_says_whether_it_is_a_device():
    def use(volume):
        return VolumeUse(pod={}, source={}, volume=volume)

    assert use({"spec": {"volumeMode": "Block"}}).block
    assert not any(use(one).block for one in (None, {}, {"spec": {"volumeMode": "Filesystem"}}))


def test_a_failed_expansion_says_whether_it_may_succeed_later():
    failure = ExpansionFailure("too large", infeasible=True)

    assert (str(failure), failure.infeasible, failure.in_use) == ("too large", True, False)
