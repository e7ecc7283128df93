#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/assurance/lives.sh - 10,000 operations on partitions, for each of two seeds, and all memory
# is free again to the byte (tests/boot/core/vm/test_lives.py).
set -e
. "$(dirname "$0")/../../scripts/usage.sh"
usage_words 0 "$@"
export O=${O:-build}
SEEDS=${SEEDS:-"2 3"}
LIVES_SEEDS=$SEEDS LIVES_OPERATIONS=10000 ${PYTHON:-/usr/bin/python3} -m pytest -q \
	-p no:cacheprovider tests/boot/core/vm/test_lives.py
echo "seeds $SEEDS: 10,000 operations each, nothing lost"
