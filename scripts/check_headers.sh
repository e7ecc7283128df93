#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/check_headers.sh - every header compiles alone: for a hart, and for the host where the
# part is built for the host. The flags come from the Makefile (CHECK_*).

set -u
. "$(dirname "$0")/usage.sh"
usage_words 0 "$@"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# alone NAME COMPILER... HEADER: a file that includes nothing but this header, twice, so that a
# missing include and a missing guard are both found.
alone()
{
	local label=$1 header=${*: -1}
	local log=$tmp/${header//\//_}.$label
	printf '#include "%s"\n#include "%s"\nextern int not_empty;\n' "$header" "$header" >"$log.c"
	"${@:2:$#-2}" -fsyntax-only "$log.c" >"$log" 2>&1 && return
	echo "$header does not compile alone ($label):"
	head -n 5 "$log"
}

read -ra cc <<<"$CHECK_CC $CHECK_CFLAGS $CHECK_CPPFLAGS"
read -ra host <<<"${HOSTCC:-gcc} -std=gnu11 $CHECK_WARNINGS $CHECK_HOST_CPPFLAGS"
# The ABI stands alone: strict C11, and nothing of this tree in sight.
abi=("${HOSTCC:-gcc}" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$PWD")

headers=$(scripts/files.sh '*.h' | grep -v '^lib/libc/' | LC_ALL=C sort)
host_built=" $CHECK_HOST_SRCS "
for h in $headers; do
	[ -f "$h" ] || continue
	case $h in
	tests/unit/* | tests/fuzz/* | tests/model/* | tools/*)
		alone host "${host[@]}" "$h"
		continue
		;;
	guests/* | tests/guests/*)
		alone guest "${cc[@]}" "$h"
		continue
		;;
	include/abi/*) alone abi "${abi[@]}" "$h" ;;
	esac
	alone hart "${cc[@]}" "$h"
	case $h in
	include/* | mm/* | lib/*) alone host "${host[@]}" "$h" ;;
	*) case $host_built in *" ${h%.h}.c "*) alone host "${host[@]}" "$h" ;; esac ;;
	esac
done >"$tmp/out"
cat "$tmp/out"
[ ! -s "$tmp/out" ]
