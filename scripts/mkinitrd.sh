#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/mkinitrd.sh BUSYBOX LOAD OUT.gz - pack the Linux guest's initrd: one static busybox, the
# program of guests/linux/, and the init of scripts/initrd/. Needs no root and no device nodes (the
# guest mounts devtmpfs), and the same input gives the same bytes.

set -eu
. "$(dirname "$0")/usage.sh"
[ $# -eq 3 ] || { echo "usage: $0 BUSYBOX LOAD OUT.gz" >&2; exit 2; }
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/root"
cp "$1" "$root/bin/busybox"
cp "$2" "$root/bin/cleave-load"
# The commands that init itself needs before `busybox --install` has run.
ln -s busybox "$root/bin/sh"
cp "$here/initrd/init" "$root/init"
cp "$here/initrd/workload" "$root/bin/workload"
chmod -R u=rwX,go=rX "$root"
chmod 755 "$root/init" "$root/bin/workload" "$root/bin/busybox" "$root/bin/cleave-load"
find "$root" -exec touch -h -d @0 {} +

(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet --reproducible -o -H newc -R 0:0) >"$tmp/initrd"
gzip -9n <"$tmp/initrd" >"$tmp/initrd.gz"
mv "$tmp/initrd.gz" "$3"
