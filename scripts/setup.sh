#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/setup.sh - fetch everything that Cleave needs and does not contain.
#
#   scripts/setup.sh            all of it (what `make setup` runs)
#   scripts/setup.sh packages   only the Debian packages (needs root)
#   scripts/setup.sh fetch      only what goes into deps/ (needs no root)
#   scripts/setup.sh cbmc       the model checker for `make proofs`, which nothing else needs
#
# It looks at what is there, fetches only what is missing, and says so. It never changes the
# machine's own apt configuration and names no mirror: every source it uses is derived from the
# machine's own sources, kept in a private apt folder under deps/.apt, and used with private lists.
# A download that fails costs that one thing; the rest goes on.
#
# LIBFDT_DIR=folder   take libfdt's sources from there instead of downloading them
# BEARSSL_DIR=folder  the same for BearSSL's, with which the manager encrypts its link
# LZ4_DIR=folder      the same for lz4's, with which the manager packs pages

set -u
. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.." || exit 1
. scripts/debian.sh
# An apt download in deps/ must not meet the sandbox user's permissions or a translated message.
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

DEPS=$PWD/deps
APT=$DEPS/.apt
PART=${1:-all}
did=0      # how many things were done: 0 is what a second run should say
failed=0   # how many could not be had

# Another version formats and warns otherwise, and both Debian 12 and 13 have this one by this name.
LLVM=19
PACKAGES="make git gcc libc6-dev python3 xz-utils cpio device-tree-compiler
	gcc-riscv64-unknown-elf binutils-riscv64-unknown-elf libcmocka-dev
	gcc-riscv64-linux-gnu libc6-dev-riscv64-cross
	python3-pytest python3-pytest-xdist python3-pexpect python3-kconfiglib
	cppcheck clang-$LLVM clang-tidy-$LLVM clang-format-$LLVM libclang-rt-$LLVM-dev lld-$LLVM
	tmux graphviz spin gdb-multiarch"

