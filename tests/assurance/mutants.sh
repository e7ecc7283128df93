#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/mutants.sh - every fault of tests/mutants that needs no whole machine: does a test
# notice? The test command tries a random tenth; `make mutants` tries the others, too.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
export O
exec "${PYTHON:-python3}" tests/mutants/run.py --host
