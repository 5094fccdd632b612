#!/usr/bin/env bash
# Fuzzes the importers with libFuzzer, under the address and undefined-behaviour sanitizers.
#
#   fuzz.sh build                 builds the fuzz targets in build/fuzz (the libraries an import needs, instrumented)
#   fuzz.sh check [RUNS]          a short run of every target from a fixed seed (3000 mutated files each), as the tests do
#   fuzz.sh run FORMAT [RUNS]     100000 mutated files; findings go to build/fuzz/FORMAT/findings, what is new to .../kept
#   fuzz.sh replay FORMAT FILE... runs FILEs once each, to look at findings
#
# FORMAT is onnx or tflite. Debian's LLVM, MLIR and protobuf are not instrumented, so that containers passed between them and us cannot be
# annotated. A file may not take 10 s, nor 1 GB at once or 3 GB in all.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${QUANT_BUILD_DIR:-$root/build}/fuzz
formats=(onnx tflite)
export ASAN_OPTIONS=detect_container_overflow=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

build_targets() {
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  cmake -G Ninja -S "$root" -B "$build" \
    -DMLIR_DIR=/usr/lib/llvm-19/lib/cmake/mlir -DQUANT_SANITIZE=fuzzer-no-link,address,undefined \
    -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 -DLLVM_USE_LINKER=lld \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >/dev/null
  ninja -C "$build" fuzzers
}

# fuzz FORMAT FOLDER ARGUMENTS...: in FOLDER, which gets the files to start from.
fuzz() {
  local format=$1 folder=$2
  shift 2
  mkdir -p "$folder/findings" "$folder/kept"
  /usr/bin/python3 "$root/utils/fuzz_corpus.py" "$format" "$folder/corpus"
  (cd "$folder" && exec "$build/bin/quant-fuzz-$format" -timeout=10 -malloc_limit_mb=1000 -rss_limit_mb=3000 -max_len=16384 \
    -artifact_prefix=findings/ -print_final_stats=1 "$@")
}

case ${1:-} in
  build) build_targets ;;
  check)
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    for format in "${formats[@]}"; do
      fuzz "$format" "$scratch/$format" -seed=1 -runs="${2:-3000}" kept corpus 2>"$scratch/log" ||
        { tail -60 "$scratch/log" && exit 1; }
      echo "$format: $(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log") files, only clean errors"
    done
    ;;
  run) fuzz "${2:?expected a format}" "$build/$2" -runs="${3:-100000}" kept corpus ;;
  replay) fuzz "${2:?expected a format}" "$build/$2" "${@:3}" ;;
  *) sed -n '2,10s/^# \?//p' "${BASH_SOURCE[0]}" && exit 2 ;;
esac
