#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/check.sh [NAME...] - the checks that need no test to run. `make check` runs all, with the
# compilers' flags from the Makefile in CHECK_*. One line a check: `ok NAME` or `FAIL NAME`, and
# after a FAIL what was found.

set -u
. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
work=$O/check
mkdir -p "$work"
jobs=$(nproc)

sources()
{
	scripts/files.sh "$@" | LC_ALL=C sort -u |
		while read -r f; do [ -f "$f" ] && echo "$f"; done
}

hart_sources()
{
	sources 'arch/*.c' 'mm/*.c' 'core/*.c' 'drivers/*.c' 'lib/*.c' 'platform/*.c' |
		grep -v asm-offsets
}
need() { scripts/need.sh "$1" 2>&1; }

check_includes() { "${PYTHON:-python3}" scripts/check_includes.py; }
check_headers() { scripts/check_headers.sh; }

# docs/concurrency.md has every lock; functions that need one held check it in the debug build.
check_locks() { "${PYTHON:-python3}" scripts/check_locks.py; }

check_map() { "${PYTHON:-python3}" scripts/map.py --check; }

# The configuration's document against the tables of the code.
check_docs()
{
	make -j "$jobs" O="$O" tools >"$work/docs.build" 2>&1 ||
		{ tail -n 20 "$work/docs.build"; return 1; }
	"${PYTHON:-python3}" scripts/check_docs.py "$O"
}

# Each mutant of tests/mutants still applies.
check_mutants() { "${PYTHON:-python3}" tests/mutants/run.py --check; }

# The evidence that docs/assurance.md names, and the lines that tests/coverage explains, exist.
check_assurance()
{
	"${PYTHON:-python3}" scripts/check_assurance.py &&
		"${PYTHON:-python3}" scripts/coverage.py --stale
}

# The ABI's records as a document.
check_abi() { "${PYTHON:-python3}" scripts/abi_records.py --check; }

check_statics() { "${PYTHON:-python3}" scripts/check_statics.py; }
check_width() { "${PYTHON:-python3}" scripts/check_width.py; }

# What nobody uses: functions without a caller, Makefile patterns without a file.
check_unused()
{
	make -j "$jobs" O="$O" hypervisor guests >"$work/unused.build" 2>&1 ||
		{ tail -n 20 "$work/unused.build"; return 1; }
	"${PYTHON:-python3}" scripts/check_unused.py "$O"
}

# Each source says its licence in its first lines.
check_spdx()
{
	local f rc=0
	for f in $(sources '*.c' '*.h' '*.S' '*.ld' '*.py' '*.sh' '*.dts' '*.mk' '*Makefile' \
		'*Kconfig' 'platform/*/*defconfig' 'tests/run' '.ci/run' 'tools/*' \
		'scripts/initrd/*'); do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' && continue
		echo "$f: no 'SPDX-License-Identifier: BSD-2-Clause' in its first three lines"
		rc=1
	done
	return $rc
}

# A file that does not fit in a head is two files.
check_length()
{
	local f n rc=0
	for f in $(sources '*.c' '*.h' '*.S' '*.py' '*.sh' 'Makefile'); do
		n=$(wc -l <"$f")
		[ "$n" -le 800 ] && continue
		echo "$f: $n lines; 800 are allowed"
		rc=1
	done
	return $rc
}

check_format()
{
	need "$CLANG_FORMAT" || return 1
	sources '*.c' '*.h' | xargs -r "$CLANG_FORMAT" --dry-run -Werror 2>&1 |
		grep -E 'error:|warning:' | head -n 40 | grep . && return 1
	return 0
}