say() { usage_progress; printf 'setup: %s\n' "$*"; }
warn() { usage_progress; printf 'setup: %s: %s\n' "$(usage_colour 2 35 WARNING)" "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

codename() { (. /etc/os-release; echo "${VERSION_CODENAME:-sid}"); }

installed() { dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^ii'; }

# The QEMU in PATH as "major.minor", or nothing.
qemu_version()
{
	have qemu-system-riscv64 || return 0
	qemu-system-riscv64 --version | sed -n 's/.*version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1
}

# QEMU before 10 updates the A/D bits of a guest's page tables through a write-protected G-stage.
qemu_good() { local v; v=$(qemu_version); [ -n "$v" ] && [ "${v%%.*}" -ge 10 ]; }

# --- apt sources derived from the machine's own ------------------------------------------------

# stanza TYPE SUITE: one deb822 paragraph for SUITE of the machine's own archive.
stanza()
{
	local uri key
	IFS=$'\t' read -r uri key < <(own_source) || return 1
	printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' \
		"$1" "$uri" "$2" "$key"
}

# apt_private NAME ARCH: prepare a private apt world; its sources are read from stdin.
# Afterwards `apt_in NAME command...` runs apt with it. System lists and sources stay untouched.
apt_private()
{
	local d=$APT/$1
	mkdir -p "$d"/{parts,empty,lists/partial,cache/archives/partial,log}
	cat >"$d/parts/cleave.sources"
	[ -f "$d/status" ] || : >"$d/status"
	cat >"$d/apt.conf" <<-CONF
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$d/parts";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "$d/empty";
		Dir::State::Lists "$d/lists";
		Dir::Cache "$d/cache";
		Dir::Log "$d/log";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
	CONF
	if [ "$2" != native ]; then
		cat >>"$d/apt.conf" <<-CONF
			Dir::State::status "$d/status";
			APT::Architecture "$2";
			APT::Architectures "$2";
		CONF
	fi
	apt_in "$1" apt-get -qq update >"$d/log/update" 2>&1 &&
		! grep -q '^[WE]: Failed' "$d/log/update"
}

apt_in()
{
	local d=$APT/$1
	shift
	APT_CONFIG=$d/apt.conf "$@"
}

# fetch_deb WORLD PACKAGE OUTDIR: download and unpack one package, installing nothing.
fetch_deb()
{
	local tmp=$APT/tmp.$2
	rm -rf "$tmp"
	mkdir -p "$tmp" "$3"
	(cd "$tmp" && apt_in "$1" apt-get -qq download "$2" >log 2>&1) &&
		dpkg-deb -x "$tmp"/*.deb "$3"
	local rc=$?
	[ $rc -eq 0 ] || cat "$tmp/log" >&2
	rm -rf "$tmp"
	return $rc
}

miss() { warn "$*"; failed=$((failed + 1)); }

# --- packages ----------------------------------------------------------------------------------

missing_packages()
{
	local p
	for p in $PACKAGES; do
		installed "$p" || echo "$p"
	done
}

# to_download PACKAGE...: how much apt-get will fetch for them
to_download()
{
	apt-get -qq --print-uris install -y --no-install-recommends "$@" 2>/dev/null |
		awk '{ bytes += $3 } END { printf "%d MB", bytes / 1000000 }'
}

install_packages()
{
	local list
	list=$(missing_packages | tr '\n' ' ')
	if [ -n "$list" ]; then
		if [ "$(id -u)" -ne 0 ]; then
			need_root=1
		else
			say "installing: $list"
			apt-get -qq update &&
				say "$(to_download $list) to download; it takes minutes, and" \
					"nothing is said meanwhile but in $APT/install.log" &&
				apt-get -qq install -y --no-install-recommends $list \
					>"$APT/install.log" 2>&1 || {
				tail -n 5 "$APT/install.log" >&2
				miss "apt-get install failed for: $list"
			}
			did=$((did + 1))
		fi
	fi
	qemu_good || install_qemu
}

install_qemu()
{
	local suite
	if [ "$(id -u)" -ne 0 ]; then
		need_root=1
		return
	fi
	did=$((did + 1))
	suite=$(codename)
	if [ "$suite" = bookworm ]; then
		say "installing: QEMU 10 from $suite-backports (7.2 cannot log dirty pages)"
		for part in "" -updates -backports; do stanza deb "$suite$part"; done |
			apt_private backports native ||
			{ miss "no package list of $suite-backports: is there a network?"; return; }
		apt_in backports apt-get -qq install -y --no-install-recommends \
			-t "$suite-backports" qemu-system-riscv opensbi >"$APT/qemu.log" 2>&1
	else
		say "installing: qemu-system-riscv of $suite"
		apt-get -qq install -y --no-install-recommends qemu-system-riscv opensbi \
			>"$APT/qemu.log" 2>&1
	fi
	qemu_good && return
	tail -n 5 "$APT/qemu.log" >&2
	miss "QEMU 10 or later could not be installed: have '$(qemu_version)'"
}

# What a machine that is not Debian lacks, by the name of the tool.
list_missing_tools()
{
	local t list= python=/usr/bin/python3
	[ -x $python ] || python=python3
	for t in git gcc riscv64-unknown-elf-gcc riscv64-linux-gnu-gcc dtc cpio tmux xz dot spin \
		gdb-multiarch cppcheck clang-$LLVM clang-tidy-$LLVM clang-format-$LLVM \
		qemu-system-riscv64; do
		have "$t" || list="$list $t"
	done
	for t in pytest xdist pexpect kconfiglib; do
		$python -c "import $t" 2>/dev/null || list="$list python3:$t"
	done
	printf '#include <%s.h>\n' stdarg stddef stdint setjmp cmocka |
		cc -E - >/dev/null 2>&1 || list="$list cmocka.h"
	say "this is not Debian: packages are yours to install"
	if [ -n "$list" ]; then
		say "missing:$list"
		lacking=1
	else
		say "nothing is missing"
	fi
	[ -n "$(qemu_version)" ] && ! qemu_good &&
		warn "QEMU $(qemu_version) cannot be trusted for dirty logging;" \
			"10.0 or later is needed"
}

# --- deps/libfdt -------------------------------------------------------------------------------

# Copies without fdt_check.c exist (u-boot, arm-trusted-firmware): they cannot check a hostile tree.
libfdt_complete()
{
	[ -f "$1/libfdt.h" ] && [ -f "$1/fdt.h" ] && [ -f "$1/fdt_rw.c" ] && [ -f "$1/fdt_check.c" ]
}

# unpack_libfdt TARBALL SCRATCH: libfdt's sources and headers out of whatever package holds them.
# The headers may stand in a folder of their own.
unpack_libfdt()
{
	local list src hdr
	list=$(tar tf "$1" 2>/dev/null | grep -E '/libfdt/(libfdt\.h|fdt_rw\.c)$')
	hdr=$(printf '%s\n' "$list" | sed -n 's,/libfdt\.h$,,p' | head -n 1)
	[ -n "$hdr" ] || return 1
	src=$(printf '%s\n' "$list" | grep -F "$hdr/fdt_rw.c" ||
		printf '%s\n' "$list" | grep '/fdt_rw\.c$' | head -n 1)
	[ -n "$src" ] || return 1
	src=${src%/*}
	rm -rf "$2"
	mkdir -p "$2/libfdt"
	tar xf "$1" -C "$2" --no-wildcards-match-slash --wildcards "$src/*.c" "$src/*.h" &&
		{ [ "$hdr" = "$src" ] || tar xf "$1" -C "$2" --wildcards "$hdr/*.h"; } &&
		cp "$2/$hdr"/*.h "$2/$src"/*.[ch] "$2/libfdt/" 2>/dev/null
	libfdt_complete "$2/libfdt" || return 1
	rm -f "$2/libfdt/libfdt_env.h" # ours is in lib/libfdt
	basename "$1" >"$2/libfdt/FROM"
	rm -rf "$DEPS/libfdt"
	mv "$2/libfdt" "$DEPS/libfdt"
}

# Take the first source package that answers; some tarballs are not on every mirror.
get_libfdt()
{
	local src suite tar tmp=$APT/tmp.libfdt
	if [ -n "${LIBFDT_DIR:-}" ]; then
		libfdt_complete "$LIBFDT_DIR" ||
			{
				miss "LIBFDT_DIR=$LIBFDT_DIR lacks one of" \
					"libfdt.h, fdt.h, fdt_rw.c, fdt_check.c"
				return
			}
		[ "$(cd "$LIBFDT_DIR" && pwd)" = "$DEPS/libfdt" ] && return
		rm -rf "$DEPS/libfdt"
		mkdir -p "$DEPS/libfdt"
		cp "$LIBFDT_DIR"/*.[ch] "$DEPS/libfdt/"
		rm -f "$DEPS/libfdt/libfdt_env.h"
		say "libfdt: copied from $LIBFDT_DIR"
		did=$((did + 1))
		return
	fi
	libfdt_complete "$DEPS/libfdt" && return
	did=$((did + 1))
	is_debian ||
		{ miss "no libfdt sources: name their folder, make setup LIBFDT_DIR=..."; return; }
	for suite in $(printf '%s\n' "$(codename)" trixie sid | awk '!seen[$0]++'); do
		stanza deb-src "$suite" | apt_private "source-$suite" riscv64 || continue
		for src in device-tree-compiler opensbi optee-os; do
			rm -rf "$tmp"
			mkdir -p "$tmp"
			# That another of the package's files is missing does not matter: what did
			# come, apt has checked against the archive's signed hashes.
			(cd "$tmp" && apt_in "source-$suite" \
				apt-get -qq source --download-only "$src" >log 2>&1)
			for tar in "$tmp"/*.orig.tar.*z*; do
				[ -f "$tar" ] && unpack_libfdt "$tar" "$tmp/x" || continue
				say "libfdt: sources from $(basename "$tar") ($suite)"
				rm -rf "$tmp"
				return
			done
		done
	done
	rm -rf "$tmp"
	miss "libfdt: no source package answered; make setup LIBFDT_DIR=folder names your own"
}

# --- deps/bearssl, deps/lz4 ---------------------------------------------------------------------

bearssl_complete() { [ -f "$1/inc/bearssl.h" ] && [ -f "$1/src/ssl/ssl_hs_server.c" ]; }

# take_bearssl FOLDER FROM: its headers, sources and licence as deps/bearssl
take_bearssl()
{
	bearssl_complete "$1" || return 1
	rm -rf "$DEPS/bearssl"
	mkdir -p "$DEPS/bearssl"
	cp -R "$1/inc" "$1/src" "$1/LICENSE.txt" "$DEPS/bearssl/" &&
		echo "$2" >"$DEPS/bearssl/FROM"
}

# Of lz4 two files are of use, which stand in lib/ as it is released. An lz4 before 1.9.4 cannot be
# built without a C library.
lz4_complete() { [ -f "$1/lz4.h" ] && grep -q LZ4_FREESTANDING "$1/lz4.h" && [ -f "$1/lz4.c" ]; }

# take_lz4 FOLDER FROM: the two files and their licence as deps/lz4
take_lz4()
{
	local lib=$1
	[ -f "$1/lz4.c" ] || lib=$1/lib
	lz4_complete "$lib" || return 1
	rm -rf "$DEPS/lz4"
	mkdir -p "$DEPS/lz4"
	cp "$lib/lz4.c" "$lib/lz4.h" "$lib/LICENSE" "$DEPS/lz4/" && echo "$2" >"$DEPS/lz4/FROM"
}

# get_source PACKAGE FOLDER VARIABLE: the sources of PACKAGE as deps/PACKAGE, from the FOLDER that
# VARIABLE names, or else from Debian. 12 and 13 both have them.
get_source()
{
	local suite tar tmp=$APT/tmp.$1
	if [ -n "$2" ]; then
		[ "$(cd "$2" && pwd)" = "$DEPS/$1" ] && return
		"take_$1" "$2" "$2" || { miss "$3=$2 holds no whole $1"; return; }
		say "$1: copied from $2"
		did=$((did + 1))
		return
	fi
	"$1_complete" "$DEPS/$1" && return
	did=$((did + 1))
	is_debian || { miss "no $1 sources: make setup $3=... names them"; return; }
	for suite in $(printf '%s\n' "$(codename)" trixie sid | awk '!seen[$0]++'); do
		stanza deb-src "$suite" | apt_private "source-$suite" riscv64 || continue
		rm -rf "$tmp"
		mkdir -p "$tmp/x"
		# As with libfdt: what did come, apt has checked.
		(cd "$tmp" && apt_in "source-$suite" \
			apt-get -qq source --download-only "$1" >log 2>&1)
		for tar in "$tmp"/*.orig.tar.*z*; do
			[ -f "$tar" ] && tar xf "$tar" -C "$tmp/x" --strip-components=1 &&
				"take_$1" "$tmp/x" "$(basename "$tar")" || continue
			say "$1: sources from $(basename "$tar") ($suite)"
			rm -rf "$tmp"
			return
		done
	done
	rm -rf "$tmp"
	miss "$1: no source package answered; make setup $3=folder names your own"
}

# Without it the manager is built all the same, and refuses a secured link.
get_bearssl() { get_source bearssl "${BEARSSL_DIR:-}" BEARSSL_DIR; }

# Without it the manager is built all the same, and neither packs pages nor takes packed ones.
get_lz4() { get_source lz4 "${LZ4_DIR:-}" LZ4_DIR; }

# --- guests ------------------------------------------------------------------------------------

# get_linux SUITE: the suite's riscv64 kernel as deps/linux-MAJOR.MINOR/Image.
get_linux()
{
	local suite=$1 pkg dir image tmp=$APT/tmp.linux-$1 stamp=$DEPS/.linux-$1
	[ -f "$stamp" ] && [ -f "$DEPS/$(cat "$stamp")/Image" ] && return
	did=$((did + 1))
	stanza deb "$suite" | apt_private "riscv64-$suite" riscv64 ||
		{ miss "no package list of $suite for riscv64: its Linux is not here"; return; }
	pkg=$(linux_package "riscv64-$suite")
	[ -n "$pkg" ] || { miss "$suite has no riscv64 kernel package"; return; }
	rm -rf "$tmp"
	if fetch_deb "riscv64-$suite" "$pkg" "$tmp"; then
		image=$(find "$tmp/boot" "$tmp/usr/lib/modules" -name 'vmlinu[xz]*' 2>/dev/null |
			head -n 1)
	fi
	if [ -z "${image:-}" ]; then
		rm -rf "$tmp"
		miss "Linux of $suite: $pkg did not come, or holds no kernel"
		return
	fi
	dir=linux-$(printf '%s\n' "$pkg" | sed 's/^[a-z-]*-\([0-9]*\.[0-9]*\).*/\1/')
	mkdir -p "$DEPS/$dir"
	case $(head -c 2 "$image" | od -An -tx1 | tr -d ' ') in
	1f8b) gzip -dc "$image" >"$DEPS/$dir/Image" ;;
	*) cp "$image" "$DEPS/$dir/Image" ;;
	esac
	# A PE image with the RISC-V header has "RSC\x05" at offset 56.
	if [ "$(dd if="$DEPS/$dir/Image" bs=1 skip=56 count=3 2>/dev/null)" != RSC ]; then
		rm -rf "$tmp" "${DEPS:?}/$dir"
		miss "Linux of $suite: $pkg does not hold a plain RISC-V Image"
		return
	fi
	echo "$pkg" >"$DEPS/$dir/FROM"
	echo "$dir" >"$stamp"
	rm -rf "$tmp"
	say "linux: $dir/Image from $pkg ($suite)"
}

