#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/coverage.sh - every line of the memory layer, and of what a guest can come to, is
# reached by a test or explained (scripts/coverage.py, tests/coverage/unreached.txt).
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
make --no-print-directory O="${O:-build}" coverage
tail -n 1 "${O:-build}/coverage/summary.txt"
