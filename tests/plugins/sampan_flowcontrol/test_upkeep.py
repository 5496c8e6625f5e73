from __future__ import annotations

from sampan.contracts.reconciling import Create, Key
from sampan_flowcontrol.upkeep import decide_level, decide_schema, schemas_of
from sampan_machinery.resources import FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS
from sampan_testing.shelves import Shelf

KEY = Key("", "mine")


def shelf(*objects):
    return Shelf(
        [(FLOW_SCHEMAS if "rules" in each["spec"] else PRIORITY_LEVEL_CONFIGURATIONS, each) for each in objects]
    )


def test_a_schema_says_whether_its_level_is_there(schema, level):
    (missing,) = decide_schema(KEY, shelf(schema()))
    (found,) = decide_schema(KEY, shelf(schema(), level()))

    assert missing.object["status"]["conditions"][0]["status"] == "True"
    condition = found.object["status"]["conditions"][0]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Dangling", "False", "Found")
    assert condition["message"].endswith('named "mine" and it exists')


def test_what_is_said_already_is_not_written_again(schema, level):
    (action,) = decide_schema(KEY, shelf(schema(), level()))

    assert decide_schema(KEY, shelf(action.object, level())) == []


def test_conditions_of_others_stay(schema, level):
    given = {**schema(), "status": {"conditions": [{"type": "Other", "status": "True"}]}}

    (action,) = decide_schema(KEY, shelf(given, level()))

    assert [each["type"] for each in action.object["status"]["conditions"]] == ["Other", "Dangling"]


def test_mandatory_objects_come_back():
    (schema,) = decide_schema(Key("", "catch-all"), shelf())
    (level,) = decide_level(Key("", "exempt"), shelf())

    assert isinstance(schema, Create) and isinstance(level, Create)
    assert decide_schema(KEY, shelf()) == decide_level(KEY, shelf()) == []


def test_a_level_concerns_the_schemas_that_name_it(schema, level):
    observed = shelf(schema("a"), schema("b", level="other"))

    assert list(schemas_of(level(), observed)) == [Key("", "a")]
