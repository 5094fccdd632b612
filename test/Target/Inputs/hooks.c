/* Runs a network without hooks, then in two threads at once, each with an arena
   and a parallel_for of its own: every unit runs once, on any thread, the last
   first, and all outputs are equal. The profile hook sees each layer of the
   description begin and end, in order. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 3 };

/* One parallel loop: workers take the remaining unit with the highest index. */
typedef struct {
  pthread_mutex_t lock;
  int64_t left;
  void (*body)(void *, int64_t);
  void *argument;
} loop;

typedef struct {
  int64_t calls, units;
  uint64_t layers; /* begun so far */
  int open, wrong;
  float output[NET_OUT_y_ELEMENTS];
  int status;
} job;

static void *work(void *pointer) {
  loop *l = (loop *)pointer;
  for (;;) {
    int64_t index;
    pthread_mutex_lock(&l->lock);
    index = --l->left;
    pthread_mutex_unlock(&l->lock);
    if (index < 0)
      return NULL;
    l->body(l->argument, index);
  }
}

static void parallel_for(void *argument, int64_t count,
                         void (*body)(void *, int64_t), void *body_argument) {
  job *j = (job *)argument;
  pthread_t threads[WORKERS];
  loop l;
  int i;
  ++j->calls;
  j->units += count;
  pthread_mutex_init(&l.lock, NULL);
  l.left = count;
  l.body = body;
  l.argument = body_argument;
  for (i = 0; i < WORKERS; ++i)
    if (pthread_create(&threads[i], NULL, work, &l))
      exit(2);
  for (i = 0; i < WORKERS; ++i)
    pthread_join(threads[i], NULL);
  pthread_mutex_destroy(&l.lock);
}

static void profile(void *argument, const char *layer, int32_t begins) {
  job *j = (job *)argument;
  const net_info *info = net_describe();
  if (begins)
    ++j->layers;
  j->wrong |= j->layers < 1 || j->layers > info->num_layers ||
              j->open == begins || info->layers[j->layers - 1].name != layer;
  j->open = begins;
}

static float input[NET_IN_x_ELEMENTS];

static void run(job *j, net_parallel_for_fn hook) {
  char *block = (char *)malloc(NET_ARENA_BYTES + NET_ALIGN);
  net_context context;
  net_inputs inputs;
  net_outputs outputs;
  if (!block)
    exit(2);
  memset(&context, 0, sizeof(context));
  context.arena = block + (NET_ALIGN - (size_t)block % NET_ALIGN) % NET_ALIGN;
  context.parallel_for = hook;
  context.parallel_for_argument = context.profile_argument = j;
  context.profile = profile;
  j->layers = 0;
  inputs.x = input;
  outputs.y = j->output;
  j->status = net_run(&context, &inputs, &outputs);
  free(block);
}

static void *run_with_hook(void *pointer) {
  int i;
  for (i = 0; i < 20; ++i)
    run((job *)pointer, parallel_for);
  return NULL;
}

int main(void) {
  static job alone, jobs[2];
  pthread_t threads[2];
  int i;
  for (i = 0; i < NET_IN_x_ELEMENTS; ++i)
    input[i] = (float)(i * 37 % 101) / 50.0f - 1.0f;
  for (i = 0; i < (int)net_describe()->num_layers; ++i) {
    const net_layer_info *l = &net_describe()->layers[i];
    printf("%s %s %s units %u macs %lu bytes %lu %lu %lu\n", l->name, l->kind,
           l->type == NET_INT8 ? "i8" : "f32", (unsigned)l->units,
           (unsigned long)l->macs, (unsigned long)l->weight_bytes,
           (unsigned long)l->input_bytes, (unsigned long)l->output_bytes);
  }
  run(&alone, NULL);
  printf("alone: status %d, %ld calls\n", alone.status, (long)alone.calls);
  for (i = 0; i < 2; ++i)
    if (pthread_create(&threads[i], NULL, run_with_hook, &jobs[i]))
      return 2;
  for (i = 0; i < 2; ++i) {
    pthread_join(threads[i], NULL);
    printf("with hook: status %d, %s, %s, %s\n", jobs[i].status,
           jobs[i].wrong || jobs[i].open ||
                   jobs[i].layers != net_describe()->num_layers
               ? "wrong layers"
               : "every layer",
           jobs[i].units > jobs[i].calls && jobs[i].calls ? "several units"
                                                          : "no units",
           memcmp(alone.output, jobs[i].output, sizeof(alone.output))
               ? "other bytes"
               : "equal bytes");
  }
  return 0;
}
