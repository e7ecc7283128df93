#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/run.sh - boot the demonstration in QEMU (what `make run` does).
#
#   GUEST=linux   (default) Debian's Linux and the manager that logs what it dirties
#   GUEST=demo    the workload guest of this tree instead of Linux: no download, a few seconds
#   DEMO=migrate  instead: Linux moves from one machine to another, in a split terminal
#   DEMO=time     instead: two partitions share a hart by plan, drawn frame by frame
#   CONFIG=x.dts  a configuration of your own; FILES="name=file ..." its files
#   QEMU_ARGS="..."  further arguments of QEMU
#   LINUX=7.2     which of deps/linux-* (default: 6.12)
#   SMP, MEM, CPU, MACHINE, APPEND: harts, memory, further CPU and machine properties, boot
#   arguments
#
# Ctrl-A x leaves QEMU, Ctrl-] ? explains the console.

set -eu
. "$(dirname "$0")/usage.sh"
usage_words 0 "$@"
cd "$(dirname "$0")/.."

O=${O:-build}
GUEST=${GUEST:-linux}
LINUX=${LINUX:-6.12}
PYTHON=${PYTHON:-python3}
out=$O/run

fail() { echo "run: $*" >&2; exit 1; }

case ${DEMO:-} in
"") ;;
migrate) exec "$PYTHON" scripts/demo_migrate.py --linux "$LINUX" ;;
time) exec "$PYTHON" scripts/demo_time.py ;;
*) fail "DEMO=$DEMO is not known: it is migrate, time or nothing" ;;
esac

config=${CONFIG:-}
read -ra files <<<"${FILES:-}"
read -ra extra <<<"${QEMU_ARGS:-}"
if [ -z "$config" ]; then
	files=("manager.bin=$O/guests/manager.bin")
	case $GUEST in
	linux)
		config=guests/manager/demo-linux.dts
		for f in "deps/linux-$LINUX/Image" "$O/linux/initrd.gz"; do
			[ -f "$f" ] || fail "$f is not here: 'make setup' downloads it;" \
				"'make run GUEST=demo' needs no download"
		done
		files+=("Image=deps/linux-$LINUX/Image" "initrd.gz=$O/linux/initrd.gz")
		;;
	demo)
		config=guests/manager/demo-workload.dts
		files+=("workload.bin=$O/guests/workload.bin")
		;;
	*)
		fail "GUEST=$GUEST is not known: it is linux or demo"
		;;
	esac
fi
[ -f "$config" ] || fail "no configuration $config"

mkdir -p "$out"
archive=$out/$(basename "$config" .dts).cpio
export CLEAVE_CHECK=${CLEAVE_CHECK:-$O/host/cleave-check}
echo "tools/cleave-archive -o $archive $config ${files[*]}"
tools/cleave-archive -o "$archive" "$config" "${files[@]}"

echo "Ctrl-A x leaves QEMU; Ctrl-] ? explains the console."
start=("$PYTHON" scripts/qemu.py --kernel "$O/cleave.bin" --initrd "$archive" --smp "${SMP:-4}"
	--mem "${MEM:-4G}" --cpu "${CPU:-}" --machine "${MACHINE:-}" --append "${APPEND:-}" --run
	-- "${extra[@]}")
# A person who has seen the demonstration is told what else there is.
[ -t 0 ] && [ -z "${CONFIG:-}" ] || exec "${start[@]}"
"${start[@]}"
cat <<'NEXT'

What next?
  make run DEMO=migrate   a Linux moves to another machine while it works
  make run DEMO=time      two partitions share a hart by plan
  docs/tutorial.md        a program and a configuration of your own
NEXT
