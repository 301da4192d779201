package io.crayfish.scoring;

import java.util.HashMap;
import java.util.Map;

/**
 * What the scorers of a process use together: opened for the first of them, closed after the last.
 *
 * <p>Weights of half a gigabyte are there once, and not once for each thread.
 *
 * @param <T> what is shared; threads may use it at the same time
 */
public final class Shared<T extends AutoCloseable> {
  /** Opens it. */
  public interface Opener<T> {
    T open() throws Exception;
  }

  private static final class Held<T> {
    final T value;
    int users;

    Held(T value) {
      this.value = value;
    }
  }

  private final Map<String, Held<T>> held = new HashMap<>();

  /** The one of this name, opened if nobody has it; others who want one wait meanwhile. */
  public synchronized T take(String name, Opener<T> opener) throws Exception {
    Held<T> found = held.get(name);
    if (found == null) {
      found = new Held<>(opener.open());
      held.put(name, found);
    }
    found.users++;
    return found.value;
  }

  /** Somebody who took it does not need it any more. */
  public synchronized void giveBack(String name) throws Exception {
    Held<T> found = held.get(name);
    if (--found.users == 0) {
      held.remove(name);
      found.value.close();
    }
  }
}
