/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot archive linked into the image, when the configuration of the build says so. linker.ld pads it with zeros to a page.
 */
#ifdef CONFIG_BUILTIN_ARCHIVE
	.section .cleave.archive, "a", @progbits
	.balign	4096
	.incbin	CONFIG_BUILTIN_ARCHIVE_FILE
#endif
