/* Runs an emitted object as often as its argument says, on zeros:

     cc -DMODEL=net -include net.h benchmarks/run_times.c net.o -lm -o net

   benchmarks/aarch64.py counts the instructions of two runs and of one. */

#include <stdlib.h>
#include <string.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(suffix) JOIN(MODEL, suffix)

static void *allocate(size_t bytes, size_t align) {
  void *block = aligned_alloc(align, (bytes / align + 1) * align);
  if (!block)
    exit(1);
  return memset(block, 0, bytes);
}

/* Inputs and outputs are structs of pointers only. */
static void fill(void **pointers, const NAME(_tensor_info) * tensors,
                 uint32_t count) {
  for (uint32_t i = 0; i < count; ++i)
    pointers[i] = allocate(tensors[i].bytes, 64);
}

int main(int argc, char **argv) {
  const NAME(_info) *info = NAME(_describe)();
  NAME(_context) context;
  NAME(_inputs) inputs;
  NAME(_outputs) outputs;
  memset(&context, 0, sizeof context);
  context.arena = allocate(info->arena_bytes, info->align);
  fill((void **)&inputs, info->inputs, info->num_inputs);
  fill((void **)&outputs, info->outputs, info->num_outputs);
  for (int runs = argc > 1 ? atoi(argv[1]) : 1; runs > 0; --runs)
    if (NAME(_run)(&context, &inputs, &outputs))
      return 1;
  return 0;
}
