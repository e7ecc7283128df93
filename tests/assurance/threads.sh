#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/threads.sh - two to eight threads with ThreadSanitizer, in two spaces
# (tests/threads/test_storm.c) and as harts (tests/threads/test_run.c), twenty times as long as in
# the test command.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
make --no-print-directory O="$O" threads-build
export THREADS_SCALE="${THREADS_SCALE:-20}"
export TSAN_OPTIONS="suppressions=tests/threads/tsan.supp halt_on_error=1"
"$O/threads/test_storm" 2>&1
"$O/threads/test_run" 2>&1
