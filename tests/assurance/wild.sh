#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/wild.sh - wild guests and managers of twelve seeds on six machines
# (tests/boot/core/guest/test_wild.py): with exact counts, and then with harts that really run at
# the same time, on the debug build, which checks the rules of the memory layer.
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
O=${O:-build}
SEEDS=${SEEDS:-"2 3 4 5 6 7"}
MORE=${MORE:-"8 9 10 11 12 13"}
make --no-print-directory O="$O/debug" BOARD=debug hypervisor
run() { ${PYTHON:-/usr/bin/python3} -m pytest -q -p no:cacheprovider \
	tests/boot/core/guest/test_wild.py; }
export O
WILD_SEEDS=$SEEDS WILD_ROUNDS=5000 run
WILD_SEEDS=$MORE WILD_ROUNDS=5000 WILD_RACE=1 WILD_KERNEL=$O/debug/cleave.bin run
echo "seeds $SEEDS with exact counts, $MORE racing on the debug build: 5,000 rounds a hart"
