# SPDX-License-Identifier: BSD-2-Clause
#
# Cleave's build. `make help` says what there is.
#
#   O=folder     where everything that is built goes (default: build)
#   V=1          show the commands
#   LLVM=1       compile with clang instead of gcc (assembling and linking stay with binutils)
#   COVERAGE=1   keep each line's code apart, and have host tests count lines (`make coverage`)
#
# Sources are found by wildcard: a file that is put into a part's folder is built. The same input
# gives the same bytes: lists are sorted, paths are mapped away, and nothing asks for the time.

# --- setup goes first --------------------------------------------------------------------------
# `make setup run` must read this file again after setup, because what setup brings (libfdt) is
# found by wildcard. So whatever stands beside `setup` runs in a make of its own, afterwards.
rest := $(filter-out setup,$(MAKECMDGOALS))

ifneq ($(and $(filter setup,$(MAKECMDGOALS)),$(rest)),)

.PHONY: setup $(rest)
setup:
	@scripts/setup.sh
$(firstword $(rest)): setup
	@$(MAKE) --no-print-directory $(rest)
$(wordlist 2,$(words $(rest)),$(rest)): $(firstword $(rest))
	@:

else

# --- what to build with ------------------------------------------------------------------------

O ?= build
V ?= 0
CROSS_COMPILE ?= riscv64-unknown-elf-
HOSTCC ?= gcc
CLANG ?= clang-19
CLANG_FORMAT ?= clang-format-19
CLANG_TIDY ?= clang-tidy-19
CPPCHECK ?= cppcheck
DTC ?= dtc
FUZZ_SECONDS ?= 20
# A python3 earlier in PATH may not see the distribution's packages (kconfiglib, pytest).
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

CROSS_CC := $(CROSS_COMPILE)gcc
AS := $(CROSS_COMPILE)as
OBJCOPY := $(CROSS_COMPILE)objcopy
READELF := $(CROSS_COMPILE)readelf

export O V CROSS_COMPILE HOSTCC CLANG CLANG_FORMAT CLANG_TIDY CPPCHECK DTC PYTHON FUZZ_SECONDS

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

.PHONY: all
all: hypervisor guests tools initrd examples

# --- sources -----------------------------------------------------------------------------------

files = $(sort $(wildcard $(1)))

