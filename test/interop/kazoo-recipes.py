# kazoo's recipes against the server at sys.argv[1]; prints one word per recipe that behaved.
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError
from kazoo.recipe.watchers import ChildrenWatch, DataWatch


def client():
    made = KazooClient(hosts=sys.argv[1], timeout=10.0)
    made.start(timeout=10)
    return made


left, right = client(), client()


def lock():
    inside, most = [0], [0]

    def work(kazoo):
        for _ in range(20):
            with kazoo.Lock("/lock", "me"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work, args=(one,)) for one in (left, right)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert most[0] == 1


def election():
    leaders, first = [], threading.Event()
    holder = client()

    def lead(name, seconds):
        leaders.append(name)
        first.set()
        time.sleep(seconds)

    one = threading.Thread(
        target=lambda: holder.Election("/election", "one").run(lead, "one", 0.3)
    )
    one.start()
    assert first.wait(10)
    right.Election("/election", "two").run(lead, "two", 0)
    one.join(10)
    assert leaders == ["one", "two"], leaders
    holder.stop()


def counter():
    def work(kazoo):
        count = kazoo.Counter("/counter")
        for _ in range(50):
            count += 1

    threads = [threading.Thread(target=work, args=(one,)) for one in (left, right)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert left.Counter("/counter").value == 100


def queue():
    items = left.LockingQueue("/queue")
    items.put_all([b"a", b"b", b"c"])
    other = right.LockingQueue("/queue")
    taken = []
    for _ in range(3):
        taken.append(other.get(timeout=5))
        other.consume()
    assert taken == [b"a", b"b", b"c"], taken


def barrier():
    fence = left.Barrier("/barrier")
    fence.create()
    assert right.Barrier("/barrier").wait(0.2) is False
    threading.Timer(0.2, fence.remove).start()
    assert right.Barrier("/barrier").wait(10) is True


def semaphore():
    one = left.Semaphore("/semaphore", max_leases=2)
    two = right.Semaphore("/semaphore", max_leases=2)
    three = left.Semaphore("/semaphore", max_leases=2)
    assert one.acquire() and two.acquire()
    assert three.acquire(blocking=False) is False
    two.release()
    assert three.acquire(timeout=5)


def watchers():
    seen, names = [], []
    left.create("/watched", b"0")
    DataWatch(right, "/watched", lambda data, stat: seen.append(data))
    ChildrenWatch(right, "/watched", lambda children: names.append(sorted(children)))
    for number in range(1, 6):
        left.set("/watched", str(number).encode())
        left.create("/watched/%d" % number)
        time.sleep(0.05)
    time.sleep(0.3)
    assert seen[0] == b"0" and seen[-1] == b"5", seen
    assert names[-1] == ["1", "2", "3", "4", "5"], names


def transaction():
    change = left.transaction()
    change.create("/together", b"x")
    change.check("/missing", 0)
    results = change.commit()
    assert isinstance(results[1], NoNodeError) and left.exists("/together") is None


def party():
    one, two = left.Party("/party", "one"), right.Party("/party", "two")
    one.join()
    two.join()
    assert sorted(one) == ["one", "two"]
    two.leave()
    assert list(one) == ["one"]


for recipe in (lock, election, counter, queue, barrier, semaphore, watchers, transaction, party):
    recipe()
    print(recipe.__name__, flush=True)
left.stop()
right.stop()
