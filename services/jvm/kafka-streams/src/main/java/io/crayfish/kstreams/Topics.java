package io.crayfish.kstreams;

import io.crayfish.contract.KafkaSecurity;
import io.crayfish.contract.RunConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;

/** The two topics of a run: whoever comes first makes them, so start order does not matter. */
final class Topics {
  /** For a broker that was there before: nobody waits for it to start. */
  private static final double THERE_SECONDS = 20;

  /** Copies of a topic: as many as the cluster's own default says. */
  private static final short AS_THE_CLUSTER = -1;

  private Topics() {}

  /**
   * Make them unless they are there; waits for all brokers, over which they are spread.
   *
   * @throws KafkaException if it does not within {@code seconds}, or refuses
   */
  static void ensure(RunConfig.Kafka kafka, double seconds) throws InterruptedException {
    double patience = kafka.external() ? Math.min(seconds, THERE_SECONDS) : seconds;
    long end = System.nanoTime() + Math.round(patience * 1e9);
    Map<String, Object> settings = new HashMap<>(KafkaSecurity.settings(kafka));
    settings.put("bootstrap.servers", kafka.bootstrap());
    settings.put("default.api.timeout.ms", 5000);
    settings.put("request.timeout.ms", 4000);
    while (true) {
      // A client made anew resolves the broker's name anew, which may not exist yet.
      try (Admin admin = Admin.create(settings)) {
        if (!kafka.external()) {
          awaitBrokers(admin, kafka.brokers(), end);
        }
        create(admin, kafka, kafka.inputTopic(), kafka.inputPartitions());
        create(admin, kafka, kafka.outputTopic(), kafka.outputPartitions());
        return;
      } catch (RetriableException | org.apache.kafka.common.config.ConfigException notYet) {
        if (System.nanoTime() > end) {
          throw notYet;
        }
      } catch (KafkaException error) {
        boolean unresolved =
            error.getCause() instanceof org.apache.kafka.common.config.ConfigException;
        if (!unresolved || System.nanoTime() > end) {
          throw error;
        }
      }
      Thread.sleep(100);
    }
  }

  private static void awaitBrokers(Admin admin, int brokers, long end) throws InterruptedException {
    int there;
    while ((there = said(admin.describeCluster().nodes()).size()) < brokers) {
      if (System.nanoTime() > end) {
        throw new KafkaException(there + " of " + brokers + " brokers are there");
      }
      Thread.sleep(100);
    }
  }

  private static void create(Admin admin, RunConfig.Kafka kafka, String name, int partitions)
      throws InterruptedException {
    NewTopic topic =
        new NewTopic(name, partitions, kafka.external() ? AS_THE_CLUSTER : 1)
            .configs(
                Map.of(
                    "message.timestamp.type", "LogAppendTime",
                    "max.message.bytes", String.valueOf(kafka.maxMessageBytes())));
    try {
      said(admin.createTopics(List.of(topic)).all());
    } catch (TopicExistsException there) {
      return;
    }
  }

  /** What a call of the cluster has said, or its own error. */
  private static <T> T said(KafkaFuture<T> answer) throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException error) {
      if (error.getCause() instanceof KafkaException cause) {
        throw cause;
      }
      throw new KafkaException(error.getCause());
    }
  }
}