# The MISRA C:2012 addon knows rule numbers; deviations stand with reasons in docs/misra.md.
check_cppcheck()
{
	need "$CPPCHECK" || return 1
	local list=scripts/misra-suppressions.txt rule rc=0
	for rule in $(sed -n 's/^misra-c2012-\([0-9.]*\).*/\1/p' "$list" | sort -u); do
		grep -Eq "^\| ([0-9.]+ )*${rule//./\\.} ([0-9.]+ )*\|" docs/misra.md && continue
		echo "$list: rule $rule has no row in docs/misra.md"
		rc=1
	done
	# What it keeps of files that have changed since would count as second declarations.
	rm -rf "$work/cppcheck"
	mkdir -p "$work/cppcheck"
	local includes=(-I. -Iinclude "-I$O/include" --include="$O/include/generated/autoconf.h")
	# It reads no system header and knows none of the compiler's own macros.
	local hart=(-D__riscv=1 -D__riscv_xlen=64 -D__riscv_atomic=1 -U__ASSEMBLY__ -UCLEAVE_HOST
		'-DUINT64_C(x)=x##UL' '-DUINT32_C(x)=x##U' '-DUINT8_C(x)=x' -DFDT_MAGIC=0xd00dfeedU)
	local atomic level=()
	mapfile -t atomic < <(echo | $CHECK_CC -dM -E - |
		sed -n 's/^#define \(__ATOMIC_[A-Z_]*\) /-D\1=/p')
	# From 2.11 on it stops early in functions with many branches unless told not to.
	"$CPPCHECK" --help | grep -q -e --check-level && level=(--check-level=exhaustive)
	# shellcheck disable=SC2046 # file names have no spaces
	"$CPPCHECK" --quiet -j "$jobs" --std=c11 --platform=unix64 --enable=warning,portability \
		--inline-suppr --addon=misra --suppressions-list="$list" --error-exitcode=1 \
		--cppcheck-build-dir="$work/cppcheck" "${includes[@]}" "${hart[@]}" \
		"${atomic[@]}" "${level[@]}" \
		--template='{file}:{line}: {id}: {message}' $(hart_sources) 2>&1 |
		sed 's/misra violation.*/(docs\/misra.md)/' | sort -u | grep . && rc=1
	return $rc
}

check_tidy()
{
	need "$CLANG_TIDY" || return 1
	local flags="--target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -std=gnu11"
	flags="$flags -ffreestanding"
	# shellcheck disable=SC2086 # flags are words
	hart_sources | xargs -r -P "$jobs" -I{} "$CLANG_TIDY" --quiet {} -- $flags -Wall -Wextra \
		$CHECK_CPPFLAGS 2>"$work/tidy.err" >"$work/tidy.out" && return 0
	grep -E 'error:|warning:' "$work/tidy.out" | sort -u | head -n 40
	grep -E 'Error|error:' "$work/tidy.err" | head -n 5
	return 1
}

check_clang()
{
	need "$CLANG" || return 1
	make -j "$jobs" O="$O/clang" LLVM=1 hypervisor guests 2>&1 | grep -vE '^  [A-Z]+ +[^ ]+$'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

# The same input gives the same bytes, wherever it is built.
check_reproducible()
{
	rm -rf "$work/again"
	make -j "$jobs" O="$work/again" hypervisor 2>&1 | grep -vE '^  [A-Z]+ +[^ ]+$'
	[ "${PIPESTATUS[0]}" -eq 0 ] || return 1
	make O="$O" hypervisor >/dev/null || return 1
	cmp "$O/cleave.bin" "$work/again/cleave.bin"
}

all="includes map locks spdx length width statics mutants unused headers docs assurance"
all="$all format cppcheck tidy clang reproducible abi"
status=0 number=0
read -ra names <<<"${*:-$all}"
for name in "${names[@]}"; do
	case " $all " in
	*" $name "*) ;;
	*) echo "check: there is no check $name; there are: $all" >&2; exit 2 ;;
	esac
done
for name in "${names[@]}"; do
	number=$((number + 1))
	usage_progress $number ${#names[@]} "$name"
	if "check_$name" >"$work/$name.log" 2>&1; then
		usage_progress
		echo "$(usage_colour 1 32 ok)   $name"
	else
		usage_progress
		echo "$(usage_colour 1 31 FAIL) $name"
		sed 's/^/     /' "$work/$name.log" | head -n 60
		status=1
	fi
done
exit $status
