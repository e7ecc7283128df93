/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs before address translation, for head.S; and the symbols of linker.ld.
 */
#ifndef ARCH_RISCV_EARLY_H
#define ARCH_RISCV_EARLY_H

#include <cleave/types.h>

/* Boundaries of the image, see linker.ld. In C they are virtual addresses; in early.c, physical. */
extern u8 image_start[], image_text_end[], image_rodata_end[], image_data_end[],
	image_archive_start[], image_archive_end[], image_guard0[], boot_stack_bottom[],
	boot_stack_top[], boot_trap_stack_bottom[], boot_trap_stack_top[], image_end[];

/**
 * early_map() - build the page tables that map the image
 * @image: physical address of the image's first byte, a multiple of 2 MiB (or the hart stops here)
 *
 * Return: the value for satp.
 */
u64 early_map(uintptr_t image);

/** early_die() - print @text through the firmware and power off; only before translation is on */
void early_die(const char *text) __attribute__((noreturn));

/* In head.S: where SBI HSM starts a hart. In hart_start.c: the satp that the hart is to use. */
extern u8 start_secondary[];
extern u64 start_secondary_satp;

#endif
