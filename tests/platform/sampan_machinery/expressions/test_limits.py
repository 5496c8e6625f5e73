"""Rules that may cost too much are refused when their schema is written."""

from sampan_machinery.expressions.limits import over_limits

NESTED = "self.all(x, self.all(y, x.contains(y)))"


def rules(*texts, **schema):
    return {**schema, "x-kubernetes-validations": [{"rule": text} for text in texts]}


def texts(**bounds):
    return {"type": "array", "items": {"type": "string", "maxLength": 20}, **bounds}


def said(schema, **how):
    return [f"{each.path}: {each.message}" for each in over_limits(schema, "schema", **how)]


def of(name, schema):
    return {"type": "object", "properties": {name: schema}}


def test_rules_over_what_is_bounded_are_cheap():
    assert said(of("a", rules(NESTED, **texts(maxItems=100)))) == []


def test_a_rule_over_what_is_not_bounded_is_refused():
    first, *rest = said(of("a", rules(NESTED, **texts())))

    assert first == (
        "schema.properties[a].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by "
        "factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where "
        "arrays, maps, and strings are declared)"
    )
    assert len(rest) == 2  # it is too much for the whole schema, too


def test_a_rule_counts_as_often_as_its_place_can_be_there():
    once = rules("self.startsWith('abc') && self.matches('a+b+c+d+e+f+')", type="string", maxLength=100)
    often = {"type": "array", "maxItems": 100_000, "items": once}
    without_bound = {"type": "array", "items": once}

    assert said(once) == []
    assert "factor of" in said(often)[0]
    assert "schema.items.x-kubernetes-validations[0].rule" in said(without_bound)[0]


def test_rules_that_are_too_much_together_are_named():
    costly = texts(maxItems=350)
    schema = {"type": "object", "properties": {f"p{place}": rules(NESTED, NESTED, **costly) for place in range(10)}}

    found = said(schema)

    assert len(found) == 5
    assert all("contributed to estimated rule cost total" in each for each in found[:4])
    assert found[4].startswith(
        "schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds"
    )


def test_single_rules_that_are_there_already_are_left_alone():
    assert said(of("a", rules("self.all(x, self.exists(y, x == y))", **texts(maxItems=1500)))) != []
    assert said(of("a", rules("self.all(x, self.exists(y, x == y))", **texts(maxItems=1500))), each=False) == []


def test_a_message_counts_once():
    schema = texts(maxItems=10)
    schema["x-kubernetes-validations"] = [{"rule": "true", "messageExpression": "self.join(',')"}]

    assert said(schema) == []


def test_what_does_not_compile_is_passed_over():
    assert said(of("a", rules("nothing", **texts()))) == []
