/* Runs an emitted object on raw tensors: a harness for tests and for targets
   without quant-run.

   cc -DMODEL=net -include net.h utils/run_object.c net.o -lm -o net
   ./net --describe                      prints what the object says about
   itself
   ./net --selftest                      exit status: the status of
   NAME_selftest
   ./net INPUT.raw OUTPUT.raw [THREADS]  all inputs one after the other, all
   outputs one after the other

   With THREADS (needs -DTHREADS -pthread) the same run happens in so many
   threads at once, and the outputs must agree. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef THREADS
#include <pthread.h>
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(suffix) JOIN(MODEL, suffix)

typedef struct {
  char *input, *output; /* all tensors one after the other */
  int status;
} job;

static void *check(void *pointer, const char *what) {
  if (!pointer) {
    fprintf(stderr, "error: %s\n", what);
    exit(1);
  }
  return pointer;
}

/* A block aligned to `align`; never freed: the process is about to end. */
static void *allocate(size_t bytes, size_t align) {
  char *block = (char *)check(malloc(bytes + align), "out of memory");
  return block + (align - (size_t)block % align) % align;
}

static size_t total_bytes(const NAME(_tensor_info) * tensors, unsigned count) {
  size_t bytes = 0;
  unsigned i;
  for (i = 0; i < count; ++i)
    bytes += (size_t)tensors[i].bytes;
  return bytes;
}

/* The structs of inputs and outputs hold nothing but pointers, in the order of
 * the tensors. */
static void set_pointers(void *pointers, char *data,
                         const NAME(_tensor_info) * tensors, unsigned count) {
  unsigned i;
  for (i = 0; i < count; ++i) {
    memcpy((char *)pointers + i * sizeof(char *), &data, sizeof(data));
    data += tensors[i].bytes;
  }
}

static void *run(void *argument) {
  job *j = (job *)argument;
  const NAME(_info) *info = NAME(_describe)();
  NAME(_context) context;
  NAME(_inputs) inputs;
  NAME(_outputs) outputs;
  memset(&context, 0, sizeof(context));
  context.arena = allocate((size_t)info->arena_bytes, info->align);
  set_pointers(&inputs, j->input, info->inputs, info->num_inputs);
  set_pointers(&outputs, j->output, info->outputs, info->num_outputs);
  j->status = NAME(_run)(&context, &inputs, &outputs);
  return NULL;
}

static void describe_tensors(const char *what,
                             const NAME(_tensor_info) * tensors,
                             unsigned count) {
  unsigned i, d;
  for (i = 0; i < count; ++i) {
    printf("%s '%s' %s[", what, tensors[i].name,
           tensors[i].type ? "int8" : "float");
    for (d = 0; d < tensors[i].rank; ++d)
      printf("%s%ld", d ? "," : "", (long)tensors[i].shape[d]);
    printf("] scale %.9g zero_point %d\n", (double)tensors[i].scale,
           (int)tensors[i].zero_point);
  }
}

static int describe(const NAME(_info) * info) {
  unsigned i;
  printf(
      "name %s abi %u numerics %u arena %lu constants %lu align %u build %s\n",
      info->name, (unsigned)info->abi_version, (unsigned)info->numerics_version,
      (unsigned long)info->arena_bytes, (unsigned long)info->constant_bytes,
      (unsigned)info->align, info->build);
  describe_tensors("input", info->inputs, info->num_inputs);
  describe_tensors("output", info->outputs, info->num_outputs);
  for (i = 0; i < info->num_levels; ++i)
    printf("level %s%s\n", info->levels[i],
           info->levels[i] == info->level ? " (chosen)" : "");
  return 0;
}

static int selftest(const NAME(_info) * info) {
  NAME(_context) context;
  memset(&context, 0, sizeof(context));
  context.arena = allocate((size_t)info->selftest_arena_bytes, info->align);
  return NAME(_selftest)(&context);
}

int main(int argc, char **argv) {
  const NAME(_info) *info = NAME(_describe)();
  size_t in_bytes = total_bytes(info->inputs, info->num_inputs);
  size_t out_bytes = total_bytes(info->outputs, info->num_outputs);
  unsigned threads = argc > 3 ? (unsigned)atoi(argv[3]) : 1, i;
  job jobs[16];
  char *input;
  FILE *file;
  if (argc == 2 && !strcmp(argv[1], "--describe"))
    return describe(info);
  if (argc == 2 && !strcmp(argv[1], "--selftest"))
    return selftest(info);
  if (argc < 3 || threads < 1 || threads > 16) {
    fprintf(
        stderr,
        "usage: %s --describe | --selftest | INPUT.raw OUTPUT.raw [THREADS]\n",
        argv[0]);
    return 1;
  }
  input = (char *)allocate(in_bytes, info->align);
  file = (FILE *)check(fopen(argv[1], "rb"), "cannot open the input");
  check(fread(input, 1, in_bytes, file) == in_bytes ? input : NULL,
        "the input file is too short");
  fclose(file);
  for (i = 0; i < threads; ++i) {
    jobs[i].input = input;
    jobs[i].output = (char *)allocate(out_bytes, info->align);
  }
#ifdef THREADS
  {
    pthread_t handles[16];
    for (i = 0; i < threads; ++i)
      check(pthread_create(&handles[i], NULL, run, &jobs[i]) ? NULL : input,
            "cannot start a thread");
    for (i = 0; i < threads; ++i)
      pthread_join(handles[i], NULL);
  }
#else
  run(&jobs[0]);
  threads = 1;
#endif
  for (i = 0; i < threads; ++i) {
    if (jobs[i].status)
      return jobs[i].status;
    check(memcmp(jobs[0].output, jobs[i].output, out_bytes) ? NULL : input,
          "threads disagree");
  }
  file = (FILE *)check(fopen(argv[2], "wb"), "cannot create the output");
  check(fwrite(jobs[0].output, 1, out_bytes, file) == out_bytes ? input : NULL,
        "cannot write the output");
  return fclose(file) ? 1 : 0;
}
