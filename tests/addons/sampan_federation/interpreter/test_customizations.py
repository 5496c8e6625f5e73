import pytest

from sampan_federation.interpreter.customizations import rules_of
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.rules import RuleFailed

WIDGET = KindName("example.com/v1", "Widget")
OBJ = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}}


def custom(name="c", target=WIDGET, **rules):
    customizations = {field: {"cel": text} for field, text in rules.items()}
    where = {"apiVersion": target.api_version, "kind": target.kind}
    return {"metadata": {"name": name}, "spec": {"target": where, "customizations": customizations}}


def rules(**given):
    found, problems = rules_of([custom(**given)])
    assert not problems
    return found[WIDGET]


def test_replicas_are_a_number_or_a_map_with_requirements():
    assert rules(replicaResource="desiredObj.spec.size").replicas(OBJ) == (3, None)
    text = "{'replica': desiredObj.spec.size, 'requirements': {'resourceRequest': {'cpu': '1'}}}"
    assert rules(replicaResource=text).replicas(OBJ).requirements == {"resourceRequest": {"cpu": "1"}}


def test_revision_and_retention_are_merged_into_the_object():
    revised = rules(replicaRevision="{'spec': {'size': desiredReplica}}").revise(OBJ, 9)
    kept = rules(retention="{'spec': {'paused': observedObj.spec.paused}}").retain(OBJ, {"spec": {"paused": True}})

    assert revised["spec"] == {"size": 9}
    assert kept["spec"] == {"size": 3, "paused": True}
    assert OBJ["spec"] == {"size": 3}


def test_health_status_aggregation_and_dependencies():
    found = rules(
        healthInterpretation="observedObj.status.ok",
        statusReflection="{'size': observedObj.status.size}",
        statusAggregation="{'size': statusItems.map(i, i.status.size).sum()}",
        dependencyInterpretation="[{'apiVersion': 'v1', 'kind': 'Secret', 'name': desiredObj.metadata.name}]",
    )
    observed = {**OBJ, "status": {"ok": True, "size": 2, "more": 1}}

    assert found.health(observed) is True
    assert found.reflect(observed) == {"size": 2}
    assert found.aggregate(OBJ, [{"status": {"size": 2}}, {"status": {"size": 5}}]) == {"size": 7}
    assert found.dependencies(OBJ) == [{"apiVersion": "v1", "kind": "Secret", "name": "w"}]


def test_a_lua_script_is_refused_in_words():
    lua = custom()
    lua["spec"]["customizations"] = {
        "healthInterpretation": {"luaScript": "function InterpretHealth(o) return true end"}
    }

    found, problems = rules_of([lua])

    assert found == {}
    [said] = problems["c"]
    assert "CEL" in said and "spec.customizations.healthInterpretation.cel" in said


@pytest.mark.parametrize("text", ["observedObj.", "unknownName == 1", "1 +"])
def test_an_expression_that_does_not_compile_is_named(text):
    _, problems = rules_of([custom(healthInterpretation=text)])

    assert problems["c"][0].startswith("spec.customizations.healthInterpretation.cel: ")


def test_a_target_and_known_rules_are_required():
    _, no_target = rules_of([custom(target=KindName("", ""), healthInterpretation="true")])
    _, unknown = rules_of([custom(somethingElse="true")])

    assert "spec.target" in no_target["c"][0]
    assert "somethingElse" in unknown["c"][0]


@pytest.mark.parametrize(
    ("rule", "text", "call"),
    [
        ("healthInterpretation", "observedObj.spec.size", lambda r: r.health(OBJ)),
        ("healthInterpretation", "observedObj.nothing.at.all", lambda r: r.health(OBJ)),
        ("replicaResource", "'many'", lambda r: r.replicas(OBJ)),
        ("replicaRevision", "desiredReplica", lambda r: r.revise(OBJ, 1)),
        ("dependencyInterpretation", "['x']", lambda r: r.dependencies(OBJ)),
    ],
)
def test_an_answer_of_the_wrong_type_is_a_failed_rule(rule, text, call):
    with pytest.raises(RuleFailed, match=rule):
        call(rules(**{rule: text}))


def test_an_expression_that_computes_for_ever_is_stopped():
    hundred = "[" + ",".join(["1"] * 200) + "]"
    loops = f"{hundred}.all(a, {hundred}.all(b, {hundred}.all(c, a + b + c > 0)))"

    with pytest.raises(RuleFailed, match="cost"):
        rules(healthInterpretation=loops).health(OBJ)


def test_of_two_rules_for_the_same_the_first_name_counts():
    found, _ = rules_of([custom("b", healthInterpretation="false"), custom("a", healthInterpretation="true")])

    assert found[WIDGET].health(OBJ) is True
