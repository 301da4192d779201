/**
 * The contract between the parts: the record and the run config.
 *
 * <p>The same as the Python package {@code crayfish_contract}, whose codec describes the byte layout
 * and the notation of numbers in JSON; the vectors in tests/contract/vectors hold for both.
 */
package io.crayfish.contract;
