#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/proofs.sh [FILE...] - prove what tests/proofs/*.c claims, with CBMC (what `make proofs`
# runs). Each proof says in lines `cbmc: ARGUMENTS` of its first comment which sources of the tree
# it needs and how far its loops are unwound. One line a proof.

set -u
. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
SECONDS_MAX=${PROOF_SECONDS:-600}

cbmc=$(command -v cbmc || ls deps/cbmc/run 2>/dev/null)
if [ -z "$cbmc" ]; then
	echo "proofs: cbmc is not here: 'scripts/setup.sh cbmc' unpacks it"
	exit 1
fi
mkdir -p "$O/proofs"
# CBMC has no -include that works: hand over the configuration word by word.
mapfile -t config < <(sed -n 's/^#define \([A-Z_0-9]*\) \(.*\)/-D\1=\2/p' \
	"$O/include/generated/autoconf.h")
status=0 ran=0 of=$(ls ${*:-tests/proofs/*.c} 2>/dev/null | wc -l)
for file in ${*:-tests/proofs/*.c}; do
	[ -f "$file" ] || { echo "proofs: there is no $file" >&2; exit 2; }
	name=$(basename "$file" .c)
	read -ra args < <(sed -n 's,^.*cbmc: *,,p' "$file" | sed 's, *[*]/,,' | tr '\n' ' ')
	[ ${#args[@]} -gt 0 ] || {
		echo "FAIL $name: no line 'cbmc: ARGUMENTS'"
		status=1
		continue
	}
	ran=$((ran + 1))
	start=$SECONDS
	usage_progress $ran "$of" "$name"
	if timeout "$SECONDS_MAX" "$cbmc" -I. -Iinclude "-I$O/include" -Ideps/libfdt -DCLEAVE_HOST \
		"${config[@]}" --unwinding-assertions --bounds-check --pointer-check \
		--signed-overflow-check --div-by-zero-check --undefined-shift-check \
		"$file" "${args[@]}" >"$O/proofs/$name.log" 2>&1; then
		usage_progress
		echo "ok   $name ($((SECONDS - start)) s)"
	else
		usage_progress
		echo "FAIL $name ($((SECONDS - start)) s): $O/proofs/$name.log"
		grep -E 'FAILURE|error|ERROR' "$O/proofs/$name.log" | head -n 10
		status=1
	fi
done
[ $ran -gt 0 ] || { echo "proofs: there are none in tests/proofs"; exit 1; }
exit $status
