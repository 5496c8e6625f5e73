from __future__ import annotations

from sampan_flowcontrol.shuffling import deal, flow_hash


def test_a_hand_has_different_cards_of_the_deck():
    for number in range(200):
        hand = deal(flow_hash("schema", f"user-{number}"), 64, 6)
        assert len(set(hand)) == 6
        assert all(0 <= card < 64 for card in hand)


def test_hands_are_spread_over_the_deck():
    dealt = [card for number in range(500) for card in deal(flow_hash("s", str(number)), 16, 4)]

    assert max(map(dealt.count, range(16))) < 2 * min(map(dealt.count, range(16)))


def test_a_flow_has_the_same_hand_in_every_process():
    assert flow_hash("a", "b") == flow_hash("a", "b")
    assert flow_hash("a", "b") != flow_hash("a", "c")
    assert flow_hash("ab", "c") != flow_hash("a", "bc")


def test_the_cards_are_those_of_upstreams_dealer():
    assert deal(0, 8, 3) == [0, 1, 2]
    assert deal(8 * 7 * 6 - 1, 8, 3) == [7, 6, 5]
