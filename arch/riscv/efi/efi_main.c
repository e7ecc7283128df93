/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting Cleave from EFI: the sequence.
 *
 * The stub collects what a boot loader without EFI would hand over, ends the firmware's boot
 * services, and enters the image as OpenSBI would. Cleave runs at a multiple of 2 MiB and EFI
 * promises 4 KiB, so the image copies itself; the stub is no part of the copy.
 *
 * Nothing here is relocated: the stub must have no pointer in static data and no data that it
 * writes. The build checks both.
 */
#include <cleave/string.h>
#include <libfdt.h>
#include "arch/riscv/efi/efi_internal.h"
#include "arch/riscv/efi/efi_tree.h"
#include "arch/riscv/layout.h"
#include "lib/fdt_read.h"

#define EFI_MAIN_ALIGN MIB(2)

/*
 * UEFI 2.10, 7.4.6: when ExitBootServices() refuses the key, the map has changed since it was read,
 * by an event of the firmware. Then the map is read again, and nothing else is called.
 */
#define EFI_MAIN_TRIES 8U

/* Descriptors by which the map may grow after its size was asked for */
#define EFI_MAIN_MORE 32U

static const struct efi_guid efi_main_loaded_image = {
	0x5b1b31a1U, 0x9562U, 0x11d2U, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};
static const struct efi_guid efi_main_device_tree = {
	0xb1b621d5U, 0xf19cU, 0x41a5U, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 }
};
static const struct efi_guid efi_main_riscv_boot = {
	0xccd15fecU, 0x6f73U, 0x4eecU, { 0x83, 0x95, 0x3e, 0x69, 0xe4, 0xb9, 0x40, 0xbf }
};

static efi_status efi_main_find_image(struct efi_stub *s)
{
	void *found = NULL;
	efi_status status = s->boot->handle_protocol(s->handle, &efi_main_loaded_image, &found);

	if (status != EFI_SUCCESS)
		return efi_say_status(s, status, "nothing is known of this image");
	s->loaded = found;
	return EFI_SUCCESS;
}

static efi_status efi_main_find_tree(struct efi_stub *s)
{
	const struct efi_configuration_table *t = s->system->table;
	const char *unsafe;
	int err;

	for (u64 i = 0; i < s->system->nr_tables && s->tree == NULL; i++) {
		if (memcmp(&t[i].name, &efi_main_device_tree, sizeof(t[i].name)) == 0)
			s->tree = t[i].table;
	}
	if (s->tree == NULL) {
		efi_say(s, "the firmware hands over no device tree: switch it from ACPI to device "
			   "tree (QEMU: -M virt,acpi=off)");
		return EFI_UNSUPPORTED;
	}
	unsafe = fdt_read_unsafe(s->tree);
	if (unsafe != NULL) {
		efi_say(s, "the firmware's device tree %s", unsafe);
		return EFI_COMPROMISED_DATA;
	}
	err = efi_tree_check(s->tree);
	if (err == 0)
		return EFI_SUCCESS;
	efi_say(s,
		"the firmware's device tree, 0x%08x and then %u bytes, cannot be read: %s; "
		"allowed: 0x%08x, and up to %u bytes",
		(u32)fdt_magic(s->tree), (u32)fdt_totalsize(s->tree), fdt_read_error(err),
		FDT_MAGIC, LAYOUT_FDT_MAX);
	return EFI_COMPROMISED_DATA;
}

static efi_status efi_main_find_hart(struct efi_stub *s)
{
	void *found = NULL;
	struct efi_riscv_boot *p;

	if (s->boot->locate_protocol(&efi_main_riscv_boot, NULL, &found) == EFI_SUCCESS) {
		p = found;
		if (p->get_boot_hartid(p, &s->hartid) == EFI_SUCCESS)
			return EFI_SUCCESS;
	}
	if (efi_tree_hartid(s->tree, &s->hartid))
		return EFI_SUCCESS;
	efi_say(s, "neither RISCV_EFI_BOOT_PROTOCOL nor /chosen/boot-hartid says which hart this "
		   "is");
	return EFI_UNSUPPORTED;
}

static efi_status efi_main_read_options(struct efi_stub *s)
{
	switch (efi_options_read(s->loaded->options, s->loaded->options_size, &s->options)) {
	case EFI_OPTIONS_GOOD:
		return EFI_SUCCESS;
	case EFI_OPTIONS_NO_TEXT:
		efi_say(s, "the load options are not text in UTF-16, and are not used "
			   "(efibootmgr: --unicode)");
		return EFI_SUCCESS;
	case EFI_OPTIONS_LONG_ARGS:
		efi_say(s, "load options: too long; allowed: boot arguments of up to %u characters",
			EFI_ARGS_LEN - 1U);
		break;
	case EFI_OPTIONS_BAD_PATH:
		efi_say(s, "load options: initrd=: allowed: a path of 1 to %u characters",
			EFI_PATH_LEN - 1U);
		break;
	default:
		efi_say(s, "load options: initrd= is given twice; allowed: one boot archive");
		break;
	}
	return EFI_INVALID_PARAMETER;
}

