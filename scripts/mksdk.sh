#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/mksdk.sh OUT - pack what a guest is built and booted with, without the tree (`make sdk`).
#
# OUT/cleave-sdk.tar.gz unpacks to the folder cleave-sdk: headers, guests/lib with its link script
# and guest.mk, the tools, the hypervisor that OUT has, the examples and the documents. Paths are
# those of the tree, so that Makefiles and tools are the same in both. The same input gives the same
# bytes.

set -eu
. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: scripts/mksdk.sh OUT" >&2; exit 2; }

work=$1/sdk
rm -rf "$work"
mkdir -p "$work/cleave-sdk/build/host"
scripts/files.sh LICENSE VERSION include guests/lib lib/format.c lib/string.c \
	lib/ledger.c lib/ledger.h lib/vm_state.c lib/vm_state.h \
	tools/cleave-archive tools/cleave-port tools/cleave-stream tools/stream scripts/qemu.py \
	scripts/usage.sh scripts/usage.py scripts/version.sh examples docs/migration.md \
	docs/migration-vectors.md \
	docs/tutorial.md docs/abi.md docs/sbi.md docs/configuration.md docs/console.md |
	LC_ALL=C sort | while read -r f; do
		[ -f "$f" ] && install -D -m "$(stat -c %a "$f")" "$f" "$work/cleave-sdk/$f"
	done
# Which commit it was made of: an unpacked SDK is no clone.
scripts/version.sh | sed -n 's/.*(\(.*\))/\1/p' >"$work/cleave-sdk/REVISION"
install -m 755 "$1/host/cleave-check" "$1/host/cleave-port" "$work/cleave-sdk/build/host/"
install -m 644 "$1/cleave.bin" "$1/cleave.elf" "$work/cleave-sdk/build/"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
	--mode=u+w,go-w,a+rX -cf - cleave-sdk | gzip -9n >"$1/cleave-sdk.tar.gz.part"
mv "$1/cleave-sdk.tar.gz.part" "$1/cleave-sdk.tar.gz"
echo "$1/cleave-sdk.tar.gz: unpack it, and see docs/tutorial.md in it"
