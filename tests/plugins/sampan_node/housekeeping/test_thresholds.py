import pytest

from sampan_node.housekeeping.thresholds import Amount, Threshold, parse

MIB = 1 << 20


def test_hard_and_soft_thresholds_with_their_grace_and_minimum_reclaim():
    found = parse(
        {"nodefs.available": "10%", "memory.available": "100Mi"},
        {"memory.available": "1.5Gi"},
        {"memory.available": "1m30s"},
        {"nodefs.available": "500Mi", "memory.available": "0"},
    )

    hundred, half = Amount(100 * MIB, text="100Mi"), Amount(500 * MIB, text="500Mi")
    assert found == (
        Threshold("memory.available", hundred, 0.0, Amount(0, text="0")),
        Threshold("nodefs.available", Amount(share=0.1), 0.0, half),
        Threshold("memory.available", Amount(1536 * MIB, text="1536Mi"), 90.0, Amount(0, text="0")),
    )
    assert [one.is_hard for one in found] == [True, True, False]


@pytest.mark.parametrize("text", ["0%", "100%"])
def test_no_share_and_the_whole_are_never(text):
    assert parse({"memory.available": text}, {}, {}, {}) == ()


def test_a_share_is_of_the_whole_and_is_shown_as_an_amount():
    tenth = Amount(share=0.1)

    assert (tenth.of(1000 * MIB), tenth.shown(1000 * MIB)) == (100 * MIB, "100Mi")
    assert Amount(1, text="1").shown(1000) == "1"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (({"memory.free": "1Gi"}, {}, {}, {}), "evictionHard: memory.free is not a signal; there are memory.available"),
        (({"containerfs.available": "1Gi"}, {}, {}, {}), "cannot be set: it follows nodefs.available"),
        (({"memory.available": "lots"}, {}, {}, {}), "evictionHard: memory.available must be an amount such as 100Mi"),
        (({"memory.available": "110%"}, {}, {}, {}), "not '110%'"),
        (({"memory.available": "-1Gi"}, {}, {}, {}), "not '-1Gi'"),
        (({"memory.available": "nan%"}, {}, {}, {}), "not 'nan%'"),
        (({"memory.available": "0"}, {}, {}, {}), "must be more than 0"),
        (({}, {"memory.available": "1Gi"}, {}, {}), "evictionSoftGracePeriod must have memory.available"),
        (({}, {}, {"memory.available": "-3s"}, {}), "evictionSoftGracePeriod: memory.available must be a time such as"),
        (({}, {}, {"memory.available": "soon"}, {}), "not 'soon'"),
        (({}, {}, {}, {"memory.available": "0%"}), "evictionMinimumReclaim: memory.available must be more than 0%"),
    ],
)
def test_what_upstream_refuses_is_refused_in_words(given, said):
    with pytest.raises(ValueError) as refused:
        parse(*given)

    assert said in str(refused.value)
