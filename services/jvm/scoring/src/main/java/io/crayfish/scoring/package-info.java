/**
 * Scorers, found by name, and the way from a request message to a result message.
 *
 * <p>A tool is a folder of jars with one {@link io.crayfish.scoring.ScorerProvider} in it. Each folder
 * has a class loader of its own, so that a missing or clashing library of one never stops another.
 */
package io.crayfish.scoring;
