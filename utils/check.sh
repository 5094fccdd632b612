#!/usr/bin/env bash
# Installs, builds and tests. The tests that run quant-opt run a second time with the IR printed and parsed again around every
# pass pipeline. The last line is `N passed, N failed, N skipped`; the exit code is 0 only if nothing failed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${QUANT_BUILD_DIR:-$root/build}
python=/usr/bin/python3

if ! bash "$root/utils/install_dependencies.sh" || ! bash "$root/utils/build.sh" || ! bash "$root/utils/fuzz.sh" build; then
  echo "error: the build failed, no test was run" >&2
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

lit() { # lit RESULTS TESTS...: runs the tests; failures are counted from the results
  local results=$1
  shift
  rm -f "$results"
  "$python" /usr/lib/llvm-19/build/utils/lit/lit.py -v -o "$results" "$@" 2>&1 | tee -a "$build/check.log" || true
}
rm -f "$build/check.log"
lit "$build/check.json" "$build/test"

mapfile -t with_quant_opt < <(cd "$root/test" && grep -rlE --include='*.mlir' --include='*.test' '\bquant-opt\b' . | sort)
echo "Once more with --verify-roundtrip: ${#with_quant_opt[@]} tests"
QUANT_VERIFY_ROUNDTRIP=1 lit "$build/check-roundtrip.json" "${with_quant_opt[@]/#./$build/test}"

grep -ho 'feature .* is unsupported: .*' "$build/check.log" | sort -u || true
exec "$python" "$root/utils/summarize_tests.py" "$build/check.json" "$build/check-roundtrip.json"
