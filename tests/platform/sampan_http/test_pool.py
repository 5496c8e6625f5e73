import threading

from sampan_http.pool import Pool


def test_threads_come_when_needed_and_are_bounded():
    pool = Pool(2, idle_seconds=60)
    started, go, done = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def job():
        started.release()
        assert go.wait(30)
        done.release()

    assert pool.size() == 0
    for _ in range(5):
        pool.submit(job)
    assert started.acquire(timeout=30) and started.acquire(timeout=30)

    assert pool.size() == 2
    assert not started.acquire(blocking=False)
    go.set()
    assert all(done.acquire(timeout=30) for _ in range(5))
    pool.close()


def test_idle_threads_end_and_new_ones_come():
    pool = Pool(2, idle_seconds=0.01)
    threads = []
    for _ in range(2):
        ran = threading.Event()
        pool.submit(lambda ran=ran: (threads.append(threading.current_thread()), ran.set()))
        assert ran.wait(30)
        threads[-1].join(30)

    assert pool.size() == 0
    assert len(set(threads)) == 2


def test_a_failing_job_does_not_cost_its_thread(caplog):
    pool = Pool(1, idle_seconds=60)
    ran = threading.Event()

    pool.submit(lambda: 1 / 0)
    pool.submit(ran.set)

    assert ran.wait(30)
    assert "ZeroDivisionError" in caplog.text
    pool.close()
