/* A plugin of QEMU's user-mode emulation that counts executed instructions:

     cc -shared -fPIC benchmarks/count_instructions.c -o count.so
     qemu-aarch64 -plugin ./count.so -d plugin program

   prints `instructions: N` on standard error when the program ends. The
   declarations are the part of the plugin interface, version 1, that it needs;
   QEMU has them at every version since 4.2. */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct qemu_plugin_tb;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*)(uint64_t,
                                                    struct qemu_plugin_tb *));
enum { ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *,
                                              int operation, void *counter,
                                              uint64_t value);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*)(uint64_t, void *),
                                    void *);
void qemu_plugin_outs(const char *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t instructions;

static void translate(uint64_t id, struct qemu_plugin_tb *block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &instructions,
                                           qemu_plugin_tb_n_insns(block));
}

static void finish(uint64_t id, void *unused) {
  char text[64];
  (void)id;
  (void)unused;
  snprintf(text, sizeof text, "instructions: %" PRIu64 "\n", instructions);
  qemu_plugin_outs(text);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(uint64_t id, const void *info, int count, char **words) {
  (void)info;
  (void)count;
  (void)words;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
