/* Calls the functions of small.mlir with every wrong argument the header names.
 */

#include <stdio.h>
#include <stdlib.h>

int main(void) {
  char *memory = (char *)malloc(NET_SELFTEST_ARENA_BYTES + 2 * NET_ALIGN);
  char *arena = memory + (NET_ALIGN - (size_t)memory % NET_ALIGN);
  float image[NET_IN_image_ELEMENTS] = {0},
        result[NET_OUT_class_value_ELEMENTS];
  net_context context = {0};
  net_inputs inputs, no_inputs = {0};
  net_outputs outputs, no_outputs = {0};
  inputs.image = image;
  outputs.class_value = result;
  context.arena = arena;
  printf("null context: %d\n", net_run(NULL, &inputs, &outputs));
  printf("null inputs: %d\n", net_run(&context, NULL, &outputs));
  printf("null outputs: %d\n", net_run(&context, &inputs, NULL));
  context.arena = NULL;
  printf("null arena: %d\n", net_run(&context, &inputs, &outputs));
  context.arena = arena + 32;
  printf("misaligned arena: %d\n", net_run(&context, &inputs, &outputs));
  context.arena = arena;
  printf("null input: %d\n", net_run(&context, &no_inputs, &outputs));
  printf("null output: %d\n", net_run(&context, &inputs, &no_outputs));
  printf("good: %d\n", net_run(&context, &inputs, &outputs));
  printf("selftest without context: %d\n", net_selftest(NULL));
  context.arena = NULL;
  printf("selftest without arena: %d\n", net_selftest(&context));
  context.arena = arena;
  printf("selftest: %d\n", net_selftest(&context));
  free(memory);
  return 0;
}
