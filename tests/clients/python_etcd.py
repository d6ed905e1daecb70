"""The python-etcd client (v2 API) against a running store: python_etcd.py HOST PORT. Exits with 1 at the first answer
that is not as the package promises. Recipes: read, write, directories, TTL, compare-and-swap, watches, lock, election."""

import sys
import threading
import time

import etcd


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def expect_error(what, error, call):
    try:
        call()
    except error:
        return
    sys.exit(f"{what}: no {error.__name__}")


def files(client):
    written = client.write("/py/a", "1")
    expect("action", (written.action, written.newKey), ("set", True))
    expect("value", client.read("/py/a").value, "1")
    expect("value by get", client.get("/py/a").value, "1")
    client.set("/py/unicode", "h\u00e9\u20ac<>&")
    expect("unicode", client.read("/py/unicode").value, "h\u00e9\u20ac<>&")
    node = client.read("/py/a")
    node.value = "2"
    updated = client.update(node)
    expect("update", (updated.value, updated._prev_node.value), ("2", "1"))
    expect("created stays", updated.createdIndex, node.createdIndex)
    expect("contains", ("/py/a" in client, "/py/none" in client), (True, False))
    expect_error("missing", etcd.EtcdKeyNotFound, lambda: client.read("/py/none"))
    expect_error("not a directory", etcd.EtcdNotDir, lambda: client.write("/py/a/b", "1"))
    expect_error("root", etcd.EtcdRootReadOnly, lambda: client.delete("/", recursive=True))


def directories(client):
    client.write("/py/dir", None, dir=True)
    expect_error("not a file", etcd.EtcdNotFile, lambda: client.write("/py/dir", "1"))
    for name in ("b", "a", "sub/c"):
        client.write(f"/py/dir/{name}", name)
    client.write("/py/dir/_hidden", "1")
    tree = client.read("/py/dir", recursive=True, sorted=True)
    expect("leaves", [leaf.key for leaf in tree.leaves], ["/py/dir/a", "/py/dir/b", "/py/dir/sub/c"])
    expect("one level", sorted(child.key for child in client.read("/py/dir").children),
           ["/py/dir/a", "/py/dir/b", "/py/dir/sub"])
    first = client.write("/py/queue", "1", append=True)
    second = client.write("/py/queue", "2", append=True)
    expect("in order", [leaf.value for leaf in client.read("/py/queue", sorted=True).leaves], ["1", "2"])
    expect("order of names", first.key < second.key, True)
    expect_error("not empty", etcd.EtcdDirNotEmpty, lambda: client.delete("/py/dir", dir=True))
    expect("pop", client.pop("/py/a").value, "2")
    client.delete("/py/dir", recursive=True)
    expect_error("deleted", etcd.EtcdKeyNotFound, lambda: client.read("/py/dir/a"))


def compare(client):
    client.write("/py/cas", "1", prevExist=False)
    expect_error("exists", etcd.EtcdAlreadyExist, lambda: client.write("/py/cas", "1", prevExist=False))
    expect_error("other value", etcd.EtcdCompareFailed, lambda: client.write("/py/cas", "2", prevValue="x"))
    index = client.write("/py/cas", "2", prevValue="1").modifiedIndex
    client.test_and_set("/py/cas", "3", "2")
    expect_error("other index", etcd.EtcdCompareFailed, lambda: client.write("/py/cas", "4", prevIndex=index))
    expect_error("delete if", etcd.EtcdCompareFailed, lambda: client.delete("/py/cas", prevValue="x"))
    expect("deleted if", client.delete("/py/cas", prevValue="3").action, "compareAndDelete")


def watches(client):
    index = client.write("/py/w", "1").modifiedIndex
    client.write("/py/w", "2", ttl=30)
    expect("from history", client.watch("/py/w", index=index + 1).value, "2")
    seen = []
    watcher = threading.Thread(target=lambda: seen.append(client.watch("/py", recursive=True, timeout=20)))
    watcher.start()
    while not int(client.store_stats["watchers"]):
        time.sleep(0.01)
    client.write("/py/live", "3")
    watcher.join()
    expect("live", (seen[0].action, seen[0].key, seen[0].value), ("set", "/py/live", "3"))
    events = client.eternal_watch("/py/w", index=index)
    expect("eternal", [next(events).value, next(events).value], ["1", "2"])
    expect_error("timeout", etcd.EtcdWatchTimedOut, lambda: client.watch("/py/none", timeout=0.2))


def time_to_live(client):
    expect("ttl", client.write("/py/ttl", "1", ttl=2).ttl, 2)
    client.refresh("/py/ttl", ttl=1)
    index = client.write("/py/ttldir", None, dir=True, ttl=1).modifiedIndex
    client.write("/py/ttldir/a", "1")
    expiry = client.watch("/py/ttldir/a", index=index + 2, timeout=20)
    expect("expiry of a directory", (expiry.action, expiry.key), ("expire", "/py/ttldir"))
    expect("expiry of a file", client.watch("/py/ttl", index=index, timeout=20).action, "expire")
    expect_error("expired", etcd.EtcdKeyNotFound, lambda: client.read("/py/ttl"))


def lock(client, host, port):
    other = etcd.Client(host=host, port=port)
    mine, theirs = etcd.Lock(client, "report"), etcd.Lock(other, "report")
    expect("acquired", mine.acquire(lock_ttl=30), True)
    expect("taken", theirs.acquire(blocking=False, lock_ttl=30), False)
    waiting = threading.Thread(target=lambda: theirs.acquire(blocking=True, lock_ttl=30, timeout=20))
    waiting.start()
    mine.release()
    waiting.join()
    expect("handed over", (mine.is_acquired, theirs.is_acquired), (False, True))
    theirs.release()


def election(client, host, port):
    """A leader key that its holder refreshes, as the package's documentation has it; the second takes over."""
    client.write("/py/leader", "one", prevExist=False, ttl=1)
    other = etcd.Client(host=host, port=port)
    expect_error("one leader", etcd.EtcdAlreadyExist,
                 lambda: other.write("/py/leader", "two", prevExist=False, ttl=1))
    client.refresh("/py/leader", ttl=1)
    ended = other.watch("/py/leader", timeout=20)
    expect("the leader ends", ended.action, "expire")
    expect("the second leads", other.write("/py/leader", "two", prevExist=False, ttl=30).action, "create")


def cluster(client):
    expect("machines", len(client.machines), 1)
    (member,) = client.members.values()
    expect("leader", client.leader["id"], member["id"])
    expect("stats", client.stats["state"], "StateLeader")
    expect("followers", client.leader_stats["followers"], {})


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    client = etcd.Client(host=host, port=port, allow_reconnect=False)
    files(client)
    directories(client)
    compare(client)
    watches(client)
    time_to_live(client)
    lock(client, host, port)
    election(client, host, port)
    cluster(client)


main()