# linux_package WORLD: the package that holds the image: follow linux-image-riscv64 down.
linux_package()
{
	local pkg=linux-image-riscv64 image='linux-\(image\|binary\)-[0-9][^ ]*' next i
	for i in 1 2 3; do
		next=$(apt_in "$1" apt-cache depends --no-recommends --no-suggests "$pkg" \
			2>/dev/null | sed -n "s/^ *|\{0,1\}Depends: \($image\)\$/\1/p" | head -n 1)
		[ -n "$next" ] || break
		pkg=$next
	done
	[ "$pkg" != linux-image-riscv64 ] && echo "$pkg"
}

# is_riscv_elf FILE: e_machine is 243.
is_riscv_elf() { [ -f "$1" ] && [ "$(od -An -tx1 -j18 -N2 "$1" 2>/dev/null | tr -d ' ')" = f300 ]; }

get_busybox()
{
	local bin tmp=$APT/tmp.busybox
	is_riscv_elf "$DEPS/guest/busybox" && return
	did=$((did + 1))
	stanza deb trixie | apt_private riscv64-trixie riscv64 ||
		{ miss "no package list of trixie for riscv64: busybox is not here"; return; }
	fetch_deb riscv64-trixie busybox-static "$tmp" ||
		{ rm -rf "$tmp"; miss "busybox-static for riscv64 did not come"; return; }
	bin=$(find "$tmp" -type f -path '*/bin/busybox' | head -n 1)
	if is_riscv_elf "$bin"; then
		mkdir -p "$DEPS/guest"
		install -m 755 "$bin" "$DEPS/guest/busybox"
		say "busybox: deps/guest/busybox"
	else
		miss "busybox-static holds no RISC-V busybox"
	fi
	rm -rf "$tmp"
}

