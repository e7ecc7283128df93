/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load options that a boot manager or a shell hands over: text in UTF-16, whose words are
 * `initrd=PATH` and boot arguments. Builds for the host too.
 */
#ifndef ARCH_RISCV_EFI_OPTIONS_H
#define ARCH_RISCV_EFI_OPTIONS_H

#include <cleave/types.h>

#define EFI_ARGS_LEN 2048U /* bytes of the longest boot arguments, NUL included */
#define EFI_PATH_LEN 256U  /* characters of the longest path, NUL included */

/**
 * struct efi_options - load options, taken apart
 * @args: boot arguments, as /chosen/bootargs has them
 * @path: what `initrd=` names, with \ between folders; "": it is not given
 */
struct efi_options {
	char args[EFI_ARGS_LEN];
	u16 path[EFI_PATH_LEN];
};

enum efi_options_said {
	EFI_OPTIONS_GOOD,
	EFI_OPTIONS_NO_TEXT,	 /* not text in UTF-16: no option is taken */
	EFI_OPTIONS_LONG_ARGS,	 /* EFI_ARGS_LEN */
	EFI_OPTIONS_BAD_PATH,	 /* `initrd=` without a path, or EFI_PATH_LEN */
	EFI_OPTIONS_SECOND_PATH, /* a second `initrd=` */
};

/**
 * efi_options_read() - take load options apart
 * @data: the options; they need not be aligned, and end at a NUL or after @size bytes
 * @out: complete also when something was wrong; what was wrong is left out
 *
 * Blanks and control characters that stand for them separate words. A first word without a `=` is
 * the name of the program. A boot argument is ASCII: what is not becomes '?'.
 *
 * Return: the first thing that was wrong.
 */
enum efi_options_said efi_options_read(const void *data, u64 size, struct efi_options *out);

/** efi_options_ascii() - Return: a character for a line of ASCII; '?' for any other */
char efi_options_ascii(u16 c);

#endif
