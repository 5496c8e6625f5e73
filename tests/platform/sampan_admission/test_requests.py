"""The type of the variable ``request``."""

from sampan_admission.requests import REQUEST
from sampan_cel.types import BOOL, DYN, STRING


def test_a_request_has_the_fields_of_an_admission_request_but_its_objects():
    assert (REQUEST.fields["dryRun"], REQUEST.fields["options"]) == (BOOL, DYN)
    assert REQUEST.fields["userInfo"].fields["username"] is STRING
    assert not {"object", "oldObject", "uid"} & REQUEST.fields.keys()
