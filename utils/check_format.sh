#!/usr/bin/env bash
# Fails when a C or C++ file is not formatted as .clang-format says; with --fix it formats them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
find include lib tools test utils benchmarks -name '*.h' -o -name '*.c' -o -name '*.cpp' | sort | xargs clang-format-19 "${mode[@]}" || {
  echo "error: not formatted, run: bash utils/check_format.sh --fix" >&2
  exit 1
}
