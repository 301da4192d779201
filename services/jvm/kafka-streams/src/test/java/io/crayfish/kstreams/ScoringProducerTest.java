package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.Codec;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.RecordScorer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is under way when a producer flushes, commits and aborts. */
@Timeout(30)
final class ScoringProducerTest {
  private final List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
  private final MockProducer<byte[], byte[]> kafka =
      new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
  private boolean closed;

  /** A server whose answers the test gives. */
  private final class Held implements AsyncScorer {
    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      CompletableFuture<ByteBuffer> call = new CompletableFuture<>();
      synchronized (calls) {
        calls.add(call);
        calls.notifyAll();
      }
      return call;
    }

    @Override
    public void load() {}

    @Override
    public void close() {
      closed = true;
    }
  }

  private ScoringProducer producer(int inFlight, boolean ordered) {
    RunConfig.Call call = new RunConfig.Call("async", inFlight, ordered, 1, 0);
    return new ScoringProducer(kafka, new RecordScorer(new Held(), 1, "binary"), call);
  }

  private static ProducerRecord<byte[], byte[]> request(long id) throws Exception {
    RecordHeader header =
        new RecordHeader(Segment.MEASURED, id, 1, 2, 1, 1, false, Status.PENDING, 0, 0, 0);
    byte[] message = new BinaryCodec().encode(header, Values.of(id));
    return new ProducerRecord<>("out", 3, 5L, new byte[] {7}, message);
  }

  private void answer(int call) {
    calls.get(call).complete(Values.of(call));
  }

  /** Until the server was called so often. */
  private void await(int count) throws InterruptedException {
    synchronized (calls) {
      while (calls.size() < count) {
        calls.wait();
      }
    }
  }

  private List<Long> sent() throws Exception {
    List<Long> ids = new ArrayList<>();
    for (ProducerRecord<byte[], byte[]> record : kafka.history()) {
      ids.add(Codec.of("binary").decode(record.value()).header().id());
    }
    return ids;
  }

  @Test
  void resultsAreSentAsTheyCome() throws Exception {
    ScoringProducer producer = producer(3, false);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (long id = 0; id < 3; id++) {
      sent.add(producer.send(request(id)));
    }
    answer(2);
    answer(0);
    assertEquals(List.of(2L, 0L), sent());
    assertTrue(sent.get(0).isDone());
    assertFalse(sent.get(1).isDone());
    answer(1);
    ProducerRecord<byte[], byte[]> last = kafka.history().get(2);
    assertEquals("out", last.topic());
    assertEquals(3, last.partition());
    assertEquals(5L, last.timestamp());
    assertEquals(7, last.key()[0]);
    assertEquals(1, Codec.of("binary").decode(last.value()).data().getFloat(0));
  }

  @Test
  void resultsAreSentInTheOrderOfTheirRecords() throws Exception {
    ScoringProducer producer = producer(3, true);
    for (long id = 0; id < 3; id++) {
      producer.send(request(id));
    }
    answer(2);
    answer(1);
    assertEquals(List.of(), sent());
    answer(0);
    assertEquals(List.of(0L, 1L, 2L), sent());
  }

  @Test
  void aRecordWaitsWhileAsManyAreUnderWayAsMayBe() throws Exception {
    ScoringProducer producer = producer(2, false);
    producer.send(request(0));
    producer.send(request(1));
    ProducerRecord<byte[], byte[]> third = request(2);
    CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> producer.send(third));
    TimeUnit.MILLISECONDS.sleep(50);
    assertFalse(waiting.isDone());
    assertEquals(2, calls.size());
    answer(1);
    waiting.get();
    answer(2);
    byte[] result = kafka.history().get(1).value();
    assertTrue(Codec.of("binary").decode(result).header().waitedUs() > 10_000);
  }

  @Test
  void aFlushWaitsForWhatIsUnderWay() throws Exception {
    ScoringProducer producer = producer(3, false);
    producer.send(request(0));
    producer.send(request(1));
    CompletableFuture<Void> flush = CompletableFuture.runAsync(producer::flush);
    answer(1);
    TimeUnit.MILLISECONDS.sleep(50);
    assertFalse(flush.isDone());
    answer(0);
    flush.get();
    assertTrue(kafka.flushed());
    assertEquals(2, kafka.history().size());
  }

  @Test
  void aCommitHasTheResultsOfAllItsRecords() throws Exception {
    ScoringProducer producer = producer(3, false);
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(request(0));
    ConsumerGroupMetadata group = new MockConsumer<byte[], byte[]>("earliest").groupMetadata();
    CompletableFuture<Void> commit =
        CompletableFuture.runAsync(
            () -> {
              producer.sendOffsetsToTransaction(Map.of(), group);
              producer.commitTransaction();
            });
    TimeUnit.MILLISECONDS.sleep(50);
    assertFalse(kafka.transactionCommitted());
    answer(0);
    commit.get();
    assertTrue(kafka.transactionCommitted());
    assertEquals(List.of(0L), sent());
  }

  @Test
  void anAbortDropsWhatIsUnderWay() throws Exception {
    for (boolean ordered : new boolean[] {false, true}) {
      ScoringProducer producer = producer(2, ordered);
      if (!kafka.transactionInitialized()) {
        producer.initTransactions();
      }
      calls.clear();
      producer.beginTransaction();
      producer.send(request(0));
      producer.send(request(1));
      producer.abortTransaction();
      producer.beginTransaction();
      producer.send(request(2)); // there is room again
      answer(0);
      answer(1);
      assertEquals(List.of(), sent());
      answer(2);
      producer.commitTransaction();
      assertEquals(List.of(2L), sent());
      kafka.clear();
    }
  }

  @Test
  void aFailedCallIsAFailedResultAndNoError() throws Exception {
    ScoringProducer producer = producer(1, true);
    producer.send(request(4));
    calls.get(0).completeExceptionally(new CallException(Reason.DEADLINE, "late"));
    producer.flush();
    RecordHeader header = Codec.of("binary").decode(kafka.history().get(0).value()).header();
    assertEquals(Status.FAILED, header.status());
    assertEquals(Reason.DEADLINE, header.reason());
    assertEquals(4, header.id());
  }

  @Test
  void aResultThatCannotBeSentIsAnErrorOfItsRecord() throws Exception {
    ScoringProducer producer = producer(1, false);
    kafka.sendException = new KafkaException("full");
    List<Exception> errors = new ArrayList<>();
    producer.send(request(0), (where, error) -> errors.add(error));
    answer(0);
    producer.flush();
    assertInstanceOf(KafkaException.class, errors.get(0));
    kafka.sendException = null;
    producer.send(request(1)); // and its place is free again
    answer(1);
    assertEquals(List.of(1L), sent());
  }

  @Test
  void manyThreadsAnswer() throws Exception {
    ScoringProducer producer = producer(8, true);
    CompletableFuture<Void> answers =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int call = 0; call < 2000; call += 4) {
                  await(call + 4);
                  for (int place : new int[] {2, 0, 3, 1}) {
                    answer(call + place);
                  }
                }
              } catch (InterruptedException stop) {
                throw new IllegalStateException(stop);
              }
            });
    for (long id = 0; id < 2000; id++) {
      producer.send(request(id));
    }
    producer.flush();
    answers.get();
    List<Long> ids = sent();
    assertEquals(2000, ids.size());
    for (int i = 0; i < ids.size(); i++) {
      assertEquals(i, ids.get(i));
    }
  }

  @Test
  void theScorerIsClosedWithIt() throws Exception {
    ScoringProducer producer = producer(1, false);
    producer.send(request(0));
    producer.close();
    assertTrue(closed);
    answer(0);
    assertEquals(0, kafka.history().size());
  }
}
