#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/boards.sh - two thousand device trees of boards that are wrong in some way, others
# than the test command hands to the tools (tests/tools/test_boards.py).
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
make --no-print-directory O="$O" unit-build tools
trees=${TREES:-1000}
export O ODD_TREES="$trees" ODD_SEED="${ODD_SEED:-1000003}" TEST_SLOW=100
"${PYTHON:-python3}" -m pytest -q tests/tools/test_boards.py -k "odd_trees or spoilt_trees"
echo "$trees odd and $trees spoilt device trees: both tools answered each in lines"
