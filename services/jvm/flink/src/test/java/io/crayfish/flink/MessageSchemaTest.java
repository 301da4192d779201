package io.crayfish.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.junit.jupiter.api.Test;

final class MessageSchemaTest {
  @Test
  void everyMessageIsCollectedAlsoOneWithoutAValue() throws Exception {
    List<byte[]> collected = new ArrayList<>();
    byte[] message = {1, 2};
    new MessageSchema().deserialize(message, new ListCollector<>(collected));
    new MessageSchema().deserialize(null, new ListCollector<>(collected));
    assertSame(message, collected.get(0));
    assertEquals(0, collected.get(1).length);
  }

  @Test
  void itsTypeIsThatOfTheOperators() {
    assertEquals(
        PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO,
        new MessageSchema().getProducedType());
  }
}
