"""Spark: the driver that runs a run's streaming query, and the query's scoring function."""
