package io.crayfish.contract;

/** Exit codes of a container. */
public final class ServiceExit {
  public static final int OK = 0;
  public static final int BUG = 1;

  /** Run config, model file or points are unusable; the last log line says which. */
  public static final int BAD_CONFIG = 2;

  /** Something it needs (a broker, a server) did not answer in time. */
  public static final int UNREACHABLE = 3;

  private ServiceExit() {}
}