# U-Boot for S-mode; the package is the same on every architecture.
get_uboot()
{
	local bin tmp=$APT/tmp.uboot
	[ -f "$DEPS/u-boot/u-boot.bin" ] && return
	did=$((did + 1))
	stanza deb "$(codename)" | apt_private native native ||
		{ miss "no package list for u-boot-qemu: U-Boot is not here"; return; }
	fetch_deb native u-boot-qemu "$tmp" ||
		{ rm -rf "$tmp"; miss "u-boot-qemu did not come"; return; }
	bin=$(find "$tmp" -path '*qemu-riscv64_smode/u*boot.bin' | head -n 1)
	if [ -n "$bin" ]; then
		mkdir -p "$DEPS/u-boot"
		cp "$bin" "$DEPS/u-boot/u-boot.bin"
		say "u-boot: deps/u-boot/u-boot.bin"
	else
		miss "u-boot-qemu holds no qemu-riscv64_smode/u-boot.bin"
	fi
	rm -rf "$tmp"
}

# EDK2 for QEMU's virt board; the package is the same on every architecture, and new in Debian 13.
get_edk2()
{
	local tmp=$APT/tmp.edk2 part
	[ -f "$DEPS/edk2/RISCV_VIRT_VARS.fd" ] && return
	did=$((did + 1))
	stanza deb trixie | apt_private trixie native ||
		{ miss "no package list of trixie for qemu-efi-riscv64: EDK2 is not here"; return; }
	fetch_deb trixie qemu-efi-riscv64 "$tmp" ||
		{ rm -rf "$tmp"; miss "qemu-efi-riscv64 did not come"; return; }
	mkdir -p "$DEPS/edk2"
	for part in CODE VARS; do
		find "$tmp" -name "RISCV_VIRT_$part.fd" -exec cp {} "$DEPS/edk2/" \;
	done
	if [ -f "$DEPS/edk2/RISCV_VIRT_VARS.fd" ]; then
		say "edk2: deps/edk2/RISCV_VIRT_CODE.fd and RISCV_VIRT_VARS.fd"
	else
		miss "qemu-efi-riscv64 holds no RISCV_VIRT_CODE.fd and RISCV_VIRT_VARS.fd"
	fi
	rm -rf "$tmp"
}

