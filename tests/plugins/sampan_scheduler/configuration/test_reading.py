import pytest
import yaml

from sampan.errors import ConfigError
from sampan_scheduler.configuration.reading import load, read, usual

HEAD = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}


def profile(**fields):
    return read({**HEAD, "profiles": [fields]}, "file").profiles[0]


def filters(found):
    return {rule.name for rule in found.filters}


def weights(found):
    return {rule.name: weight for rule, weight in found.scores}


def test_a_file_without_profiles_gives_upstreams_defaults():
    (found,) = read(HEAD, "file").profiles
    (expected,) = usual(["default-scheduler"]).profiles

    assert (found.name, filters(found), weights(found)) == ("default-scheduler", filters(expected), weights(expected))
    assert weights(found) == {
        "TaintToleration": 3, "NodeAffinity": 2, "NodeResourcesFit": 1, "PodTopologySpread": 2, "InterPodAffinity": 2,
        "NodeResourcesBalancedAllocation": 1, "ImageLocality": 1,
    }  # fmt: skip
    assert found.preempts


def test_plugins_are_enabled_and_disabled_by_point():
    found = profile(plugins={
        "score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit", "weight": 5}]},
        "filter": {"disabled": [{"name": "NodePorts"}]},
        "postFilter": {"disabled": [{"name": "DefaultPreemption"}]},
        "permit": {"disabled": [{"name": "mine"}]},
    })  # fmt: skip

    assert weights(found) == {"NodeResourcesFit": 5}
    assert "NodePorts" not in filters(found)
    assert "NodeName" in filters(found)
    assert not found.preempts
    assert not found.takes_part("mine")
    assert found.takes_part("other")


def test_with_all_disabled_only_what_is_enabled_takes_part():
    found = profile(plugins={"multiPoint": {
        "disabled": [{"name": "*"}], "enabled": [{"name": "TaintToleration", "weight": 7}, {"name": "mine"}]
    }})  # fmt: skip

    assert filters(found) == {"TaintToleration"}
    assert weights(found) == {"TaintToleration": 7}
    assert (found.takes_part("mine"), found.takes_part("other")) == (True, False)
    assert not found.preempts


def test_arguments_reach_their_plugins():
    found = profile(schedulerName="packing", pluginConfig=[
        {"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "MostAllocated"}}},
        {"name": "DefaultPreemption", "args": {"minCandidateNodesAbsolute": 7}},
        {"name": "PodTopologySpread", "args": {"defaultingType": "List"}},
    ])  # fmt: skip

    assert found.name == "packing"
    assert found.candidates.least == 7
    assert found.spread.constraints == ()


def test_back_off_is_what_the_file_says():
    found = read({**HEAD, "podInitialBackoffSeconds": 2, "podMaxBackoffSeconds": 60}, "file")

    assert (found.first_pause, found.longest_pause) == (2.0, 60.0)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "must be a KubeSchedulerConfiguration"),
        ({**HEAD, "profile": []}, "file.profile is unknown; did you mean profiles?"),
        ({**HEAD, "extenders": [{}]}, "extenders[0].urlPrefix is missing"),
        ({**HEAD, "profiles": [{}, {}]}, "file.profiles[1].schedulerName: default-scheduler is there already"),
        ({**HEAD, "profiles": [{"plugins": {"filters": {}}}]}, "file.profiles[0].plugins.filters is unknown"),
        (
            {**HEAD, "profiles": [{"plugins": {"bind": {"disabled": [{"name": "DefaultBinder"}]}}}]},
            "cannot be disabled",
        ),
        ({**HEAD, "profiles": [{"plugins": {"score": {"enabled": [{"weight": 1}]}}}]}, "enabled[0].name is missing"),
        ({**HEAD, "profiles": [{"pluginConfig": [{"name": "Unknown"}]}]}, "no plugin 'Unknown' takes arguments"),
        ({**HEAD, "podInitialBackoffSeconds": 0}, "podInitialBackoffSeconds must be at least 1"),
    ],
)
def test_what_is_wrong_names_its_field(document, problem):
    with pytest.raises(ConfigError) as raised:
        read(document, "file")

    assert problem in str(raised.value)


