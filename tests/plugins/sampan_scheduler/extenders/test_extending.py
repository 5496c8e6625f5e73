import copy

from sampan_scheduler.configuration.reading import KIND, VERSION, read
from sampan_scheduler.extenders.extending import NONE_LEFT

GPU = "example.com/gpu"


def only(*names):
    return lambda asked: {
        "Nodes": {"items": [node for node in asked["Nodes"]["items"] if node["metadata"]["name"] in names]},
        "FailedNodes": {node["metadata"]["name"]: "no gpu" for node in asked["Nodes"]["items"]
                        if node["metadata"]["name"] not in names},
    }  # fmt: skip


def settle(world, extenders):
    world.run()
    while extenders.jobs:
        extenders.run()
        world.run()


def message(world, name):
    return world.api.pods[name]["status"]["conditions"][0]


def test_a_pod_goes_where_the_extenders_let_it(build, simulated, web, extending, extender):
    web.answers["http://a/filter"] = only("m")
    extenders = extending(extender())
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"), build.node("m"), build.node("full", cpu="0"))
    world.pods(build.pod("p", cpu="1"))

    settle(world, extenders)

    assert world.where("p") == "m"
    asked = web.asked[0][1]
    assert asked["Pod"]["metadata"]["name"] == "p"
    assert sorted(node["metadata"]["name"] for node in asked["Nodes"]["items"]) == ["m", "n"]


def test_one_that_hangs_holds_no_other_pod_back(build, simulated, web, extending, extender):
    web.answers["http://a/filter"] = only("n")
    extenders = extending(extender(managed=frozenset({GPU})))
    world = simulated(extenders=extenders)
    world.nodes(build.node("n", **{GPU: "4"}))
    world.pods(build.pod("special", **{GPU: "1"}))
    world.run()

    world.pods(build.pod("plain"), build.pod("other", **{GPU: "1"}))
    world.run()

    assert world.where("plain") == "n" and not world.where("special") and not world.where("other")
    assert len(extenders.jobs) == 2
    settle(world, extenders)
    assert world.where("special") == world.where("other") == "n"


def test_why_no_node_will_do_is_told_by_the_extenders_words(build, simulated, web, extending, extender):
    web.answers["http://a/filter"] = only()
    extenders = extending(extender())
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"), build.node("m"), build.node("full", cpu="0"))
    world.pods(build.pod("p", cpu="1"))

    settle(world, extenders)

    assert message(world, "p")["message"].startswith("0/3 nodes are available: 1 Insufficient cpu, 2 no gpu. ")


def test_one_that_cannot_be_asked_is_asked_again_after_a_while(build, simulated, web, extending, extender):
    extenders = extending(extender())
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"))
    world.pods(build.pod("p"))
    settle(world, extenders)

    condition = message(world, "p")
    assert (condition["reason"], condition["message"]) == (
        "SchedulerError", 'Post "http://a/filter": connection refused',
    )  # fmt: skip
    web.answers["http://a/filter"] = only("n")
    world.run(1)
    settle(world, extenders)

    assert world.where("p") == "n"


def test_points_of_extenders_count_beside_all_others(build, simulated, web, extending, extender):
    web.answers["http://a/score"] = [{"Host": "m", "Score": 10}, {"Host": "n", "Score": 0}]
    extenders = extending(extender(filter_verb="", prioritize_verb="score", weight=3))
    world = simulated(extenders=extenders)
    world.nodes(*(build.node(name) for name in "nmo"))
    world.pods(*(build.pod(f"p{n}", cpu="100m") for n in range(3)))

    settle(world, extenders)

    assert {world.where(f"p{n}") for n in range(3)} == {"m"}


def test_a_node_that_came_meanwhile_is_asked_about_too(build, simulated, web, extending, extender):
    web.answers["http://a/filter"] = only("late")
    extenders = extending(extender())
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"))
    world.pods(build.pod("p"))
    world.run()

    world.nodes(build.node("late"))
    settle(world, extenders)

    assert world.where("p") == "late"
    assert web.verbs() == ["filter", "filter"]


def test_answers_about_a_pod_that_has_changed_are_not_used(build, simulated, web, extending, extender):
    web.answers["http://a/filter"] = only("n", "m")
    extenders = extending(extender())
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"))
    world.pods(build.pod("p"))
    world.run()
    extenders.run()
    changed = copy.deepcopy(world.api.pods["p"])
    changed["metadata"]["annotations"] = {"gpu": "big"}

    world.pods(changed)
    settle(world, extenders)

    assert [asked["Pod"]["metadata"].get("annotations") for _, asked in web.asked] == [None, {"gpu": "big"}]
    assert world.where("p") == "n"


