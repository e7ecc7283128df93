/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the stub share that call the firmware: efi_main.c (the sequence), efi_initrd.c
 * (the boot archive), efi_pages.c (memory), efi_say.c (lines on the firmware's console).
 */
#ifndef ARCH_RISCV_EFI_INTERNAL_H
#define ARCH_RISCV_EFI_INTERNAL_H

#include <cleave/types.h>
#include "arch/riscv/efi/efi.h"
#include "arch/riscv/efi/efi_memory.h"
#include "arch/riscv/efi/efi_options.h"

/* The initrd, the image, the map, the tree */
#define EFI_PAGES_MAX 4U

/**
 * struct efi_stub - one attempt to start
 * @handle: of this image
 * @system, @boot: the firmware's tables
 * @loaded: what the firmware says of this image
 * @tree: the firmware's device tree, checked
 * @hartid: of this hart
 * @options: the load options
 * @initrd: the boot archive; size 0: the firmware has none for us
 * @copy: where the image has been copied to
 * @map: buffer for the memory map
 * @descriptor_size: bytes of each of the map's descriptors
 * @buf: buffer for the device tree
 * @nr_pages, @pages: memory to give back when the attempt fails
 */
struct efi_stub {
	efi_handle handle;
	struct efi_system_table *system;
	struct efi_boot_services *boot;
	struct efi_loaded_image *loaded;
	const void *tree;
	u64 hartid;
	struct efi_options options;
	struct efi_range initrd;
	u64 copy;
	struct efi_range map;
	u64 descriptor_size;
	struct efi_range buf;
	u32 nr_pages;
	struct efi_range pages[EFI_PAGES_MAX];
};

/**
 * efi_say() - say something in a line on the firmware's console, if it has one
 * @fmt: as of str_format(), for a text without newline
 */
void efi_say(const struct efi_stub *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * efi_say_status() - say what failed, and with which status
 * @fmt: what, as of str_format()
 *
 * Return: @status.
 */
efi_status efi_say_status(const struct efi_stub *s, efi_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * efi_pages_take() - take memory of whole pages from the firmware
 * @what: what it is for, if there is none
 * @out: its address
 *
 * Return: EFI_SUCCESS, or an error, which a line has said.
 */
efi_status efi_pages_take(struct efi_stub *s, u64 size, const char *what, u64 *out);

/** efi_pages_claim() - take what is free of @range, so that nothing else is put there */
void efi_pages_claim(struct efi_stub *s, const struct efi_range *range);

/** efi_pages_release() - give everything back */
void efi_pages_release(struct efi_stub *s);

/**
 * efi_initrd_find() - load the boot archive into s->initrd
 *
 * By LoadFile2, by `initrd=` of the load options, or where /chosen says that it lies; the first of
 * these that there is.
 *
 * Return: EFI_SUCCESS, also when there is none; or an error, which a line has said.
 */
efi_status efi_initrd_find(struct efi_stub *s);

/**
 * efi_main() - start Cleave from EFI
 * @handle, @system: what EFI hands over
 * @image: this image, from its first byte to the stub
 * @size: of that
 * @memory_size: bytes that the image takes when it runs, from its first byte
 *
 * Return: only when that failed: an error, which a line has said; nothing of what it did is left.
 */
efi_status efi_main(efi_handle handle, struct efi_system_table *system, const void *image, u64 size,
		    u64 memory_size);

/**
 * efi_jump() - leave EFI for good: enter the image as firmware without EFI would
 * @hartid: of this hart
 * @tree: physical address of the device tree
 * @image: physical address of the image
 */
void efi_jump(u64 hartid, u64 tree, u64 image) __attribute__((noreturn));

#endif
