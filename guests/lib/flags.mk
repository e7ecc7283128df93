# SPDX-License-Identifier: BSD-2-Clause
#
# How code for a hart is compiled and linked. The Makefile of the tree and guest.mk of the SDK both
# read this, so that a guest is the same program wherever it is built. It must never name a file of
# the tree but those of guests/lib and lib, by $(CLEAVE_SDK).

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wundef -Wcast-qual

# gp belongs to the guest while a guest runs, so nothing may be addressed relative to it. The linker
# does that only if there is a __global_pointer$, which linker.ld forbids. What is left of its
# relaxation makes calls shorter: 15 KiB of them. The compiler is not told of H (gcc 12 refuses the
# letter); the assembler is.
HART := -march=rv64imac -mabi=lp64 -mcmodel=medany
# The `.attribute arch` that a compiler writes would tell the assembler again that there is no H.
NO_ATTRIBUTE := -mno-riscv-attribute
HART_ASM := rv64imach_zicsr_zifencei
BARE := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-common -fno-stack-protector \
	-fno-strict-aliasing -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
LDFLAGS := $(HART) -nostdlib -static -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments

# What a program of guests/lib is linked of, beside its own files
GUEST_LIB := $(sort $(patsubst $(CLEAVE_SDK)/%,%,$(wildcard \
	$(addprefix $(CLEAVE_SDK)/guests/lib/,*.c */*.c *.S)))) \
	lib/format.c lib/ledger.c lib/string.c lib/vm_state.c

# link_guest: link the objects $(1) to $@. A program is linked twice: the first time for the list of
# words that hold addresses (guests/lib/guest.ld). It must be the same both times: without
# relaxation.
GUEST_LD := $(CROSS_CC) $(LDFLAGS) -Wl,--no-relax -T $(CLEAVE_SDK)/guests/lib/guest.ld
define link_guest
$(Q)$(GUEST_LD) -Wl,--emit-relocs -o $(@:.elf=.first) $(1) -lgcc
$(Q)$(READELF) -rW $(@:.elf=.first) >$(@:.elf=.words)
$(Q)awk -f $(CLEAVE_SDK)/guests/lib/relocs.awk $(@:.elf=.words) >$(@:.elf=.relocs.S)
$(Q)$(AS) -march=$(HART_ASM) -mabi=lp64 -o $(@:.elf=.relocs.o) $(@:.elf=.relocs.S)
$(Q)$(GUEST_LD) -o $@ $(1) $(@:.elf=.relocs.o) -lgcc
endef
