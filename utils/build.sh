#!/usr/bin/env bash
# Configures and builds everything in build/ (or QUANT_BUILD_DIR). Arguments are passed to ninja: targets, -j.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${QUANT_BUILD_DIR:-$root/build}

# Clones in different directories share what the compiler cache holds.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
cmake -G Ninja -S "$root" -B "$build" \
  -DMLIR_DIR=/usr/lib/llvm-19/lib/cmake/mlir \
  -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 -DLLVM_USE_LINKER=lld \
  -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
ninja -C "$build" "$@"
