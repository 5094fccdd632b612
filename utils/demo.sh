#!/usr/bin/env bash
# Installs, builds, then shows the whole path on real handwritten digits (utils/demo.py).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${QUANT_BUILD_DIR:-$root/build}
bash "$root/utils/install_dependencies.sh"
bash "$root/utils/build.sh"
exec env PATH="$build/bin:$PATH" /usr/bin/python3 "$root/utils/demo.py" "$@"
