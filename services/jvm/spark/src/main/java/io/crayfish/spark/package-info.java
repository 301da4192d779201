/** Spark's function. */
package io.crayfish.spark;
