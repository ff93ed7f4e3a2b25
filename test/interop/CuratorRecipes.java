// Curator's recipes against the server at args[0]; prints one word per recipe that behaved.
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.CreateMode;

public class CuratorRecipes {
  static CuratorFramework left;
  static CuratorFramework right;
  static ExecutorService threads = Executors.newCachedThreadPool();

  interface Recipe {
    void run() throws Exception;
  }

  static CuratorFramework client(String server) throws Exception {
    CuratorFramework made = CuratorFrameworkFactory.newClient(server, 10000, 10000, new RetryOneTime(100));
    made.start();
    check(made.blockUntilConnected(10, TimeUnit.SECONDS), "connected");
    return made;
  }

  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  static void both(java.util.function.Function<CuratorFramework, Recipe> work) throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (CuratorFramework one : List.of(left, right)) {
      Recipe recipe = work.apply(one);
      running.add(threads.submit(() -> {
        recipe.run();
        return null;
      }));
    }
    for (Future<?> one : running) one.get(30, TimeUnit.SECONDS);
  }

  static void mutex() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    both(one -> () -> {
      InterProcessMutex lock = new InterProcessMutex(one, "/mutex");
      for (int round = 0; round < 20; round++) {
        check(lock.acquire(20, TimeUnit.SECONDS), "acquired");
        check(inside.incrementAndGet() == 1, "one holder");
        inside.decrementAndGet();
        lock.release();
      }
    });
  }

  static void readWriteLock() throws Exception {
    InterProcessReadWriteLock one = new InterProcessReadWriteLock(left, "/rw");
    InterProcessReadWriteLock two = new InterProcessReadWriteLock(right, "/rw");
    one.readLock().acquire();
    check(two.readLock().acquire(5, TimeUnit.SECONDS), "readers together");
    two.readLock().release();
    check(!two.writeLock().acquire(200, TimeUnit.MILLISECONDS), "no writer beside a reader");
    one.readLock().release();
    check(two.writeLock().acquire(5, TimeUnit.SECONDS), "a writer alone");
    two.writeLock().release();
  }

  static void semaphore() throws Exception {
    InterProcessSemaphoreV2 one = new InterProcessSemaphoreV2(left, "/semaphore", 2);
    InterProcessSemaphoreV2 two = new InterProcessSemaphoreV2(right, "/semaphore", 2);
    var first = one.acquire(5, TimeUnit.SECONDS);
    var second = two.acquire(5, TimeUnit.SECONDS);
    check(first != null && second != null, "two leases");
    check(one.acquire(200, TimeUnit.MILLISECONDS) == null, "no third");
    two.returnLease(second);
    check(one.acquire(5, TimeUnit.SECONDS) != null, "a returned one");
  }

  static void leaderLatch() throws Exception {
    LeaderLatch one = new LeaderLatch(left, "/leader", "one");
    LeaderLatch two = new LeaderLatch(right, "/leader", "two");
    one.start();
    check(one.await(10, TimeUnit.SECONDS), "a leader");
    two.start();
    check(!two.await(200, TimeUnit.MILLISECONDS), "one leader");
    one.close();
    check(two.await(10, TimeUnit.SECONDS), "the next leader");
    two.close();
  }

  static void counter() throws Exception {
    both(one -> () -> {
      DistributedAtomicLong count = new DistributedAtomicLong(one, "/counter", new RetryOneTime(10));
      for (int added = 0; added < 50;) if (count.increment().succeeded()) added++;
    });
    DistributedAtomicLong count = new DistributedAtomicLong(left, "/counter", new RetryOneTime(10));
    check(count.get().postValue() == 100L, "one hundred");
  }

  static void sharedCount() throws Exception {
    SharedCount one = new SharedCount(left, "/shared", 1);
    SharedCount two = new SharedCount(right, "/shared", 1);
    one.start();
    two.start();
    one.setCount(7);
    for (int tries = 0; two.getCount() != 7 && tries < 100; tries++) Thread.sleep(50);
    check(two.getCount() == 7, "the other sees it");
    one.close();
    two.close();
  }

  static void doubleBarrier() throws Exception {
    AtomicInteger entered = new AtomicInteger();
    both(one -> () -> {
      DistributedDoubleBarrier barrier = new DistributedDoubleBarrier(one, "/barrier", 2);
      check(barrier.enter(20, TimeUnit.SECONDS), "entered");
      entered.incrementAndGet();
      check(barrier.leave(20, TimeUnit.SECONDS), "left");
      check(entered.get() == 2, "together");
    });
  }

  static void cache() throws Exception {
    left.create().forPath("/cache");
    CountDownLatch seen = new CountDownLatch(20);
    CuratorCache cache = CuratorCache.build(right, "/cache");
    cache.listenable().addListener(
        CuratorCacheListener.builder().forCreatesAndChanges((before, now) -> {
          if (now.getPath().startsWith("/cache/")) seen.countDown();
        }).build());
    cache.start();
    for (int index = 0; index < 20; index++) left.create().forPath("/cache/" + index);
    check(seen.await(10, TimeUnit.SECONDS), "every node seen");
    cache.close();
  }

  static void persistentNode() throws Exception {
    PersistentNode node = new PersistentNode(left, CreateMode.EPHEMERAL, false, "/stays", new byte[] {1});
    node.start();
    check(node.waitForInitialCreate(10, TimeUnit.SECONDS), "made");
    right.delete().forPath("/stays");
    for (int tries = 0; right.checkExists().forPath("/stays") == null; tries++) {
      check(tries < 100, "made again");
      Thread.sleep(50);
    }
    node.close();
  }

  public static void main(String[] args) throws Exception {
    left = client(args[0]);
    right = client(args[0]);
    String[] names = {
      "mutex", "readWriteLock", "semaphore", "leaderLatch", "counter", "sharedCount",
      "doubleBarrier", "cache", "persistentNode"
    };
    Recipe[] recipes = {
      CuratorRecipes::mutex, CuratorRecipes::readWriteLock, CuratorRecipes::semaphore,
      CuratorRecipes::leaderLatch, CuratorRecipes::counter, CuratorRecipes::sharedCount,
      CuratorRecipes::doubleBarrier, CuratorRecipes::cache, CuratorRecipes::persistentNode
    };
    for (int index = 0; index < recipes.length; index++) {
      recipes[index].run();
      System.out.println(names[index]);
    }
    threads.shutdownNow();
    left.close();
    right.close();
  }
}