# A board's choices are platform/<board>/defconfig, by the name of the board with _ for -. Variants
# of a board stand beside that: `debug` is platform/qemu-virt/debug_defconfig.
BOARD ?= qemu_virt
defconfig = $(firstword $(wildcard platform/$(subst _,-,$(1))/defconfig platform/*/$(1)_defconfig))

# Parts that Kconfig can leave out. All that such a part has lies in folders of its name: AIA's in
# folders aia. What is not said to be off is on, as an option's default is.
PARTS := AIA
chosen_config = $(firstword $(wildcard $(O)/.config) $(call defconfig,$(BOARD)))
OFF := $(shell printf '%s\n' $(PARTS) | while read -r p; do \
	grep -qs "^. CONFIG_$$p is not set" $(chosen_config) && echo "$$p"; \
	done | tr A-Z a-z)

# What is built of a part: its folder and all below it.
tree = $(sort $(patsubst ./%,%,$(shell find $(wildcard $(1)) -name '*.c' \
	$(foreach d,$(OFF),-not -path '*/$(d)/*') 2>/dev/null)))

SRCS := $(filter-out arch/riscv/asm-offsets.c arch/riscv/efi/% lib/libc/%, \
	$(call tree,arch/riscv mm core drivers lib platform))
ASMS := $(call files,arch/riscv/*.S)
FDTS := $(call files,deps/libfdt/*.c)

# What the manager needs of BearSSL for a secured link. Where setup could not fetch it, the manager
# is built without, and refuses such a link.
BEARSSL_NAMES := codec/ccopy codec/dec32be codec/enc32be ec/ec_p256_m31 ec/ec_pubkey \
	ec/ec_secp256r1 ec/ec_secp384r1 ec/ec_secp521r1 ec/ecdsa_atr ec/ecdsa_i31_bits \
	ec/ecdsa_i31_sign_asn1 ec/ecdsa_i31_sign_raw ec/ecdsa_i31_vrfy_asn1 ec/ecdsa_i31_vrfy_raw \
	ec/ecdsa_rta hash/multihash hash/sha2small int/i31_add int/i31_bitlen int/i31_decmod \
	int/i31_decode int/i31_encode int/i31_fmont int/i31_iszero int/i31_modpow int/i31_montmul \
	int/i31_muladd int/i31_ninv31 int/i31_rshift int/i31_sub int/i31_tmont int/i32_div32 \
	mac/hmac rand/hmac_drbg rand/sysrng ssl/prf ssl/prf_sha256 ssl/ssl_ccert_single_ec \
	ssl/ssl_client ssl/ssl_engine ssl/ssl_hashes ssl/ssl_hs_client ssl/ssl_hs_server \
	ssl/ssl_rec_chapol ssl/ssl_scert_single_ec ssl/ssl_server symcipher/chacha20_ct \
	symcipher/poly1305_ctmulq x509/x509_knownkey
BEARSSL := $(if $(wildcard deps/bearssl/inc/bearssl.h), \
	$(BEARSSL_NAMES:%=deps/bearssl/src/%.c))
# Of tls.c and tls_none.c one is built.
TLS_SRC := guests/manager/secure/$(if $(BEARSSL),tls.c,tls_none.c)
SECURE_SRCS := guests/manager/secure/keys.c guests/manager/secure/secure.c $(TLS_SRC)
TLS_OTHER := guests/manager/secure/$(if $(BEARSSL),tls_none.c,tls.c)

# What the manager needs of lz4 to pack pages. Without it no page is packed: pack_none.c.
LZ4 := $(wildcard deps/lz4/lz4.c)
PACK_OTHER := guests/manager/pack/$(if $(LZ4),pack_none.c,pack.c)

# What needs no hart is built for the host too: for tools, unit tests, fuzzers and proofs. It is so
# folder by folder.
HOST_DIRS := mm lib core/machine core/config core/console core/device core/state core/guest/args \
	core/run/fair core/run/plan arch/riscv/decode arch/riscv/efi arch/riscv/model drivers \
	guests/lib/fdt guests/lib/migrate guests/lib/virtio \
	guests/manager/pack guests/manager/secure guests/manager/shell guests/manager/vms \
	guests/manager/wire
HOST_SRCS := $(filter-out $(TLS_OTHER) $(PACK_OTHER),$(call tree,$(HOST_DIRS)))
# What works on harts is built for unit tests alone, which play the harts
# (tests/model/hart_model.h); with the checks of the debug build.
HART_SRCS := $(wildcard core/run/*.c) core/vm/vm.c core/vm/vm_clock.c core/vm/vm_fault.c \
	core/vm/vm_life.c core/vm/vm_note.c core/vm/vm_window.c core/vm/vmid.c \
	$(filter %/imsic.c,$(call tree,arch/riscv/aia)) \
	arch/riscv/fence.c arch/riscv/guest.c arch/riscv/hart.c arch/riscv/timer.c
HART_HELPERS := $(patsubst %,tests/model/hart_%.c,manager model stubs world)
$(foreach f,$(HART_SRCS) mm/gstage_map.c mm/gstage_split.c,$(eval \
	CFLAGS_HOST_$(f) := -DCONFIG_DEBUG=1))

TOOL_SRCS := $(call files,tools/*.c)
UNIT_ALL := $(filter-out $(if $(BEARSSL),,%/test_secure.c) \
	$(if $(LZ4),,%/test_migrate_packed.c),$(call tree,tests/unit))
UNIT_SRCS := $(foreach f,$(UNIT_ALL),$(if $(filter test_%,$(notdir $(f))),$(f)))
UNIT_HELPERS := $(filter-out $(UNIT_SRCS),$(UNIT_ALL)) \
	$(filter-out $(HART_HELPERS),$(call files,tests/model/*.c))
FUZZ_SRCS := $(filter-out $(if $(BEARSSL),,%/fuzz_secure.c),$(call files,tests/fuzz/fuzz_*.c))

# --- flags -------------------------------------------------------------------------------------

# What is the same for every program of a hart: WARNINGS, HART, NO_ATTRIBUTE, HART_ASM, BARE,
# LDFLAGS, GUEST_LIB and link_guest.
CLEAVE_SDK := .
include guests/lib/flags.mk
BARE += -ffile-prefix-map=$(CURDIR)/= -ffile-prefix-map=$(O)/=build/
BARE += $(if $(COVERAGE),-Og -gdwarf-4 -fno-tree-switch-conversion)

INCLUDES := -I. -Iinclude -I$(O)/include -isystem deps/libfdt -isystem lib/libfdt
CONFIG_H := $(O)/include/generated/autoconf.h

CPPFLAGS := $(INCLUDES) -isystem lib/libc -include $(CONFIG_H)
CFLAGS := $(HART) $(BARE) $(WARNINGS)
ASFLAGS := $(HART) $(BARE) -D__ASSEMBLY__ -Wa,-march=$(HART_ASM)
GUEST_CPPFLAGS := -I. -Iinclude

# Drawing a line again stays within a step (M6) only where what does not change is kept.
CFLAGS_core/console/console_lines.c := $(if $(LLVM),,-fmove-loop-invariants)

# A memset() in which the compiler recognises a memset() would call itself.
CFLAGS_lib/string.c := -O2 $(if $(LLVM),,-fno-tree-loop-distribute-patterns)

# The boot calls what is here for each byte of a node's name.
CFLAGS_deps/libfdt/fdt.c := -mno-save-restore

# BearSSL asks no system for random numbers or for the time, whatever it is built on. It is compiled
# for size, but for what is done to every byte of the link. It calls by pointers of other types than
# the functions have, which clang's sanitiser would refuse.
BEARSSL_CPPFLAGS := -Ideps/bearssl/inc -Ideps/bearssl/src -DBR_USE_URANDOM=0 -DBR_RDRAND=0 \
	-DBR_USE_UNIX_TIME=0 -DBR_LE_UNALIGNED=0 -DBR_BE_UNALIGNED=0
BEARSSL_HOT := %/chacha20_ct.c %/poly1305_ctmulq.c
# lz4 without a C library and without a heap, and with a table of 4 KiB: a page needs no larger one.
LZ4_CPPFLAGS := -DLZ4_FREESTANDING=1 -DLZ4_MEMORY_USAGE=12 -DLZ4_memcpy=__builtin_memcpy \
	-DLZ4_memmove=__builtin_memmove -DLZ4_memset=__builtin_memset
CFLAGS_guests/manager/pack/pack.c := -isystem deps/lz4 $(LZ4_CPPFLAGS)
CFLAGS_HOST_guests/manager/pack/pack.c := -isystem deps/lz4 $(LZ4_CPPFLAGS)
CFLAGS_guests/manager/secure/tls.c := -isystem deps/bearssl/inc -isystem lib/libc
CFLAGS_HOST_guests/manager/secure/tls.c := -isystem deps/bearssl/inc

# What runs at boot, for an error, once a turn or at a person's speed is compiled for size, and its
# functions share the code that saves registers (-msave-restore; libgcc has it). These are whole
# folders, but for the way of a device's interrupt, and files whose folder has faster ones. In the
# others, functions that are seldom called have the attribute cold.
COLD_DIRS := deps/libfdt core/boot core/config core/console core/machine core/machine/probe \
	core/state core/guest/slow core/vm core/vm/create arch/riscv/probe arch/riscv/model lib
COLD_FILES := arch/riscv/early.c arch/riscv/exit_walk.c arch/riscv/firmware.c \
	arch/riscv/hart_start.c arch/riscv/start.c arch/riscv/trap.c \
	core/guest/hypercall_machine.c core/guest/hypercall_memory.c \
	core/guest/hypercall_vm.c core/guest/sbi_dbcn.c core/guest/sbi_hsm.c \
	core/guest/sbi_srst.c core/guest/sbi_susp.c core/run/sched.c \
	core/run/schedule.c drivers/uart_8250.c mm/frames.c mm/gstage_map.c mm/space.c \
	mm/space_dirty_bits.c
HOT_FILES := core/vm/aia/vm_aia.c core/vm/vm_devices.c
COLD := $(if $(COVERAGE),,$(COLD_DIRS:%=%/%) $(COLD_FILES) drivers/%_fdt.c)
# What gcc does beyond -Os to keep values in registers, and to save jumps, costs 1,300 bytes.
SMALL := -Os -msave-restore $(if $(LLVM),,-mtune=size -fno-move-loop-invariants \
	-fno-tree-loop-im -fno-caller-saves -fno-tree-scev-cprop \
	-fno-thread-jumps -fno-tree-tail-merge -fno-forward-propagate -fipa-pta \
	-fira-region=one)
# What runs more often than that, but on no way of which `make bench` has a count, saves its
# registers in place.
WARM_FILES := core/device/vplic.c core/guest/hypercall_stats.c core/machine/irq.c \
	core/run/plan/plan.c core/vm/vm_pass.c
WARM := $(if $(COVERAGE),,-Os)
# For what runs at boot, or seldom. Elsewhere windows of plans began 8 us late by it, not 2.
SELDOM := core/boot/% core/config/% core/machine/probe/% core/state/% core/vm/create/% \
	arch/riscv/probe/% arch/riscv/model/% arch/riscv/hart_start.c arch/riscv/start.c \
	core/machine/memmap.c deps/libfdt/% lib/fdt_read.c lib/text.c
SMALLEST := $(if $(LLVM),,-fno-shrink-wrap)
file_flags = $(if $(filter $(WARM_FILES),$<),$(WARM),$(if $(filter $(COLD),$(filter-out \
	$(HOT_FILES),$<)),$(SMALL))) $(if $(filter $(SELDOM),$<),$(SMALLEST)) $(CFLAGS_$<)
file_flags_all = $(foreach v,$(sort $(filter CFLAGS_%,$(.VARIABLES))),$(v)=$($(v)))

# How a C file becomes an object. clang's own assembler (before 17) knows no H instruction, so its
# output goes through binutils, which wants plain DWARF 4.
ifneq ($(LLVM),)
TARGET_CC := $(CLANG) --target=riscv64-unknown-elf -gdwarf-4 -fno-dwarf-directory-asm \
	-fno-addrsig -Xclang -no-integrated-as
define compile
$(Q)$(TARGET_CC) $(1) $(file_flags) -MD -MP -MT $@ -MF $(@:.o=.d) -S -o $(@:.o=.s) $<
$(Q)sed -i -e '/^[[:space:]]*\.attribute[[:space:]]*5,/d' \
	-e '/\.section[[:space:]]*\.noinit/s/@progbits/@nobits/' \
	$(@:.o=.s)
$(Q)$(AS) -march=$(HART_ASM) -mabi=lp64 -mno-relax -o $@ $(@:.o=.s)
endef
else
TARGET_CC := $(CROSS_CC)
define compile
$(Q)$(TARGET_CC) $(1) $(file_flags) $(NO_ATTRIBUTE) -Wa,-march=$(HART_ASM) \
	-MD -MP -MF $(@:.o=.d) -c -o $@ $<
endef
endif

# Code for the host: -DCLEAVE_HOST. Three builds of the same parts: plain for tools, sanitised by
# gcc for unit tests, instrumented by clang for fuzzers.
HOST_CPPFLAGS := $(INCLUDES) -include $(CONFIG_H) -DCLEAVE_HOST
HOST_CFLAGS := -std=gnu11 -g -fno-common -fno-strict-aliasing \
	-ffile-prefix-map=$(CURDIR)/= -ffile-prefix-map=$(O)/=build/
HOST_LDLIBS_unit := -lcmocka
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	$(if $(COVERAGE),--coverage)

HOST_CC_tool := $(HOSTCC) $(HOST_CFLAGS) -O2
# ATOMIC_POINTS: cleave/atomic.h
# Where lines are counted, -O0: gcov counts no line whose code has been merged with that of another.
HOST_CC_unit := $(HOSTCC) $(HOST_CFLAGS) $(if $(COVERAGE),-O0,-O1) $(SAN) -DATOMIC_POINTS
# The same accesses as points at which threads yield. What it says of fences, gcc warns of.
HOST_CC_threads := $(HOSTCC) $(HOST_CFLAGS) -O1 -fsanitize=thread -Wno-tsan -DATOMIC_POINTS
HOST_CC_fuzz := $(CLANG) $(HOST_CFLAGS) -O1 $(SAN) -fsanitize=fuzzer-no-link

# --- configuration and generated headers -------------------------------------------------------

DEFCONFIGS := $(sort $(subst -,_, \
	$(patsubst platform/%/defconfig,%_defconfig,$(wildcard platform/*/defconfig))) \
	$(notdir $(wildcard platform/*/*_defconfig)))
no_defconfig = echo "there is no $(1)_defconfig; there are: $(DEFCONFIGS)" >&2; exit 1
kconfig := KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m

$(O)/.config:
	$(if $(call defconfig,$(BOARD)),,@$(call no_defconfig,$(BOARD)))
	$(say) DEFCONF $(call defconfig,$(BOARD))
	@mkdir -p $(@D)
	$(Q)$(kconfig) defconfig --kconfig Kconfig $(call defconfig,$(BOARD)) >/dev/null

$(CONFIG_H): $(O)/.config Kconfig
	$(say) GENCONF $@
	@mkdir -p $(@D)
	$(Q)$(kconfig) olddefconfig Kconfig >/dev/null
	$(Q)$(kconfig) genconfig --header-path $@ Kconfig
	@touch $(O)/.config $@

%_defconfig:
	$(if $(call defconfig,$*),,@$(call no_defconfig,$*))
	@mkdir -p $(O)
	$(Q)$(kconfig) defconfig --kconfig Kconfig $(call defconfig,$*)

.PHONY: menuconfig savedefconfig
menuconfig: $(O)/.config
	$(Q)$(kconfig) menuconfig Kconfig

savedefconfig: $(O)/.config
	$(Q)$(kconfig) savedefconfig --kconfig Kconfig --out $(O)/defconfig
	@echo "written to $(O)/defconfig"

# write: put the text $(1) into $@, but touch it only if it changes.
write = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' >$@.tmp; \
	cmp -s $@.tmp $@ && rm -f $@.tmp || mv $@.tmp $@

VERSION := $(shell scripts/version.sh)

$(O)/include/generated/version.h: FORCE
	$(call write,#define CLEAVE_VERSION "$(VERSION)")

# Objects depend on how they are compiled, so that LLVM=1 or a new flag rebuilds them.
$(O)/obj/flags: FORCE
	@scripts/need.sh $(firstword $(TARGET_CC)) $(CROSS_CC) $(OBJCOPY)
	$(call write,$(TARGET_CC) $(CFLAGS) $(SMALL) $(SMALLEST) $(SELDOM) $(file_flags_all) \
		$(COLD) $(HOT_FILES) \
		$(WARM_FILES) $(WARM) $(ASFLAGS) $(CPPFLAGS) $(GUEST_CPPFLAGS) \
		$(EFI_CFLAGS) $(BEARSSL_CPPFLAGS) $(LZ4_CPPFLAGS))

$(O)/host/flags: FORCE
	@scripts/need.sh $(HOSTCC)
	$(call write,$(HOST_CC_tool) $(HOST_CC_unit) $(HOST_CC_threads) $(HOST_CC_fuzz) \
		$(HOST_CPPFLAGS))

# asm-offsets.h: constants of C for assembly. asm-offsets.c is compiled to assembly text, in which
# it leaves lines `->NAME value comment`.
OFFSETS_H := $(O)/include/generated/asm-offsets.h
$(OFFSETS_H): $(wildcard arch/riscv/asm-offsets.c) $(CONFIG_H) $(O)/obj/flags
	$(say) OFFSETS $@
	@mkdir -p $(@D) $(O)/obj
ifneq ($(wildcard arch/riscv/asm-offsets.c),)
	$(Q)$(TARGET_CC) $(CFLAGS) $(CPPFLAGS) -MD -MP -MT $@ -MF $(O)/obj/asm-offsets.d -S \
		-o $(O)/obj/asm-offsets.s $<
	$(Q)sed -n 's/^.*->\([A-Za-z0-9_]*\) [$$#]*\(-\{0,1\}[0-9]*\).*/#define \1 \2/p' \
		$(O)/obj/asm-offsets.s >$@
else
	$(Q): >$@
endif

GENERATED := $(CONFIG_H) $(O)/include/generated/version.h $(OFFSETS_H)

# --- the hypervisor ----------------------------------------------------------------------------

OBJS := $(addprefix $(O)/obj/,$(ASMS:.S=.S.o) $(SRCS:.c=.o) $(FDTS:.c=.o)) $(O)/efi/stub.o

.PHONY: hypervisor
hypervisor: $(O)/cleave.elf $(O)/cleave.bin

deps/libfdt/libfdt.h:
	@echo "deps/libfdt is missing: run 'make setup' (or 'make setup LIBFDT_DIR=folder')" >&2
	@exit 1

$(O)/obj/deps/libfdt/%.o: deps/libfdt/%.c $(O)/obj/flags | $(GENERATED)
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(HART) $(BARE) $(CPPFLAGS) -w)

$(O)/obj/%.o: %.c $(O)/obj/flags $(CONFIG_H) | $(GENERATED) deps/libfdt/libfdt.h
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(CFLAGS) $(CPPFLAGS))

