#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/histories.sh - ten million acts of random histories of a space
# (tests/unit/mm/test_histories.c), others than the test command lives through.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
make --no-print-directory O="$O" "$O/unit/mm/test_histories"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
HISTORY_ACTS=10000000 HISTORY_SEED=${HISTORY_SEED:-1000001} "$O/unit/mm/test_histories" \
	>"$log" 2>&1 || { cat "$log"; exit 1; }
grep ' acts: ' "$log"
