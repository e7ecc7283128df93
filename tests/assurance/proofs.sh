#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/proofs.sh - the bounded proofs of tests/proofs/, with CBMC.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
command -v cbmc >/dev/null || [ -x deps/cbmc/run ] || scripts/setup.sh cbmc
log=$(mktemp)
trap 'rm -f "$log"' EXIT
make --no-print-directory O="${O:-build}" proofs >"$log" || { cat "$log"; exit 1; }
cat "$log"
echo "$(grep -c '^ok ' "$log") proofs"
