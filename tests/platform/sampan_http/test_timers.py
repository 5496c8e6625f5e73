from sampan_http.timers import TimerWheel


class Item:
    def __init__(self):
        self.deadline, self.slot, self.expired = 0.0, 0, []

    def expire(self, now):
        self.expired.append(now)


def test_a_deadline_expires_once_and_not_early():
    wheel, item = TimerWheel(1.0), Item()
    wheel.put(item, 10.5)

    for now in (9.0, 10.4, 11.2, 12.0):
        wheel.advance(now)

    assert item.expired == [11.2]


def test_a_deadline_moves_both_ways():
    wheel, later, sooner = TimerWheel(1.0), Item(), Item()
    for item in (later, sooner):
        wheel.put(item, 10.0)
    wheel.put(later, 20.0)
    wheel.put(sooner, 5.0)

    wheel.advance(6.0)
    wheel.advance(12.0)
    assert (later.expired, sooner.expired) == ([], [6.0])
    wheel.advance(21.0)

    assert later.expired == [21.0]


def test_a_dropped_item_is_forgotten():
    wheel, item = TimerWheel(1.0), Item()
    wheel.put(item, 10.0)
    wheel.drop(item)

    wheel.advance(50.0)

    assert item.expired == []
    assert item.slot == 0


def test_an_item_may_be_put_again_when_it_expires():
    wheel, item = TimerWheel(1.0), Item()
    item.expire = lambda now: (item.expired.append(now), wheel.put(item, now + 5))
    wheel.put(item, 1.0)

    for now in (2.5, 4.0, 9.0):
        wheel.advance(now)

    assert item.expired == [2.5, 9.0]
