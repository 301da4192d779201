package io.crayfish.scoring;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Memory outside the heap that a library gives back only when Java collects.
 *
 * <p>ND4J's arrays are such: what lies between two layers of a large model is free as soon as the
 * next one is computed, and nobody knows before a collection, for which the few objects on the heap
 * are no reason. Ten calls of ResNet50 are a gigabyte. The library can look at the process's size
 * at each of its many allocations, which is a third of the time of a small model; here the kernel
 * is asked ten times a second.
 */
public final class OffHeap {
  private static final long LOOK_NANOS = 100_000_000;

  /** Of the container's memory: the rest is for other processes in it, and for the next calls. */
  private static final double FULL = 0.7;

  /** Of it as well: with less to be gained, the next collection comes no sooner. */
  private static final double WORTH_IT = 0.08;

  private static final OffHeap PROCESS = new OffHeap(limit(), OffHeap::resident, System::gc);

  private final double limit;
  private final LongSupplier resident;
  private final Runnable collect;
  private double full;
  private boolean collected;
  private volatile long looked = System.nanoTime();

  OffHeap(long limit, LongSupplier resident, Runnable collect) {
    this.limit = limit;
    this.resident = resident;
    this.collect = collect;
    this.full = FULL * limit;
  }

  /** To be called with each call of the library: collects if the container is nearly full. */
  public static void look() {
    PROCESS.look(System.nanoTime());
  }

  void look(long now) {
    if (now - looked < LOOK_NANOS) {
      return;
    }
    synchronized (this) {
      if (now - looked < LOOK_NANOS) {
        return;
      }
      looked = now;
      long there = resident.getAsLong();
      if (collected) {
        // What was free has been given back meanwhile.
        collected = false;
        full = Math.max(FULL * limit, there + WORTH_IT * limit);
      }
      if (there > full) {
        collect.run();
        collected = true;
      }
    }
  }

  /** Bytes that the container may have, or the machine has. */
  private static long limit() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  /** Bytes of this process in memory; 0 where the kernel does not say. */
  private static long resident() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException notLinux) {
      return 0;
    }
    return 0;
  }
}
