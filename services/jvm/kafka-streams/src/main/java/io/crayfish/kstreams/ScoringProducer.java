package io.crayfish.kstreams;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.RecordScorer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * A stream thread's producer, which is handed requests and sends their results: so many calls of the
 * model server are under way between the two.
 *
 * <p>Kafka Streams flushes its producer before it commits offsets, and commits and aborts transactions
 * through it: what is under way is waited for, or dropped, at just the moments that at-least-once and
 * exactly-once need, and a result that cannot be sent is an error of the record that it belongs to.
 *
 * <p>A result is sent by the thread that got the answer, and does not wait until the stream thread has
 * polled. The lock keeps the results in order, if they shall be, and makes an abort final.
 */
final class ScoringProducer extends ForwardingProducer {
  private final RecordScorer scorer;
  private final RunConfig.Call call;
  private final Lock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();

  /** In the order of their records; empty unless results shall be sent in it. */
  private final Queue<UnderWay> queue = new ArrayDeque<>();

  private int underWay;

  /** Counts the times that everything under way was dropped. */
  private int drops;

  /**
   * Around the producer that sends.
   *
   * @param scorer of a model server; is closed with the producer
   */
  ScoringProducer(Producer<byte[], byte[]> producer, RecordScorer scorer, RunConfig.Call call) {
    super(producer);
    this.scorer = scorer;
    this.call = call;
  }

  /** A record whose call has begun. */
  private static final class UnderWay {
    private final ProducerRecord<byte[], byte[]> request;
    private final Callback callback;
    private final int drops;
    private final CompletableFuture<RecordMetadata> sent = new CompletableFuture<>();
    private byte[] result;

    UnderWay(ProducerRecord<byte[], byte[]> request, Callback callback, int drops) {
      this.request = request;
      this.callback = callback;
      this.drops = drops;
    }

    ProducerRecord<byte[], byte[]> toSend() {
      return new ProducerRecord<>(
          request.topic(),
          request.partition(),
          request.timestamp(),
          request.key(),
          result,
          request.headers());
    }

    void acknowledged(RecordMetadata where, Exception error) {
      if (callback != null) {
        callback.onCompletion(where, error);
      }
      if (error == null) {
        sent.complete(where);
      } else {
        sent.completeExceptionally(error);
      }
    }
  }

  /**
   * Begin the call of a request; waits while as many are under way as may be.
   *
   * @return where its result was written, when it was
   */
  @Override
  public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> request, Callback callback) {
    long receivedNs = RecordScorer.now();
    UnderWay record;
    lock.lock();
    try {
      awaitAtMost(call.inFlight() - 1);
      underWay++;
      record = new UnderWay(request, callback, drops);
      if (call.ordered()) {
        queue.add(record);
      }
    } finally {
      lock.unlock();
    }
    scorer.submit(request.value(), receivedNs).thenAccept(result -> ended(record, result));
    return record.sent;
  }

  private void ended(UnderWay record, byte[] result) {
    lock.lock();
    try {
      if (record.drops != drops) {
        return;
      }
      record.result = result;
      if (!call.ordered()) {
        pass(record);
      }
      while (!queue.isEmpty() && queue.peek().result != null) {
        pass(queue.remove());
      }
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void pass(UnderWay record) {
    underWay--;
    try {
      producer.send(record.toSend(), record::acknowledged);
    } catch (RuntimeException error) { // Kafka Streams throws it in the stream thread
      TopicPartition nowhere = new TopicPartition(record.request.topic(), -1);
      record.acknowledged(new RecordMetadata(nowhere, -1, -1, -1, -1, -1), error);
    }
  }

  /** Holds the lock. */
  private void awaitAtMost(int most) {
    try {
      while (underWay > most) {
        ended.await();
      }
    } catch (InterruptedException stop) {
      throw new InterruptException(stop);
    }
  }

  /** Until every record has its result, and that is on its way. */
  private void drain() {
    lock.lock();
    try {
      awaitAtMost(0);
    } finally {
      lock.unlock();
    }
  }

  /** The results of what is under way belong to a transaction that is no more, or to nobody. */
  private void drop() {
    lock.lock();
    try {
      drops++;
      underWay = 0;
      queue.clear();
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void flush() {
    drain();
    super.flush();
  }

  @Override
  public void sendOffsetsToTransaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
    drain();
    super.sendOffsetsToTransaction(offsets, group);
  }

  @Override
  public void commitTransaction() {
    drain();
    super.commitTransaction();
  }

  @Override
  public void abortTransaction() {
    drop();
    super.abortTransaction();
  }

  @Override
  public void close() {
    drop();
    scorer.close();
    super.close();
  }

  @Override
  public void close(Duration timeout) {
    drop();
    scorer.close();
    super.close(timeout);
  }
}