# A boot manager that EFI firmwares start, and that starts Cleave.
get_sdboot()
{
	local file tmp=$APT/tmp.sdboot at=$DEPS/systemd-boot
	[ -f "$at/systemd-bootriscv64.efi" ] && return
	did=$((did + 1))
	stanza deb trixie | apt_private riscv64-trixie riscv64 ||
		{ miss "no package list of trixie for riscv64: systemd-boot is not here"; return; }
	fetch_deb riscv64-trixie systemd-boot-efi "$tmp" ||
		{ rm -rf "$tmp"; miss "systemd-boot-efi for riscv64 did not come"; return; }
	file=$(find "$tmp" -name systemd-bootriscv64.efi | head -n 1)
	if [ -n "$file" ]; then
		install -D -m 644 "$file" "$at/systemd-bootriscv64.efi"
		say "systemd-boot: deps/systemd-boot/systemd-bootriscv64.efi"
	else
		miss "systemd-boot-efi holds no systemd-bootriscv64.efi"
	fi
	rm -rf "$tmp"
}

# unpack_tool NAME SUITE PACKAGE...: unpack a tool of another suite into deps/NAME together with the
# libraries of that suite, to be started by deps/NAME/run through the folder's own dynamic loader.
unpack_tool()
{
	local name=$1 suite=$2 root=$DEPS/$1 p
	shift 2
	did=$((did + 1))
	is_debian || { miss "$name is yours to install"; return 1; }
	stanza deb "$suite" | apt_private "$suite" native ||
		{ miss "no package list of $suite: $name is not here"; return 1; }
	for p in "$@"; do
		fetch_deb "$suite" "$p" "$root" ||
			{ rm -rf "$root"; miss "$name: $p did not come"; return 1; }
	done
	cat >"$root/run" <<-RUN
		#!/bin/sh
		# Start the unpacked $name with its own loader and libraries.
		root=\$(cd "\$(dirname "\$0")" && pwd)
		libs=\$(find "\$root" -name 'lib*.so*' -exec dirname {} + | sort -u | tr '\n' ':')
		loader=\$(find "\$root" -name 'ld-linux-*.so*' | head -n 1)
		exec "\$loader" --library-path "\$libs" "\$root/usr/bin/$name" "\$@"
	RUN
	chmod +x "$root/run"
	say "$name: deps/$name/run"
}

