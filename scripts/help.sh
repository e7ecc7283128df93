#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/help.sh - print what `make` can do (`make help`).

. "$(dirname "$0")/usage.sh"
usage_words 0 "$@"
cat <<'HELP'
Cleave: a type-1 hypervisor for RISC-V harts with the H extension

  make setup            install and download what is missing (a second run does nothing)
  make setup run        the demonstration: Linux in a partition, its writes logged in every mode
  make run GUEST=demo   the same with the workload guest of this tree: no download
  make run DEMO=migrate Linux moves from one machine to another while it works, in a split terminal
  make run DEMO=time    two partitions share a hart by plan, drawn frame by frame
  make run CONFIG=my.dts FILES="my.bin=path ..." QEMU_ARGS="..."
                        a configuration of your own
  make setup test       everything is tested; the last line is `N passed, N failed`

Build
  make                  build/cleave.bin, build/cleave.elf, the guests, the host tools
  make hypervisor       only build/cleave.bin and build/cleave.elf
  make guests, tools    only those
  make examples         the programs and archives of examples/ (docs/tutorial.md)
  make sdk              build/cleave-sdk.tar.gz: what a guest is built with, without this tree
  tools/cleave-port BOARD.dtb   what Cleave will use of a board, and a first configuration for it
  tools/cleave-stream   read, check, compare and make checkpoints and migration streams (--help)
  make dist             build/dist/cleave-VERSION.tar.gz, with a bill of materials (SPDX)
  make install          tools, man pages, completions and the SDK (DESTDIR=, PREFIX=/usr/local)
  make menuconfig       change the configuration (build/.config)
  make NAME_defconfig   take the choices of a board or a variant of it, from platform/:
HELP
cd "$(dirname "$0")/.." || exit 1
for f in platform/*/defconfig platform/*/*_defconfig; do
	name=$(basename "$f")
	[ "$name" != defconfig ] || name=$(basename "$(dirname "$f")" | tr - _)_defconfig
	printf '                          %-20s %s\n' "$name" "$(sed -n '2s/^# //p' "$f")"
done
cat <<'HELP'
  make savedefconfig    write what differs from the defaults to build/defconfig
  make clean            remove what was built and logged; build/.config and build/defconfig stay
  make distclean        remove all of build/, and what was downloaded

Test
  make unit             host tests, under address and undefined-behaviour sanitisers
  make threads          tests of threads, under ThreadSanitizer
  make test-boot        whole machines in QEMU (pytest; T='-k linux' chooses)
  make soak             20 migrations there and back under each load, by slots and peers: hours
                        (SOAK='idle clock' COUNT=5 WAYS=slots does less)
  make assurance        the long runs, and a table of what they found (ONLY=histories: only these)
  make coverage         which lines no test reaches, and which of them nobody has explained
                        (T='-k wild': machines of these tests only)
  make mutants          small faults in the code, one at a time: does a test notice? (half an hour)
                        (ONLY='walk-*', HOST=1: without whole machines, FRACTION=0.1 SEED=7)
  make fuzz             each fuzzer for FUZZ_SECONDS (20)
  make proofs           bounded proofs (needs cbmc)
  make check            MISRA and lint, include rules, headers, format, a build with clang
                        (CHECKS='format tidy' runs only those)
  make debug, make gdb  start a machine that waits for gdb, and gdb in another terminal
  make compile-commands compile_commands.json, for editors
  make format           clang-format everything
  make abi-records      docs/abi-records.md from the headers
  make map              draw docs/map.svg from the includes
  make size             code and read-only data by part
  make bench            instruction counts to build/bench/results.json
                        (SAVE=1: save them in tests/bench/baseline.json)
  make interference     what a neighbour can cost, attack by attack, to build/interference/
                        (SHORT=1: only the most telling cells; QUICK=1: all, with fewer samples;
                        ATTACKS='reboots move': only these)
  make fresh SUITE=trixie   both commands of the README on a bare Debian 13 (bookworm: 12), in a
                        folder of its own; needs root and debootstrap

Variables
  O=folder              output folder (build)        V=1     show the commands
  LLVM=1                compile with clang           LINUX=7.2  which kernel `make run` boots
  LIBFDT_DIR=folder     take libfdt's sources from there (make setup)
  BEARSSL_DIR=folder    the same for BearSSL
  LZ4_DIR=folder        the same for lz4
  SMP= MEM= CPU= MACHINE= APPEND=   what `make run` gives to QEMU and to the hypervisor

Each script and tool says with --help what it is for and with --version which Cleave it is of. They
end with 0 when it went well, 1 when it did not, 2 when they were used wrongly. Progress and colours
are shown on a terminal only; NO_COLOR=1 leaves the colours out.
HELP