$(O)/obj/%.S.o: %.S $(O)/obj/flags $(CONFIG_H) $(OFFSETS_H) | $(GENERATED)
	$(say) AS $<
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(ASFLAGS) $(CPPFLAGS) -MD -MP -MF $(@:.o=.d) -c -o $@ $<

# The stub by which EFI starts the image is a program of its own, with what it needs of lib/ and
# libfdt a second time: it runs where EFI has put it, and is gone when the hypervisor runs. Names of
# sections keep it out of the hypervisor's (linker.ld). An address in its data would have to be
# relocated, so there is none: no table of jumps, no table of pointers.
EFI_SRCS := $(call files,arch/riscv/efi/*.c) lib/fdt_read.c lib/format.c lib/string.c
EFI_OBJS := $(patsubst %,$(O)/efi/%.o,$(EFI_SRCS) $(call files,arch/riscv/efi/*.S) $(FDTS))
EFI_CFLAGS := -Os -msave-restore -fno-jump-tables $(if $(LLVM),,-fno-tree-switch-conversion)

$(O)/efi/deps/libfdt/%.c.o: deps/libfdt/%.c $(O)/obj/flags | $(GENERATED)
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(HART) $(BARE) $(CPPFLAGS) $(EFI_CFLAGS) -w)

$(O)/efi/%.c.o: %.c $(O)/obj/flags $(CONFIG_H) | $(GENERATED) deps/libfdt/libfdt.h
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(CFLAGS) $(CPPFLAGS) $(EFI_CFLAGS))

$(O)/efi/%.S.o: %.S $(O)/obj/flags $(CONFIG_H) | $(GENERATED)
	$(say) AS $<
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(ASFLAGS) $(CPPFLAGS) -MD -MP -MF $(@:.o=.d) -c -o $@ $<

$(O)/efi/stub.o: $(EFI_OBJS)
	$(say) LD $@
	$(Q)$(CROSS_CC) $(HART) -nostdlib -r -Wl,--gc-sections,-e,efi_entry -o $@ $^ -lgcc
	$(Q)$(OBJCOPY) -R .eh_frame --keep-global-symbol=efi_entry \
		--prefix-alloc-sections=.efi $@
	$(Q)! $(READELF) -rW $@ | awk '/^Relocation section/ { mine = /\.efi\./ } \
		mine && $$3 ~ /^R_RISCV_(32|64)$$/' | grep . || \
		{ echo "the EFI stub has addresses in its data: see efi_main.c" >&2; exit 1; }

# .incbin leaves no trace in the dependencies that the compiler writes.
$(O)/obj/arch/riscv/archive.S.o: $(wildcard $(shell sed -n \
	's/^CONFIG_BUILTIN_ARCHIVE_FILE="\(.*\)"/\1/p' $(O)/.config 2>/dev/null))

$(O)/linker.lds: linker.ld $(CONFIG_H) $(O)/obj/flags | $(GENERATED)
	$(say) CPP $@
	$(Q)$(CROSS_CC) -E -P -x assembler-with-cpp -D__ASSEMBLY__ $(CPPFLAGS) -MD -MP -MT $@ \
		-MF $(O)/obj/linker.d -o $@ $<

$(O)/cleave.elf: $(O)/linker.lds $(OBJS)
	$(say) LD $@
	$(Q)$(CROSS_CC) $(LDFLAGS) -Wl,-Map=$(@:.elf=.map) -T $< -o $@ $(OBJS) -lgcc

%.bin: %.elf
	$(say) OBJCOPY $@
	$(Q)$(OBJCOPY) -O binary $< $@

# --- guests ------------------------------------------------------------------------------------
# Each folder of guests/ and tests/guests/, with the folders below it, is one program, except lib
# and what runs on Linux. All of them link guests/lib, and of lib/ what is the same for a guest.

guest_files = $(call files,$(1)/*.c $(1)/*/*.c $(1)/*.S)
guest_folders = $(filter-out guests/lib guests/linux tests/guests/rtos,$(patsubst \
	%/,%,$(sort $(dir $(wildcard guests/*/*.[cS] tests/guests/*/*.[cS])))))
GUESTS := $(guest_folders)
guest_objs = $(patsubst %,$(O)/guest/%.o, \
	$(filter-out $(TLS_OTHER) $(PACK_OTHER),$(call guest_files,$(1))) \
	$(if $(filter guests/manager tests/guests/secure,$(1)),$(BEARSSL)) \
	$(if $(filter guests/manager,$(1)),$(LZ4)) \
	$(if $(filter tests/guests/secure,$(1)),$(SECURE_SRCS)) $(GUEST_LIB))

.PHONY: guests
guests: $(GUESTS:%=$(O)/%.bin) $(O)/tests/guests/rtos.bin

# It is linked to fixed addresses, and has nothing of the other programs.
$(O)/tests/guests/rtos.elf: tests/guests/rtos/rtos.ld $(O)/guest/tests/guests/rtos/main.c.o \
		$(O)/guest/tests/guests/rtos/start.S.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(LDFLAGS) -T $(filter %.ld,$^) -o $@ $(filter %.o,$^)

$(O)/guest/deps/bearssl/%.c.o: deps/bearssl/%.c $(O)/obj/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(HART) $(BARE) -mno-relax $(BEARSSL_CPPFLAGS) -Iinclude -isystem lib/libc \
		$(if $(filter $(BEARSSL_HOT),$<),,-Os) -w)

$(O)/guest/deps/lz4/%.c.o: deps/lz4/%.c $(O)/obj/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(HART) $(BARE) -mno-relax $(LZ4_CPPFLAGS) -w)

$(O)/guest/%.c.o: %.c $(O)/obj/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(call compile,$(CFLAGS) -mno-relax $(GUEST_CPPFLAGS))

$(O)/guest/%.S.o: %.S $(O)/obj/flags
	$(say) AS $<
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(ASFLAGS) -mno-relax $(GUEST_CPPFLAGS) -MD -MP -MF $(@:.o=.d) -c -o $@ $<

define guest_rule
$$(O)/$(1).elf: guests/lib/guest.ld guests/lib/relocs.awk $$(call guest_objs,$(1))
	$$(say) LD $$@
	@mkdir -p $$(@D)
	$$(call link_guest,$$(filter %.o,$$^))
endef
$(foreach g,$(GUESTS),$(eval $(call guest_rule,$(g))))

# --- the Linux guest's initrd ------------------------------------------------------------------
# A static program for Linux (guests/linux), busybox and the scripts of scripts/initrd. Without
# busybox, which setup downloads, there is no Linux guest and nothing to build.

LINUX_CC ?= riscv64-linux-gnu-gcc
LINUX_CFLAGS := -std=gnu11 -O2 -static -s -D_GNU_SOURCE -Wl,--build-id=none \
	-ffile-prefix-map=$(CURDIR)/= $(WARNINGS)
LOAD_SRCS := $(call files,guests/linux/*.c)
BUSYBOX := $(wildcard deps/guest/busybox)
LINUX_TESTS := $(patsubst tests/linux/%.c,$(O)/linux/%,$(call files,tests/linux/*.c))

.PHONY: initrd
initrd: $(if $(BUSYBOX),$(O)/linux/initrd.gz $(LINUX_TESTS))

$(O)/linux/flags: FORCE
	$(call write,$(LINUX_CC) $(LINUX_CFLAGS))

$(O)/linux/cleave-load: $(LOAD_SRCS) $(call files,guests/linux/*.h) $(O)/linux/flags
	@scripts/need.sh $(LINUX_CC)
	$(say) LINUXCC $@
	$(Q)$(LINUX_CC) $(LINUX_CFLAGS) -I. -o $@ $(LOAD_SRCS)

# For tests: what tests/linux holds goes into no initrd by itself.
$(LINUX_TESTS): $(O)/linux/%: tests/linux/%.c $(O)/linux/flags
	$(say) LINUXCC $@
	$(Q)$(LINUX_CC) $(LINUX_CFLAGS) -o $@ $<

$(O)/linux/initrd.gz: $(BUSYBOX) $(O)/linux/cleave-load scripts/mkinitrd.sh \
		$(call files,scripts/initrd/*)
	$(say) INITRD $@
	$(Q)scripts/mkinitrd.sh $(BUSYBOX) $(O)/linux/cleave-load $@

# --- examples and the SDK ----------------------------------------------------------------------
# An example is built by its own Makefile, as one outside the tree is. The SDK is what these
# Makefiles read of the tree, with the same paths, in a folder and as a tarball.

# Linux and U-Boot, which setup downloads, are not everywhere.
EXAMPLES := $(patsubst examples/%/Makefile,%,$(wildcard examples/*/Makefile))
EXAMPLES_BUILT := $(if $(and $(BUSYBOX),$(wildcard deps/u-boot/u-boot.bin)),$(EXAMPLES), \
	$(filter-out three-partitions,$(EXAMPLES)))

