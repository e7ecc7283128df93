# SPDX-License-Identifier: BSD-2-Clause
#
# Build programs for partitions, and boot them, from the SDK or from the tree. A Makefile of yours:
#
#   CLEAVE_SDK ?= ...            where the SDK is, or the tree
#   PROGRAMS := hello            hello.bin is made of hello.c, hello.S, and what SRCS_hello names
#   CONFIG := hello.dts          which partitions there are (docs/configuration.md)
#   FILES := Image=path/Image    what CONFIG wants beside the programs
#   VPATH := folder              where sources are looked for that are not here
#   include $(CLEAVE_SDK)/guests/lib/guest.mk
#
# A program with a link script of its name beside it (hello.ld) is linked by that and has nothing of
# the library. All others link guests/lib, which has an entry, output, traps and hypercalls
# (guests/lib/guest.h), and define guest_main().
#
#   make           the programs, and the boot archive
#   make run       boot it in QEMU; SMP and MEM: its harts and memory
#   make clean     remove what was built
#
#   O=folder       where everything that is built goes (default: build)
#   V=1            show the commands

CLEAVE_SDK := $(abspath $(CLEAVE_SDK))
O ?= build
V ?= 0
CROSS_COMPILE ?= riscv64-unknown-elf-
CROSS_CC := $(CROSS_COMPILE)gcc
AS := $(CROSS_COMPILE)as
OBJCOPY := $(CROSS_COMPILE)objcopy
READELF := $(CROSS_COMPILE)readelf
# The hypervisor and the checker that stand in the SDK; in the tree, `make` has built them.
CLEAVE ?= $(CLEAVE_SDK)/build/cleave.bin
export CLEAVE_CHECK ?= $(CLEAVE_SDK)/build/host/cleave-check
SMP ?= 2
MEM ?= 1G

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-7s %s\n',@:)

include $(CLEAVE_SDK)/guests/lib/flags.mk

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run clean
ARCHIVE := $(O)/$(basename $(notdir $(CONFIG))).cpio
all: $(ARCHIVE)

# make would look for everything in VPATH, also for build/hello.bin, if that folder has built it.
source_path := $(VPATH)
override VPATH :=
vpath %.c $(source_path)
vpath %.S $(source_path)
vpath %.ld $(source_path)

# Below O, the library's files have their paths from the SDK's top, and your own theirs from here.
find = $(notdir $(firstword $(wildcard $(foreach d,. $(source_path),$(d)/$(1)))))
sources = $(call find,$(1).c) $(call find,$(1).S) $(SRCS_$(1))
lib_objs := $(GUEST_LIB:%=$(O)/sdk/%.o)
flags := -Wa,-march=$(HART_ASM) $(NO_ATTRIBUTE) $(HART) $(BARE) $(filter-out -Werror,$(WARNINGS)) \
	-mno-relax -ffile-prefix-map=$(CLEAVE_SDK)/= \
	-I$(CLEAVE_SDK) -I$(CLEAVE_SDK)/include -MD -MP

$(O)/sdk/%.o: $(CLEAVE_SDK)/%
	$(say) CC $*
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(flags) $(if $(filter %/string.c,$<),-fno-tree-loop-distribute-patterns) \
		$(if $(filter %.S,$<),-D__ASSEMBLY__) -c -o $@ $<

$(O)/own/%.o: %
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(flags) $(if $(filter %.S,$<),-D__ASSEMBLY__) -c -o $@ $<

define program
ifneq ($(call find,$(1).ld),)
$(O)/$(1).elf: $(1).ld $(patsubst %,$(O)/own/%.o,$(call sources,$(1)))
	$$(say) LD $$@
	$$(Q)$$(CROSS_CC) $$(LDFLAGS) -T $$< -o $$@ $$(filter %.o,$$^) -lgcc
else
$(O)/$(1).elf: $(patsubst %,$(O)/own/%.o,$(call sources,$(1))) $(lib_objs)
	$$(say) LD $$@
	$$(call link_guest,$$^)
endif
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(O)/%.bin: $(O)/%.elf
	$(say) OBJCOPY $@
	$(Q)$(OBJCOPY) -O binary $< $@

packed = $(foreach p,$(PROGRAMS),$(p).bin=$(O)/$(p).bin) $(FILES)
$(ARCHIVE): $(CONFIG) $(PROGRAMS:%=$(O)/%.bin) $(wildcard $(foreach f,$(FILES),\
		$(lastword $(subst =, ,$(f)))))
	$(say) ARCHIVE $@
	@mkdir -p $(@D)
	$(Q)$(CLEAVE_SDK)/tools/cleave-archive -o $@ $(CONFIG) $(packed)

run: $(ARCHIVE)
	@echo "Ctrl-A x leaves QEMU; Ctrl-] ? explains the console."
	@$(CLEAVE_SDK)/scripts/qemu.py --kernel $(CLEAVE) --initrd $(ARCHIVE) --smp $(SMP) \
		--mem $(MEM) --run

# By name and not all of O, which may be a folder of yours
clean:
	@rm -rf $(O)/sdk $(O)/own $(ARCHIVE) $(foreach p,$(PROGRAMS),$(O)/$(p).*)

-include $(shell find $(O)/sdk $(O)/own -name '*.d' 2>/dev/null)
