/* Reads a digit as 64 floats (8 rows of 8, 0 to 1) and says which one it is:
   the whole program around an emitted object.

   cc -I DIRECTORY_OF_THE_HEADER utils/demo_classify.c digits.o -o classify
   ./classify < digit.raw */

#include <stdio.h>

#include "digits.h" /* written by quant-compile next to digits.o */

int main(void) {
  static _Alignas(DIGITS_ALIGN) unsigned char arena[DIGITS_ARENA_BYTES];
  float image[DIGITS_IN_image_ELEMENTS], logits[DIGITS_OUT_logits_ELEMENTS];
  digits_context context = {0};
  digits_inputs inputs = {0};
  digits_outputs outputs = {0};
  int i, best = 0;

  context.arena = arena;
  inputs.image = image;
  outputs.logits = logits;
  if (fread(image, sizeof(float), DIGITS_IN_image_ELEMENTS, stdin) !=
      DIGITS_IN_image_ELEMENTS) {
    fprintf(stderr, "error: expected %d floats\n", DIGITS_IN_image_ELEMENTS);
    return 1;
  }
  if (digits_run(&context, &inputs, &outputs) != DIGITS_OK)
    return 1;
  for (i = 1; i < DIGITS_OUT_logits_ELEMENTS; ++i)
    if (logits[i] > logits[best])
      best = i;
  printf("%d\n", best);
  return 0;
}