def test_a_file_is_read_from_disk_and_what_cannot_be_read_is_named(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(yaml.safe_dump(HEAD))
    bad.write_text("a: [")

    assert len(load(good, "setting").profiles) == 1
    for path in (bad, tmp_path / "absent.yaml"):
        with pytest.raises(ConfigError, match=f"setting: {path}"):
            load(path, "setting")


def test_pods_are_placed_by_the_profile_they_name(build, simulated):
    document = {**HEAD, "profiles": [{}, {"schedulerName": "packing", "pluginConfig": [
        {"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "MostAllocated"}}}]}]}  # fmt: skip
    world = simulated(configuration=read(document, "file"))
    world.nodes(build.node("full"), build.node("free"))
    world.pods(build.pod("there", on="full", cpu="2", memory="4Gi"))

    world.pods(
        build.pod("p", cpu="1", memory="2Gi"),
        build.pod("q", cpu="1", memory="2Gi", schedulerName="packing"),
        build.pod("r", schedulerName="another"),
    )
    world.run()

    assert [world.where(name) for name in "pqr"] == ["free", "full", ""]


def names_refused(plugins, *contributed):
    with pytest.raises(ConfigError) as found:
        read({**HEAD, "profiles": [{}, {"schedulerName": "b", "plugins": plugins}]}, "file").check_names(contributed)
    return str(found.value)


@pytest.mark.parametrize("change", ["enabled", "disabled"])
def test_a_plugin_that_is_not_there_is_refused_by_its_path_with_what_is_close(change):
    assert names_refused({"filter": {change: [{"name": "NodeName"}, {"name": "NodePort"}]}}) == (
        f"file.profiles[1].plugins.filter.{change}[1].name: there is no plugin 'NodePort' (did you mean 'NodePorts'?)"
    )


def test_where_nothing_is_close_the_plugins_of_others_are_listed():
    assert names_refused({"permit": {"enabled": [{"name": "zzz"}]}}, "licensed", "VolumeBinding") == (
        "file.profiles[1].plugins.permit.enabled[0].name: there is no plugin 'zzz'; plugins of others that there are: "
        "licensed"
    )


def test_plugins_of_upstream_and_of_others_are_accepted_by_name():
    names = ["PrioritySort", "GangScheduling", "VolumeZone", "NodeName", "DefaultPreemption", "licensed"]
    plugins = {"multiPoint": {"disabled": [{"name": "*"}], "enabled": [{"name": name} for name in names]}}

    read({**HEAD, "profiles": [{"plugins": plugins}]}, "file").check_names(["licensed"])


@pytest.mark.parametrize(("point", "name"), [("score", "NodeName"), ("filter", "ImageLocality")])
def test_a_plugin_at_a_point_that_it_does_not_extend_is_refused(point, name):
    with pytest.raises(ConfigError, match=rf"plugins\.{point}\.enabled\[0\]\.name: {name} does not extend {point}"):
        profile(plugins={point: {"enabled": [{"name": name}]}})


def test_arguments_for_a_plugin_that_takes_none_are_refused_with_what_is_close():
    with pytest.raises(ConfigError, match=r"pluginConfig\[0\]\.name: .* \(did you mean 'NodeResourcesFit'\?\)"):
        profile(pluginConfig=[{"name": "NodeResourceFit"}])


def test_arguments_for_one_plugin_twice_are_refused():
    with pytest.raises(ConfigError, match=r"pluginConfig\[1\]\.name: NodeAffinity has arguments already"):
        profile(pluginConfig=[{"name": "NodeAffinity"}, {"name": "NodeAffinity"}])


@pytest.mark.parametrize(
    "name", ["defualt-scheduler", "default-schedular", "default-shceduler", "defaullt-scheduler", "defalt-scheduler"]
)
def test_a_slip_in_the_name_of_the_default_scheduler_is_refused(name):
    with pytest.raises(ConfigError, match=r"profiles\[0\]\.schedulerName: .*did you mean that in place of"):
        profile(schedulerName=name)


@pytest.mark.parametrize("name", ["default-scheduler-2", "default-scheduler2", "my-default-scheduler", "packing"])
def test_other_names_of_schedulers_are_accepted(name):
    assert profile(schedulerName=name).name == name


def test_a_name_that_no_pod_can_have_is_refused():
    with pytest.raises(ConfigError, match=r"profiles\[0\]\.schedulerName must be a DNS name"):
        profile(schedulerName="Default Scheduler")


def test_a_name_beside_the_default_scheduler_may_look_like_it():
    assert len(read({**HEAD, "profiles": [{}, {"schedulerName": "default-schedular"}]}, "file").profiles) == 2
