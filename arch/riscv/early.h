/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between head.S and C: what runs before address translation, and the symbols of linker.ld.
 */
#ifndef ARCH_RISCV_EARLY_H
#define ARCH_RISCV_EARLY_H

#include <cleave/types.h>

/* Boundaries of the image, see linker.ld. Virtual addresses in C, but physical ones in early.c */
extern u8 image_start[], image_text_end[], image_rodata_end[], image_data_end[],
	image_archive_start[], image_archive_end[], image_guard0[], boot_stack_bottom[],
	boot_stack_top[], boot_trap_stack_bottom[], boot_trap_stack_top[], image_end[];

/**
 * early_map() - build the tables of the image
 * @image: physical address of its first byte
 * Return: the value for satp.
 */
u64 early_map(uintptr_t image);

/** early_die() - untranslated: print @text through the firmware and power off */
void early_die(const char *text) __attribute__((noreturn));

/* head.S: where SBI HSM starts a hart, and the satp that it is to use */
extern u8 start_secondary[];
extern u64 start_secondary_satp;

#endif