.PHONY: examples sdk dist install
examples: $(EXAMPLES_BUILT:%=example-%)

example-%: FORCE hypervisor tools initrd
	@$(MAKE) -s -C examples/$* O=$(abspath $(O))/examples/$* all \
		CLEAVE_CHECK=$(abspath $(O))/host/cleave-check \
		INITRD=$(abspath $(O))/linux/initrd.gz >$(O)/examples-$*.log 2>&1 || \
		{ cat $(O)/examples-$*.log; exit 1; }

sdk: hypervisor tools
	@scripts/mksdk.sh $(O)

# A tarball of what git has, with a bill of materials; the same commit gives the same bytes.
dist:
	@scripts/mkdist.sh $(O)

# The tools, with man pages and completions, and the SDK: DESTDIR=, PREFIX=
install: sdk
	@scripts/install.sh $(O)

# --- host: tools, unit tests, fuzzers ----------------------------------------------------------

# host_build NAME: the objects of the build NAME (tool, unit, fuzz), and an archive of the parts
# (from which a program takes what it needs).
define host_build
$$(O)/host/$(1)/deps/libfdt/%.o: deps/libfdt/%.c $$(O)/host/flags | $$(GENERATED)
	$$(say) HOSTCC $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) -w $$(HOST_CPPFLAGS) -MD -MP -c -o $$@ $$<

