/* The floor of exact search: every query against every code, counted by the processor's own instruction, in blocks that stay
   in the nearest cache while all queries pass over them. Returns how many pairs are close; writes up to `most` of them. */
#include <stddef.h>
#include <stdint.h>

#define BLOCK 512

size_t scan(const uint64_t *codes, size_t count, const uint64_t *asked, size_t queries, int radius, uint32_t *query,
            uint32_t *row, size_t most) {
  size_t found = 0;
  uint8_t close[BLOCK];
  for (size_t start = 0; start < count; start += BLOCK) {
    size_t length = count - start < BLOCK ? count - start : BLOCK;
    const uint64_t *c = codes + 4 * start;
    for (size_t q = 0; q < queries; q++) {
      uint64_t a = asked[4 * q], b = asked[4 * q + 1], d = asked[4 * q + 2], e = asked[4 * q + 3];
      unsigned any = 0;
      for (size_t i = 0; i < length; i++) {
        int bits = __builtin_popcountll(c[4 * i] ^ a) + __builtin_popcountll(c[4 * i + 1] ^ b) +
                   __builtin_popcountll(c[4 * i + 2] ^ d) + __builtin_popcountll(c[4 * i + 3] ^ e);
        close[i] = bits <= radius;
        any |= close[i];
      }
      for (size_t i = 0; any && i < length; i++)
        if (close[i]) {
          if (found < most) {
            query[found] = (uint32_t)q;
            row[found] = (uint32_t)(start + i);
          }
          found++;
        }
    }
  }
  return found;
}
