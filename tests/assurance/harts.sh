#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/harts.sh - a thousand worlds of VMs on harts that hold what they may
# (tests/unit/core/run/test_harts.c), others than those of the test command.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
make --no-print-directory O="$O" "$O/unit/core/run/test_harts"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
WORLDS=1000 WORLD_SEED=${WORLD_SEED:-1001} "$O/unit/core/run/test_harts" >"$log" 2>&1 ||
	{ cat "$log"; exit 1; }
grep ' worlds: ' "$log"
