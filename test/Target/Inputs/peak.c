/* Runs a network a few times and compares the most memory this process ever had
   with the arena, the object (its size in bytes is the argument), and 4 MiB for
   everything else, the C library and the tensors included. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
  unsigned long limit = NET_ARENA_BYTES + (4ul << 20), peak;
  char *block = (char *)malloc(NET_ARENA_BYTES + NET_ALIGN);
  net_context context = {0};
  net_inputs inputs;
  net_outputs outputs;
  struct rusage usage;
  int i, status = 0;
  if (argc != 2 || !block)
    return 2;
  limit += strtoul(argv[1], NULL, 10);
  context.arena = block + (NET_ALIGN - (size_t)block % NET_ALIGN) % NET_ALIGN;
  inputs.input = (const float *)calloc(NET_IN_input_ELEMENTS, sizeof(float));
  outputs.output = (float *)calloc(NET_OUT_output_ELEMENTS, sizeof(float));
  for (i = 0; i < 3; ++i)
    status |= net_run(&context, &inputs, &outputs);
  getrusage(RUSAGE_SELF, &usage);
  peak = (unsigned long)usage.ru_maxrss << 10;
  printf("status %d, peak %lu, limit %lu: %s\n", status, peak, limit,
         peak <= limit ? "within" : "beyond");
  return peak > limit;
}