static efi_status efi_main_copy(struct efi_stub *s, const void *image, u64 size, u64 memory_size)
{
	u64 at;
	efi_status status =
		efi_pages_take(s, memory_size + EFI_MAIN_ALIGN - PAGE_SIZE, "the hypervisor", &at);

	if (status != EFI_SUCCESS)
		return status;
	s->copy = ALIGN_UP(at, EFI_MAIN_ALIGN);
	memcpy((void *)s->copy, image, size);
	return EFI_SUCCESS;
}

/* Take buffers for the map and the tree. The map's size is asked for last, so that it is known. */
static efi_status efi_main_buffers(struct efi_stub *s)
{
	u64 size = 0;
	u64 key;
	u32 version;
	efi_status status =
		s->boot->get_memory_map(&size, NULL, &key, &s->descriptor_size, &version);

	if (status != EFI_BUFFER_TOO_SMALL && status != EFI_SUCCESS)
		return efi_say_status(s, status, "the size of the memory map");
	if (s->descriptor_size < sizeof(struct efi_memory_descriptor) ||
	    !IS_ALIGNED(s->descriptor_size, 8U) || s->descriptor_size > PAGE_SIZE) {
		efi_say(s, "the memory map's descriptors have %lu bytes", s->descriptor_size);
		return EFI_COMPROMISED_DATA;
	}
	s->map.size = size + EFI_MAIN_MORE * s->descriptor_size;
	status = efi_pages_take(s, s->map.size, "the memory map", &s->map.base);
	if (status != EFI_SUCCESS)
		return status;
	s->buf.size = efi_tree_size(s->tree, s->options.args, s->map.size, s->descriptor_size);
	return efi_pages_take(s, s->buf.size, "the device tree", &s->buf.base);
}

static efi_status efi_main_prepare(struct efi_stub *s, const void *image, u64 size, u64 memory_size)
{
	efi_status status = efi_main_find_image(s);

	if (status == EFI_SUCCESS)
		status = efi_main_find_tree(s);
	if (status == EFI_SUCCESS)
		status = efi_main_find_hart(s);
	if (status == EFI_SUCCESS)
		status = efi_main_read_options(s);
	if (status == EFI_SUCCESS)
		status = efi_initrd_find(s);
	if (status == EFI_SUCCESS)
		status = efi_main_copy(s, image, size, memory_size);
	return status == EFI_SUCCESS ? efi_main_buffers(s) : status;
}

/*
 * Read the map, make the tree of it, and end boot services with just this map.
 *
 * Return: EFI_SUCCESS, or an error, which a line has said unless @changed says that the map has
 * changed meanwhile
 */
static efi_status efi_main_try_to_exit(struct efi_stub *s, bool *changed)
{
	struct efi_map map = { .data = (const void *)s->map.base, .size = s->map.size };
	u64 key;
	u32 version;
	efi_status status = s->boot->get_memory_map(&map.size, (void *)s->map.base, &key,
						    &map.descriptor_size, &version);
	int err;

	*changed = false;
	if (status != EFI_SUCCESS)
		return efi_say_status(s, status, "the memory map");
	if (map.size > s->map.size || map.descriptor_size != s->descriptor_size) {
		efi_say(s, "the memory map's size has changed beyond measure");
		return EFI_COMPROMISED_DATA;
	}
	err = efi_tree_make(s->tree, s->initrd, s->options.args, &map, (void *)s->buf.base,
			    s->buf.size);
	if (err != 0) {
		efi_say(s, "no device tree with this machine's memory: %s",
			err == -FDT_ERR_NOTFOUND ? "the memory map has no free memory"
						 : fdt_read_error(err));
		return EFI_LOAD_ERROR;
	}
	status = s->boot->exit_boot_services(s->handle, key);
	*changed = status == EFI_INVALID_PARAMETER;
	return status == EFI_SUCCESS || *changed
		       ? status
		       : efi_say_status(s, status, "boot services do not end");
}

efi_status efi_main(efi_handle handle, struct efi_system_table *system, const void *image, u64 size,
		    u64 memory_size)
{
	struct efi_stub s = { .handle = handle, .system = system, .boot = system->boot };
	efi_status status = efi_main_prepare(&s, image, size, memory_size);
	bool changed = true;

	if (status == EFI_SUCCESS) {
		for (u32 i = 0; i < EFI_MAIN_TRIES && changed; i++) {
			status = efi_main_try_to_exit(&s, &changed);
			if (status == EFI_SUCCESS)
				efi_jump(s.hartid, s.buf.base, s.copy);
		}
		if (changed)
			efi_say(&s,
				"the memory map has changed %u times while boot services were "
				"to end",
				EFI_MAIN_TRIES);
	}
	efi_pages_release(&s);
	return status;
}
