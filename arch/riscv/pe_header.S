/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PE/COFF header, by which EFI loads the image (Microsoft PE Format, "Optional Header"; UEFI
 * 2.10, 2.1.1). The image header in head.S points to it.
 *
 * A section and its place in the file have the same offset, so the image lies in memory as it lies
 * in the file, but for the rest of the headers' page: U-Boot does not load that. All but the stub
 * is data to EFI: the stub copies it. There is nothing to relocate.
 *
 * .efi lies where .bss begins (linker.ld).
 */
	.section .head.pe, "a", @progbits
	.balign	8
	.globl	pe_header
pe_header:
	.ascii	"PE\0\0"
	.half	0x5064			/* Machine: RISC-V, 64 bits */
	.half	2			/* NumberOfSections */
	.word	0			/* TimeDateStamp */
	.word	0			/* PointerToSymbolTable */
	.word	0			/* NumberOfSymbols */
	.half	pe_sections - pe_optional
	.half	0x206			/* an executable without line numbers and debug data */
pe_optional:
	.half	0x20b			/* PE32+ */
	.half	0			/* linker version */
	.word	pe_stub_size		/* SizeOfCode */
	.word	pe_stub - 4096		/* SizeOfInitializedData */
	.word	0			/* SizeOfUninitializedData */
	.word	pe_entry		/* AddressOfEntryPoint */
	.word	pe_stub			/* BaseOfCode */
	.dword	0			/* ImageBase */
	.word	4096			/* SectionAlignment */
	.word	4096			/* FileAlignment */
	.half	0, 0			/* OperatingSystemVersion */
	.half	1, 1			/* ImageVersion: from 1 on, GRUB offers LoadFile2 */
	.half	0, 0			/* SubsystemVersion */
	.word	0			/* Win32VersionValue */
	.word	pe_size			/* SizeOfImage */
	.word	4096			/* SizeOfHeaders, rounded up to FileAlignment */
	.word	0			/* CheckSum */
	.half	10			/* Subsystem: an EFI application */
	.half	0x100			/* DllCharacteristics: no section is both W and X */
	.dword	0, 0, 0, 0		/* stack and heap */
	.word	0			/* LoaderFlags */
	.word	6			/* NumberOfRvaAndSizes: signing needs the fifth */
	.dword	0, 0, 0, 0, 0, 0
pe_sections:
	.ascii	"image\0\0\0"
	.word	pe_stub - 4096		/* VirtualSize */
	.word	4096			/* VirtualAddress */
	.word	pe_stub - 4096		/* SizeOfRawData */
	.word	4096			/* PointerToRawData */
	.word	0, 0, 0			/* relocations, line numbers: none */
	.word	0x40000040		/* initialised data, R */
	.ascii	"efi\0\0\0\0\0"
	.word	pe_stub_size
	.word	pe_stub
	.word	pe_stub_size
	.word	pe_stub
	.word	0, 0, 0
	.word	0x60000020		/* code, R and X */
