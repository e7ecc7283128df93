#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/threads.sh - two spaces under two to eight threads with ThreadSanitizer
# (tests/threads/test_storm.c), twenty times as long as in the test command.
set -e
O=${O:-build}
make --no-print-directory O="$O" "$O/threads/test_storm"
THREADS_SCALE=${THREADS_SCALE:-20} \
	TSAN_OPTIONS="suppressions=tests/threads/tsan.supp halt_on_error=1" \
	"$O/threads/test_storm" 2>&1
