/* The parallel_for hook of an emitted object, on the threads of OpenMP: what a
   caller may pass in NAME_context. Part of the quantizing compiler.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

     gcc -O2 -fopenmp -shared -fPIC benchmarks/parallel_for.c -o
   libparallel_for.so */

#include <stdint.h>

/* Calls body(body_argument, i) for every i below count and returns when all
 * have returned. `argument` points to the number of threads. */
void parallel_for(void *argument, int64_t count,
                  void (*body)(void *body_argument, int64_t index),
                  void *body_argument) {
  const int threads = *(const int *)argument;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (int64_t index = 0; index < count; ++index)
    body(body_argument, index);
}
