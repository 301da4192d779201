/** The processor kafka-streams: one application, as many stream threads as there are scorers. */
package io.crayfish.kstreams;
