#!/usr/bin/env bash
# Installs what building, testing and the demo need: Debian packages, Chart.js, and ONNX Runtime as a peer to compare with.
# Does nothing when everything is there, so it is safe (and quick) to repeat.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(
  # The compiler is built on, and with, Debian's LLVM and MLIR 19.
  llvm-19-dev libmlir-19-dev mlir-19-tools llvm-19-tools clang-19 lld-19 clang-format-19 clang-tidy-19
  # Fuzzing the importers: libFuzzer and the sanitizers.
  libclang-rt-19-dev
  cmake ninja-build ccache pkg-config libc6-dev libstdc++-12-dev zlib1g-dev git
  # Reading ONNX and TFLite files and NumPy archives.
  libonnx-dev libprotobuf-dev protobuf-compiler libflatbuffers-dev flatbuffers-compiler libzip-dev
  # Mixed precisions: integer programs; rounding of weights: matrices.
  coinor-libcbc-dev libeigen3-dev
  # The threads of quant-run.
  libtbb-dev
  # Tests and demo: the networks come from PyTorch and torchvision, the digits from scikit-learn.
  python3 python3-onnx python3-numpy python3-torch python3-torchvision python3-sklearn libopenblas0-pthread
  # Linking objects from C as anybody would.
  gcc
  # Benchmarks: charts, and convolutions to compare with.
  python3-matplotlib libdnnl-dev
  # Looking at HTML reports in tests and for the screenshot in the documentation.
  chromium fonts-dejavu-core
  # Running AArch64 objects.
  qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
)
# Node comes from many places; npm is only asked for when no npm is there.
command -v npm >/dev/null || packages+=(nodejs npm)

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "error: not root and no sudo: ask your administrator for: apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  "${apt[@]}" update
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

# ONNX Runtime, without its install script (which would fetch GPU libraries). Tests that compare with it are skipped without it.
install_onnxruntime() {
  [ -z "${ORT_LIB:-}" ] || return 0
  local place
  for place in "$root" "$root/.."; do
    ! compgen -G "$place/node_modules/onnxruntime-node/bin/napi-v*/linux/*/libonnxruntime.so.1" >/dev/null || return 0
  done
  echo "Installing onnxruntime-node into $root/node_modules"
  timeout 300 npm install --prefix "$root" --ignore-scripts --no-save --no-package-lock --no-audit --no-fund \
    --fetch-retries=1 onnxruntime-node@1.30.0 ||
    echo "note: npm could not fetch onnxruntime-node: comparisons with ONNX Runtime are skipped"
}

# Chart.js draws the charts of HTML reports; the build embeds it. All checkouts share one copy.
install_chartjs() {
  local place=${QUANT_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/quant-compiler}
  [ ! -e "$place/node_modules/chart.js/dist/chart.umd.min.js" ] || return 0
  echo "Installing chart.js into $place"
  mkdir -p "$place"
  timeout 300 npm install --prefix "$place" --ignore-scripts --no-save --no-package-lock --no-audit --no-fund \
    --fetch-retries=3 chart.js@4.6.1 || {
    echo "error: npm could not fetch chart.js, which the build embeds in quant-compile" >&2
    exit 1
  }
}

install_packages
install_chartjs
install_onnxruntime
