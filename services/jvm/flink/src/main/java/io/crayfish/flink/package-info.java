/** What runs inside Flink's TaskManager when the runtime is jvm. */
package io.crayfish.flink;
