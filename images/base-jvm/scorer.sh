# Sourced by the entrypoint of every image that holds scorers on the JVM.
. /opt/crayfish/jvm.sh

# As Flink's own image does: what a library allocates in one thread and frees in another (ND4J's
# arrays, at each operation) costs glibc a third more time.
export LD_PRELOAD="${LD_PRELOAD:-libjemalloc.so.2}"
# Numeric libraries take no more threads than a scorer was given (their own default: every core).
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}" TF_CPP_MIN_LOG_LEVEL=1

# raw_jvm CLASSPATH: the bare scorer.
raw_jvm() {
    # shellcheck disable=SC2086  one word each
    exec java $jvm_rule "-Xmx$heap" -cp "$1" io.crayfish.raw.Main
}

# unknown_role IMAGE ROLE: ends with the documented exit code of a bad configuration.
unknown_role() {
    echo "{\"level\":\"error\",\"component\":\"$1\",\"msg\":\"unknown role $2\"}"
    exit 2
}