# CBMC is in Debian 13, and not in 12.
get_cbmc()
{
	have cbmc || [ -x "$DEPS/cbmc/run" ] ||
		unpack_tool cbmc trixie cbmc libc6 libstdc++6 libgcc-s1 zlib1g minisat
}

# The memory model checker of the litmus tests is in Debian sid alone. Of its programs we need one.
get_herd()
{
	local root=$DEPS/herd7
	[ ! -x "$root/run" ] || return
	unpack_tool herd7 sid herdtools7 libc6 libgmp10 || return
	find "$root/usr/bin" -type f ! -name herd7 -delete
	rm -rf "$root/usr/share/doc" "$root/usr/share/locale"
}

# --- main --------------------------------------------------------------------------------------

case $PART in
all | packages | fetch | cbmc) usage_words 1 "$@" ;;
*)
	echo "usage: scripts/setup.sh [packages|fetch|cbmc]" >&2
	exit 2
	;;
esac

# step NAME COMMAND...: one of the STEPS that all of it takes here
STEPS=10
step()
{
	steps=$((steps + 1))
	usage_progress $steps $STEPS "$1"
	shift
	"$@"
	usage_progress
}

need_root=0 lacking=0 steps=0
mkdir -p "$APT"

if [ "$PART" = all ] || [ "$PART" = packages ]; then
	if is_debian; then
		step packages install_packages
	else
		list_missing_tools
	fi
