import pytest

from sampan_machinery import records
from sampan_node.plugin import shutdown_seconds
from sampan_node.settings import Settings


def shown(settings):
    return {
        (one.signal, one.is_hard): (one.amount.units or one.amount.share, one.grace, one.reclaim.units)
        for one in settings.thresholds()
    }  # fmt: skip


def test_the_older_settings_are_hard_thresholds():
    assert shown(Settings()) == {
        ("memory.available", True): (100 << 20, 0.0, 0), ("nodefs.available", True): (1 << 30, 0.0, 0)
    }  # fmt: skip
    assert Settings(evict_below_memory="", evict_below_disk="0%").thresholds() == ()


def test_the_kubelet_s_own_settings_are_read_as_the_kubelet_does():
    settings = records.record(
        Settings,
        {
            "evictionHard": {"memory.available": "5%", "nodefs.available": "0%"},
            "evictionSoft": {"nodefs.inodesFree": "10%"},
            "evictionSoftGracePeriod": {"nodefs.inodesFree": "2m"},
            "evictionMinimumReclaim": {"memory.available": "50Mi"},
            "evictionPressureTransitionPeriod": "30s",
        },
    )

    assert shown(settings) == {
        ("memory.available", True): (0.05, 0.0, 50 << 20), ("nodefs.inodesFree", False): (0.1, 120.0, 0)
    }  # fmt: skip
    assert settings.pressure_transition == 30.0


def test_no_transition_period_is_upstream_s_default():
    assert Settings(evictionPressureTransitionPeriod="0s").pressure_transition == 300.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"evictionPressureTransitionPeriod": "long"}, "evictionPressureTransitionPeriod must be a time such as 90s"),
        ({"evictionMaxPodGracePeriod": -1}, "evictionMaxPodGracePeriod must be at least 0"),
        ({"evictionSoft": {"memory.available": "1Gi"}}, "evictionSoftGracePeriod must have memory.available"),
        ({"evict_below_memory": "lots"}, "evict_below_memory must look like 100Mi or 5%"),
    ],
)
def test_what_is_wrong_is_said_with_its_setting(given, said):
    with pytest.raises(ValueError) as refused:
        records.record(Settings, given)

    assert said in str(refused.value)


def test_the_pods_of_a_node_end_with_it_where_that_is_set():
    critical = Settings(shutdownGracePeriod="30s", shutdownGracePeriodCriticalPods="10s")
    listed = records.record(
        Settings, {"shutdownGracePeriodByPodPriority": [{"priority": 5, "shutdownGracePeriodSeconds": 7}]}
    )

    assert Settings().shutdown_periods() == ()
    assert critical.shutdown_periods() == ((0, 20), (2_000_000_000, 10))
    assert listed.shutdown_periods() == ((5, 7),)
    assert [shutdown_seconds(one) for one in (None, Settings(), critical, listed)] == [0.0, 0.0, 40.0, 17.0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shutdownGracePeriod": "500ms"}, "shutdownGracePeriod must be 0s, or 1s at least"),
        ({"shutdownGracePeriod": "5s", "shutdownGracePeriodCriticalPods": "6s"}, "must not be more than"),
        (
            {"shutdownGracePeriod": "5s", "shutdownGracePeriodByPodPriority": [{"priority": 1}]},
            "shutdownGracePeriodByPodPriority must be set alone",
        ),
    ],
)
def test_periods_that_contradict_each_other_are_refused(given, said):
    with pytest.raises(ValueError) as refused:
        records.record(Settings, given)

    assert said in str(refused.value)


def test_programs_for_credentials_want_their_folder():
    with pytest.raises(ValueError, match="must be set together"):
        Settings(imageCredentialProviderConfig="providers.yaml")
