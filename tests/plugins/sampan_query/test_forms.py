from sampan_query.forms import shown

NAMES, ROWS = ["name", "labels"], [("a", '{"x":"y"}'), (None, 1.5)]


def test_a_table_is_aligned():
    assert list(shown(NAMES, ROWS, "table")) == ["NAME   LABELS", 'a      {"x":"y"}', "-      1.5"]


def test_csv_is_quoted_as_usual():
    assert list(shown(NAMES, ROWS, "csv")) == ['name,labels\na,"{""x"":""y""}"\n,1.5']


def test_json_columns_are_json():
    assert list(shown(NAMES, ROWS, "json")) == ['[{"name":"a","labels":{"x":"y"}},{"name":null,"labels":1.5}]']
    assert list(shown(["t"], [("[no json",)], "json")) == ['[{"t":"[no json"}]']


def test_what_a_terminal_would_obey_is_not_printed_and_long_cells_are_cut():
    assert list(shown(["t"], [("\x1b[31m" + "x" * 100,)], "table"))[1] == " [31m" + "x" * 74 + "…"