fi

if [ "$PART" = all ] || [ "$PART" = fetch ]; then
	step libfdt get_libfdt
	step BearSSL get_bearssl
	step lz4 get_lz4
	if is_debian; then
		step "Linux of trixie" get_linux trixie
		step "Linux of sid" get_linux sid
		step busybox get_busybox
		step U-Boot get_uboot
		step herd7 get_herd
		step EDK2 get_edk2
		step systemd-boot get_sdboot
	elif [ ! -f "$DEPS/guest/busybox" ]; then
		say "Linux, busybox, U-Boot, EDK2 and systemd-boot are Debian packages: not fetched"
	fi
fi

[ "$PART" != cbmc ] || get_cbmc

# Package lists are large and stale tomorrow; logs matter only after a failure.
[ $failed -ne 0 ] || rm -rf "$APT"

if [ $need_root -eq 1 ]; then
	qemu_good && qemu_lacks= || qemu_lacks="qemu-system-riscv (10 or later)"
	say "missing packages: $(missing_packages | tr '\n' ' ')$qemu_lacks"
	say "they need root. Run:"
	say "    sudo $PWD/scripts/setup.sh packages"
	exit 1
fi
if [ $failed -ne 0 ]; then
	say "$failed part(s) could not be had (see the warnings); everything else is ready"
elif [ $lacking -ne 0 ]; then
	say "what does not need the missing tools works"
elif [ $did -eq 0 ]; then
	say "everything is here already, nothing to do"
else
	say "done"
fi
exit 0
