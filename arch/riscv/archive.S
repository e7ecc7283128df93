/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot archive that is linked into the image, if the configuration of the build asks for one.
 * linker.ld pads it with zeros to a whole page.
 */
#ifdef CONFIG_BUILTIN_ARCHIVE
	.section .cleave.archive, "a", @progbits
	.balign	4096
	.incbin	CONFIG_BUILTIN_ARCHIVE_FILE
#endif