def test_a_pod_that_is_gone_when_the_answer_comes_is_left_alone(build, simulated, web, extending, extender):
    web.answers["http://a/filter"] = only("n")
    extenders = extending(extender())
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"))
    world.pods(build.pod("p"))
    world.run()

    world.api.end("p")
    settle(world, extenders)

    assert world.api.writes == []


def test_an_extender_binds_in_our_place(build, simulated, web, extending, extender):
    web.answers["http://a/bind"] = {}
    extenders = extending(extender(filter_verb="", bind_verb="bind", managed=frozenset({GPU})))
    world = simulated(extenders=extenders)
    world.nodes(build.node("n", **{GPU: "1"}))
    world.pods(build.pod("p", **{GPU: "1"}), build.pod("plain"))

    settle(world, extenders)

    assert web.asked == [("http://a/bind", {"PodName": "p", "PodNamespace": "default", "PodUID": "uid-p", "Node": "n"})]
    assert world.api.writes == [("bind", "plain")]
    assert ("p", "Scheduled", "Successfully assigned default/p to n") in world.api.events


def test_a_binding_that_an_extender_refuses_is_tried_again(build, simulated, web, extending, extender):
    web.answers["http://a/bind"] = {"Error": "too late"}
    extenders = extending(extender(filter_verb="", bind_verb="bind"))
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"))
    world.pods(build.pod("p"))
    settle(world, extenders)

    assert ("p", "FailedScheduling", "binding rejected: extender http://a: too late") in world.api.events
    world.run(1)
    settle(world, extenders)

    assert web.verbs() == ["bind", "bind"]


def preempting(build, simulated, extending, extender, **more):
    extenders = extending(extender(filter_verb="", preempt_verb="preempt", **more))
    world = simulated(extenders=extenders)
    world.nodes(build.node("n"), build.node("m"))
    world.pods(*(build.pod(f"on-{name}", cpu="4", on=name) for name in "nm"))
    world.pods(build.pod("p", cpu="4", priority=10))
    return world, extenders


def test_extenders_choose_which_node_is_cleared(build, simulated, web, extending, extender):
    web.answers["http://a/preempt"] = {"NodeNameToMetaVictims": {"m": {"Pods": [{"UID": "uid-on-m"}]}}}
    world, extenders = preempting(build, simulated, extending, extender)

    settle(world, extenders)

    world.run(10)  # its back-off is over
    settle(world, extenders)

    assert sorted(web.asked[0][1]["NodeNameToVictims"]) == ["m", "n"]
    assert world.where("p") == "m"
    assert ("delete", "on-m") in world.api.writes and ("delete", "on-n") not in world.api.writes


def test_no_pod_is_preempted_where_the_extenders_leave_no_node_or_fail(build, simulated, web, extending, extender):
    web.answers["http://a/preempt"] = {"NodeNameToMetaVictims": {}}
    world, extenders = preempting(build, simulated, extending, extender)
    settle(world, extenders)
    assert NONE_LEFT in message(world, "p")["message"]
    assert not any(verb == "delete" for verb, _ in world.api.writes)

    del web.answers["http://a/preempt"]
    world.run(400)
    settle(world, extenders)
    assert "connection refused" in message(world, "p")["message"]
    assert not any(verb == "delete" for verb, _ in world.api.writes)


def test_victims_that_have_gone_meanwhile_are_no_reason_to_clear_the_node(build, simulated, web, extending, extender):
    web.answers["http://a/preempt"] = {"NodeNameToMetaVictims": {"m": {"Pods": [{"UID": "uid-on-m"}]}}}
    world, extenders = preempting(build, simulated, extending, extender)
    world.run()

    world.api.end("on-m")
    settle(world, extenders)

    assert world.where("p") in ("", "m")
    assert not any(verb == "delete" for verb, _ in world.api.writes)


def test_a_resource_that_an_extender_looks_after_is_not_counted_by_us(build, simulated, web, extending):
    web.answers["http://a/filter"] = only("n")
    managed = [{"name": GPU, "ignoredByScheduler": True}]
    named = {"urlPrefix": "http://a", "filterVerb": "filter", "managedResources": managed}
    configuration = read({"apiVersion": VERSION, "kind": KIND, "extenders": [named]}, "file")
    extenders = extending(*configuration.extenders)
    world = simulated(configuration=configuration, extenders=extenders)
    world.nodes(build.node("n"))
    world.pods(build.pod("p", **{GPU: "1"}))

    settle(world, extenders)

    assert world.where("p") == "n"
