package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class HalfTest {
  @Test
  void everyHalfIsItsFloatAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.toFloat((short) bits);
      if (Float.isNaN(value)) {
        assertTrue((bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0);
        assertTrue(Float.isNaN(Half.toFloat(Half.of(value))));
      } else {
        assertEquals((short) bits, Half.of(value));
      }
    }
    assertEquals(65504, Half.toFloat((short) 0x7bff));
    assertEquals(0x1p-24f, Half.toFloat((short) 1));
    assertEquals(0x1p-14f, Half.toFloat((short) 0x400));
    assertEquals(-1.5f, Half.toFloat((short) 0xbe00));
  }

  /** Exactly between two it is the even one; a float32 beside the middle goes to its own side. */
  @Test
  void betweenTwoTheNearerOneIsTaken() {
    for (int bits = 0; bits < 0x7bff; bits++) {
      float middle = (Half.toFloat((short) bits) + Half.toFloat((short) (bits + 1))) / 2;
      assertEquals(bits + (bits & 1), Half.of(middle));
      assertEquals(bits, Half.of(Math.nextDown(middle)));
      assertEquals(bits + 1, Half.of(Math.nextUp(middle)));
      assertEquals((short) (0x8000 | bits + 1), Half.of(-Math.nextUp(middle)));
    }
    assertEquals(0x7bff, Half.of(Math.nextDown(65520f)));
    assertEquals(0x7c00, Half.of(65520));
    assertEquals(0x7c00, Half.of(Float.MAX_VALUE));
  }
}
