# Sourced by every entrypoint that starts a JVM which sees records: the one rule for all of them
# (docs/jvm.md), so that no system has another collector or a smaller heap by chance.
#
#   heap        from the profile, all of it taken at the start (-Xms = -Xmx, touched before use)
#   collector   Parallel: what the JVM would choose depends on the cores and the memory it sees, so a
#               profile of two cores would measure another JVM than one of one core
#   metaspace   loading classes until the default threshold (21 MB) stops everything for a full
#               collection, which a measured window may hold
#   log         every pause, with its time, to the container's log: the results count those of the window
#
# CRAYFISH_HEAP and CRAYFISH_JVM_OPTIONS come from the profile (resources.X.heap, .jvm_options); the
# latter come last, so they win.
heap=${CRAYFISH_HEAP:-768m}
gc_log=-Xlog:gc:file=/proc/1/fd/1:utctime:filecount=0
# Without the heap's upper bound, which Spark and Flink want to set themselves.
jvm_rule="-Xms$heap -XX:+AlwaysPreTouch -XX:+UseParallelGC -XX:MetaspaceSize=256m -XX:+ExitOnOutOfMemoryError $gc_log ${CRAYFISH_JVM_OPTIONS:-}"
