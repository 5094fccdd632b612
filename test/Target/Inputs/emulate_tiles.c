/* The AMX instructions that the amx-int8 level emits, in C: what LDTILECFG,
   TILEZERO, TILELOADD, TILESTORED, TDPBUSD and TILERELEASE do (Intel 64 and
   IA-32 Architectures Software Developer's Manual, volume 2). emulate_tiles.py
   renames the intrinsics of an object's LLVM IR to these functions, so that any
   x86-64 machine checks the code around them. Aborts where hardware raises #UD
   or #GP. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int rows, bytes_per_row;
  uint8_t data[16][64];
} tile;

static _Thread_local int configured;
static _Thread_local tile tiles[8];

static void require(int condition, const char *what) {
  if (condition)
    return;
  fprintf(stderr, "emulate_tiles: %s\n", what);
  abort();
}

static tile *get(int8_t number) {
  require(configured, "expected a configuration before a tile is used");
  require(number >= 0 && number < 8, "expected a tile number below 8");
  require(tiles[number].rows > 0 && tiles[number].bytes_per_row > 0,
          "expected a tile that is configured");
  return &tiles[number];
}

void emulated_ldtilecfg(const uint8_t *memory) {
  require(memory[0] == 1, "expected palette 1");
  memset(tiles, 0, sizeof(tiles));
  for (int i = 0; i < 8; ++i) {
    uint16_t bytes;
    memcpy(&bytes, memory + 16 + 2 * i, 2);
    require(memory[48 + i] <= 16 && bytes <= 64,
            "expected at most 16 rows of 64 bytes");
    tiles[i].rows = memory[48 + i];
    tiles[i].bytes_per_row = bytes;
  }
  for (int i = 0; i < 16; ++i)
    require(i == 0 || memory[i] == 0, "expected zeros in reserved bytes");
  configured = 1;
}

void emulated_tilerelease(void) { configured = 0; }

void emulated_tileloadd64(int8_t number, const uint8_t *memory,
                          int64_t stride) {
  tile *t = get(number);
  for (int r = 0; r < t->rows; ++r) {
    memset(t->data[r], 0, 64);
    memcpy(t->data[r], memory + r * stride, t->bytes_per_row);
  }
}

void emulated_tilestored64(int8_t number, uint8_t *memory, int64_t stride) {
  const tile *t = get(number);
  for (int r = 0; r < t->rows; ++r)
    memcpy(memory + r * stride, t->data[r], t->bytes_per_row);
}

void emulated_tdpbusd(int8_t c, int8_t a, int8_t b) {
  tile *sums = get(c);
  const tile *left = get(a), *right = get(b);
  require(sums->rows == left->rows &&
              sums->bytes_per_row == right->bytes_per_row &&
              left->bytes_per_row == 4 * right->rows,
          "expected tiles whose shapes agree");
  for (int m = 0; m < left->rows; ++m)
    for (int k = 0; k < left->bytes_per_row / 4; ++k)
      for (int n = 0; n < right->bytes_per_row / 4; ++n) {
        uint32_t sum;
        memcpy(&sum, &sums->data[m][4 * n], 4);
        for (int i = 0; i < 4; ++i)
          sum += (uint32_t)((int)left->data[m][4 * k + i] *
                            (int)(int8_t)right->data[k][4 * n + i]);
        memcpy(&sums->data[m][4 * n], &sum, 4);
      }
}

/* Grants the CpuAMXInt8 bit of TargetLevel.h. */
int32_t emulated_tiles(int32_t leaf7_edx, int32_t xcr0) {
  (void)leaf7_edx;
  (void)xcr0;
  return 16;
}