$$(O)/host/$(1)/deps/bearssl/%.o: deps/bearssl/%.c $$(O)/host/flags
	$$(say) HOSTCC $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $(if $(filter fuzz,$(1)),-fno-sanitize=function) -w \
		$$(BEARSSL_CPPFLAGS) -MD -MP -c -o $$@ $$<

$$(O)/host/$(1)/deps/lz4/%.o: deps/lz4/%.c $$(O)/host/flags
	$$(say) HOSTCC $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) -w $$(LZ4_CPPFLAGS) -MD -MP -c -o $$@ $$<

$$(O)/host/$(1)/tests/%.o: tests/%.c $$(O)/host/flags $$(CONFIG_H) | $$(GENERATED) \
		deps/libfdt/libfdt.h
	$$(say) HOSTCC $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) -Wall -Wextra -Werror $$(HOST_CPPFLAGS) -MD -MP -c -o $$@ $$<

$$(O)/host/$(1)/%.o: %.c $$(O)/host/flags $$(CONFIG_H) | $$(GENERATED) deps/libfdt/libfdt.h
	$$(say) HOSTCC $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(WARNINGS) $$(HOST_CPPFLAGS) $$(CFLAGS_HOST_$$<) -MD -MP \
		-c -o $$@ $$<

$$(O)/host/$(1)/parts.a: $$(patsubst %.c,$$(O)/host/$(1)/%.o,$(2))
	$$(say) AR $$@
	@rm -f $$@
	$$(Q)ar rcsD $$@ $$^
