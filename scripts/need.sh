#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/need.sh TOOL... - say which of these programs are missing, and which Debian package has
# each. Exit status 1 if any is missing.

. "$(dirname "$0")/usage.sh"

package()
{
	case ${1##*/} in
	riscv64-unknown-elf-gcc) echo gcc-riscv64-unknown-elf ;;
	riscv64-unknown-elf-*) echo binutils-riscv64-unknown-elf ;;
	riscv64-linux-gnu-gcc) echo gcc-riscv64-linux-gnu ;;
	dtc | fdtget) echo device-tree-compiler ;;
	qemu-system-riscv64) echo qemu-system-riscv ;;
	*) echo "${1##*/}" ;;
	esac
}

status=0
for tool in "$@"; do
	command -v "$tool" >/dev/null && continue
	echo "$tool is missing: it is in the Debian package $(package "$tool"); 'make setup'" \
		"installs it" >&2
	status=1
done
exit $status
