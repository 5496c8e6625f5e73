from sampan_cri.messages import MESSAGES, NAMES, names


def test_every_message_that_a_field_or_a_method_names_is_there():
    plain = {"str", "int", "bool", "map", "bytes"}
    used = {kind.strip("[]") for message in MESSAGES.values() for _, kind in message.values()} - plain

    assert used <= MESSAGES.keys()
    assert {name for pair in NAMES.values() for name in pair} <= MESSAGES.keys()


def test_no_message_uses_a_number_twice():
    for name, message in MESSAGES.items():
        numbers = [number for number, _ in message.values()]
        assert len(numbers) == len(set(numbers)), name


def test_messages_are_called_after_their_method_or_as_the_table_says():
    assert names("ExecSync") == ("ExecSyncRequest", "ExecSyncResponse")
    assert names("Exec") == ("ExecRequest", "Url")