endef

# The host has its own memcpy(); lib/string.c is for a hart.
HOST_PARTS := $(filter-out lib/string.c,$(HOST_SRCS)) $(FDTS)
$(eval $(call host_build,tool,$(HOST_PARTS)))
# host_stubs.c comes first in the archive: its printk() goes before the console's.
UNIT_STUBS := tests/unit/host_stubs.c
TEST_PARTS := $(UNIT_STUBS) $(HOST_PARTS) $(BEARSSL) $(LZ4) \
	$(filter-out $(UNIT_STUBS),$(UNIT_HELPERS))
$(eval $(call host_build,unit,$(TEST_PARTS)))
$(eval $(call host_build,threads,$(filter-out $(BEARSSL),$(TEST_PARTS))))
$(eval $(call host_build,fuzz,$(TEST_PARTS)))

# tools/cleave-check.c is the program $(O)/host/cleave-check.
tool_name = $(O)/host/$(subst _,-,$(basename $(notdir $(1))))
TOOLS := $(foreach t,$(TOOL_SRCS),$(call tool_name,$(t)))

.PHONY: tools
tools: $(TOOLS)

# What tools share, and the drivers, which no part calls by name: they are found in their section.
TOOL_PARTS := $(call files,tools/*/*.c) $(filter %_fdt.c,$(call tree,drivers))
DRIVER_TABLE := -Wl,--defsym=cleave_drivers_start=__start_cleave_drivers \
	-Wl,--defsym=cleave_drivers_end=__stop_cleave_drivers

define tool_rule
$(call tool_name,$(1)): $$(O)/host/tool/$(1:.c=.o) $(TOOL_PARTS:%.c=$$(O)/host/tool/%.o) \
		$$(O)/host/tool/parts.a
	$$(say) HOSTLD $$@
	$$(Q)$$(HOSTCC) $$(DRIVER_TABLE) -o $$@ $$^

# The same with sanitisers, for tests that hand it what is wrong.
$(O)/unit/$(notdir $(call tool_name,$(1))): $$(O)/host/unit/$(1:.c=.o) \
		$(TOOL_PARTS:%.c=$$(O)/host/unit/%.o) $$(O)/host/unit/parts.a
	$$(say) HOSTLD $$@
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(SAN) $$(DRIVER_TABLE) -o $$@ $$^
endef
$(foreach t,$(TOOL_SRCS),$(eval $(call tool_rule,$(t))))

UNITS := $(UNIT_SRCS:tests/unit/%.c=$(O)/unit/%)
FUZZERS := $(FUZZ_SRCS:tests/fuzz/%.c=$(O)/fuzz/%)

# Tests of threads, with ThreadSanitizer.
THREADS := $(patsubst tests/threads/%.c,$(O)/threads/%,$(call files,tests/threads/test_*.c))

.PHONY: unit-build unit threads-build threads fuzz-build fuzz proofs
unit-build: $(UNITS) $(patsubst $(O)/host/%,$(O)/unit/%,$(TOOLS))
fuzz-build: $(FUZZERS)

# It comes after the parts, whose helpers stand for what is in it. What is in it changes here.
$(O)/host/unit/harts.a: $(patsubst %.c,$(O)/host/unit/%.o,$(HART_SRCS) $(HART_HELPERS)) Makefile
	$(say) AR $@
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

# The parts stand twice: code on harts needs what the linker has passed already.
$(O)/unit/%: $(O)/host/unit/tests/unit/%.o $(O)/host/unit/parts.a $(O)/host/unit/harts.a
	$(say) HOSTLD $@
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(SAN) -Wl,-u,unit_filter -o $@ $^ $(O)/host/unit/parts.a \
		$(HOST_LDLIBS_unit)

# Where harts are threads, the test has what a hart does.
$(O)/host/threads/harts.a: $(patsubst %.c,$(O)/host/threads/%.o,$(HART_SRCS) \
		tests/model/hart_stubs.c) Makefile
	$(say) AR $@
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

$(O)/threads/%: $(O)/host/threads/tests/threads/%.o $(O)/host/threads/harts.a \
		$(O)/host/threads/parts.a
	$(say) HOSTLD $@
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=thread -o $@ $^ $(O)/host/threads/harts.a \
		$(O)/host/threads/parts.a $(HOST_LDLIBS_unit)

$(O)/fuzz/%: $(O)/host/fuzz/tests/fuzz/%.o $(O)/host/fuzz/parts.a
	$(say) HOSTLD $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(SAN) -fsanitize=fuzzer -o $@ $^

# A tool as a function: with files and memory of the fuzzer's own, and with its variables in
# sections that the fuzzer puts back.
$(O)/host/fuzz/cleave-check.o: tests/fuzz/fuzz_board.ld $(O)/host/fuzz/tools/cleave-check.o \
		$(TOOL_PARTS:%.c=$(O)/host/fuzz/%.o) $(O)/host/fuzz/parts.a
	$(say) HOSTLD $@
	$(Q)ld -r --force-group-allocation -o $@ -T $^
	$(Q)objcopy --redefine-sym main=fuzz_check_main $(foreach f,fopen mmap munmap stderr, \
		--redefine-sym $(f)=fuzz_$(f)) --keep-global-symbol=fuzz_check_main $@

$(O)/fuzz/fuzz_board: $(O)/host/fuzz/tests/fuzz/fuzz_board.o $(O)/host/fuzz/cleave-check.o \
		$(O)/host/fuzz/parts.a
	$(say) HOSTLD $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(SAN) $(DRIVER_TABLE) -fsanitize=fuzzer -o $@ $^

unit:
	@tests/run unit

threads-build: $(THREADS)
threads:
	@tests/run threads

fuzz:
	@tests/run fuzz

proofs: $(GENERATED)
	@scripts/proofs.sh

# Keep objects that only a pattern rule's chain names.
.SECONDARY:

# --- checks and tests --------------------------------------------------------------------------

# What the checkers compile with: the same as the build, told once.
export CHECK_CC := $(CROSS_CC)
export CHECK_CPPFLAGS := $(CPPFLAGS)
export CHECK_CFLAGS := $(CFLAGS)
export CHECK_HOST_CPPFLAGS := $(HOST_CPPFLAGS)
export CHECK_HOST_SRCS := $(HOST_SRCS)
export CHECK_WARNINGS := $(WARNINGS)
export CHECK_GUEST_CPPFLAGS := $(GUEST_CPPFLAGS)
export CHECK_HOST_CFLAGS := $(HOST_CFLAGS)

.PHONY: assurance check coverage map format test test-boot bench interference soak mutants fresh \
	run run-build setup debug gdb compile-commands abi-records
check: $(GENERATED)
	@scripts/check.sh $(CHECKS)

# docs/map.svg, from the includes that are there; `make check` says when it is stale.
map:
	@$(PYTHON) scripts/map.py

# docs/abi-records.md, from include/abi/; `make check` says when it is stale.
abi-records:
	@$(PYTHON) scripts/abi_records.py

format:
	@scripts/files.sh '*.c' '*.h' | xargs -r $(CLANG_FORMAT) -i
	@echo "formatted"

# For tests/run: everything that a test of the whole machine needs, by both compilers.
.PHONY: test-build
test-build: all unit-build sdk
	@$(MAKE) O=$(O)/clang LLVM=1 hypervisor

test:
	@tests/run

test-boot:
	@tests/run boot

bench: all
	@$(PYTHON) tests/bench/run.py $(if $(SAVE),--save)

# Code and read-only data by part, of the build in $(O).
.PHONY: size
size: hypervisor
	@scripts/size.py $(O)/cleave.map

# SHORT=1: only the most telling cells. QUICK=1: all, with fewer samples. ATTACKS="reboots move":
# only these.
interference: all
	@$(PYTHON) tests/interference/run.py $(if $(SHORT),--short) $(if $(QUICK),--quick) \
		$(ATTACKS)

# SOAK="idle clock" COUNT=5 WAYS=slots: some of the loads, fewer migrations, one way.
soak: all
	@$(PYTHON) tests/bench/soak.py $(SOAK) --count $(or $(COUNT),20) \
		--ways $(or $(WAYS),slots peers) \
		--linux $(or $(LINUX),6.12)

# Which lines no test reaches. T='-k wild': machines of these tests only.
coverage:
	@$(MAKE) O=$(O)/coverage COVERAGE=1 all unit-build sdk
	@$(PYTHON) scripts/coverage.py $(O)/coverage

# The long runs of tests/assurance/, and a table. ONLY=histories: only these.
assurance: test-build
	@$(PYTHON) tests/assurance/run.py $(ONLY)

# ONLY="walk-* split-w": those names. FRACTION=0.1 SEED=7: a part of them. HOST=1: without machines.
mutants:
	@$(PYTHON) tests/mutants/run.py $(if $(ONLY),--only $(foreach n,$(ONLY),'$(n)')) \
		$(if $(FRACTION),--fraction $(FRACTION)) $(if $(SEED),--seed $(SEED)) \
		$(if $(HOST),--host) $(if $(JOBS),--jobs $(JOBS))

# SUITE=bookworm or trixie: `make setup run` and `make setup test` on a Debian that has nothing yet.
fresh:
	@scripts/fresh.sh

# What the machine that is run has, and no more: of FILES, what is built here.
run_files := $(foreach f,$(FILES),$(lastword $(subst =, ,$(f))))
run_linux := $(if $(BUSYBOX),$(O)/linux/initrd.gz)
run_demo := $(if $(filter time,$(DEMO)),$(O)/guests/windows.bin,$(O)/guests/manager.bin \
	$(if $(filter demo,$(GUEST)),$(O)/guests/workload.bin,$(run_linux)))
run-build: hypervisor $(O)/host/cleave-check $(filter $(O)/guests/%.bin $(O)/tests/guests/%.bin \
		$(O)/linux/%,$(run_files)) $(if $(CONFIG),,$(run_demo))

run: run-build
	@scripts/run.sh

# `make debug` in one terminal, and `make gdb` in another (docs/debugging.md).
GDB_SOCKET := $(abspath $(O))/run/gdb
debug: run-build
	@mkdir -p $(O)/run
	@echo "The machine waits for gdb: run 'make gdb' in another terminal."
	@QEMU_ARGS="-S -gdb unix:$(GDB_SOCKET),server=on,wait=off $(QEMU_ARGS)" scripts/run.sh

gdb:
	@scripts/need.sh gdb-multiarch
	@CLEAVE_GDB=$(GDB_SOCKET) gdb-multiarch -q -x scripts/gdb/cleave.py $(O)/cleave.elf

# For editors: what each source is compiled with
compile-commands: $(GENERATED)
	@$(PYTHON) scripts/compile_commands.py

setup:
	@scripts/setup.sh

# --- housekeeping ------------------------------------------------------------------------------

.PHONY: clean distclean help FORCE
# By name and not all of O, which may be a folder of the user's. What a person chose stays: .config
# and defconfig.
clean:
	@rm -rf $(O)/obj $(O)/efi $(O)/guest $(O)/guests $(O)/tests $(O)/host $(O)/unit \
		$(O)/threads $(O)/fuzz $(O)/bench $(O)/interference $(O)/include $(O)/linux \
		$(O)/clang $(O)/run \
		$(O)/check $(O)/debug $(O)/test $(O)/test-logs \
		$(O)/proofs $(O)/mutants $(O)/coverage $(O)/cleave.* $(O)/linker.lds \
		$(O)/examples* $(O)/sdk \
		$(O)/cleave-sdk.tar.gz $(O)/dist

distclean:
	@rm -rf $(O) deps

FORCE: ;

help:
	@scripts/help.sh

-include $(shell find $(O) -name '*.d' 2>/dev/null)

endif
