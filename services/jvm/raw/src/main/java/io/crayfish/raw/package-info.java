/**
 * The scorer in a loop, in a processor's image and with its limits: what crayfish_load.raw is for
 * scorers in Python. It leaves the same row files and summaries.
 */
package io.crayfish.raw;
