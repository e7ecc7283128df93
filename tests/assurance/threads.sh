#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/threads.sh - two spaces under two to eight threads with ThreadSanitizer
# (tests/threads/test_storm.c), twenty times as long as in the test command.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
make --no-print-directory O="$O" "$O/threads/test_storm"
THREADS_SCALE=${THREADS_SCALE:-20} \
	TSAN_OPTIONS="suppressions=tests/threads/tsan.supp halt_on_error=1" \
	"$O/threads/test_storm" 2>&1
