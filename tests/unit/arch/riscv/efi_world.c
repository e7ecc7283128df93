/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware with EFI. See efi_world.h.
 */
#include "tests/unit/arch/riscv/efi_world.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct efi_world efi_world;

static struct efi_boot_services efi_world_boot;
static struct efi_system_table efi_world_system;
static struct efi_loaded_image efi_world_loaded;
static u16 efi_world_text[4096];
static struct {
	void *at;
	u64 pages;
} efi_world_taken[EFI_WORLD_PAGES];
static jmp_buf efi_world_left;
static u64 efi_world_key;
static u64 efi_world_position;

/* Return: whether this call, which may fail, is the one that is to */
static bool efi_world_fails(void)
{
	efi_world.calls++;
	return efi_world.calls == efi_world.fail_at;
}

/* Boot services that are not for memory must not be called any more. */
static void efi_world_not_after_exit(void)
{
	efi_world.after_exit += efi_world.exits != 0U ? 1U : 0U;
}

static efi_status efi_world_output(struct efi_text_output *self, const u16 *text)
{
	size_t n = 0;

	(void)self;
	for (; text[n] != 0U && n < sizeof(efi_world.said) - 1U; n++)
		efi_world.said[n] = (char)text[n];
	efi_world.said[n] = '\0';
	efi_world.lines++;
	/* One whole line, and nothing that a terminal would take for something else. */
	if (n < 2U || text[n] != 0U || strcmp(&efi_world.said[n - 2U], "\r\n") != 0 ||
	    strncmp(efi_world.said, "cleave| EFI: ", 13) != 0)
		abort();
	for (size_t i = 0; i < n - 2U; i++) {
		if (efi_world.said[i] < ' ' || efi_world.said[i] == 0x7f)
			abort();
	}
	return EFI_SUCCESS;
}

static efi_status efi_world_allocate(u32 how, u32 type, u64 pages, u64 *address)
{
	void *p;

	if (type != EFI_LOADER_DATA || pages == 0U)
		abort();
	if (efi_world_fails())
		return EFI_OUT_OF_RESOURCES;
	if (how == EFI_ALLOCATE_ADDRESS) {
		if (!efi_world.claimable)
			return EFI_NOT_FOUND;
		efi_world.claimed = (struct efi_range){ *address, pages };
		return EFI_SUCCESS;
	}
	if (pages > 16384U || efi_world.nr_taken == EFI_WORLD_PAGES)
		return EFI_OUT_OF_RESOURCES;
	p = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
	if (p == NULL)
		abort();
	/* Some of what was there before. */
	memset(p, 0xa5, MIN(pages * PAGE_SIZE, KIB(64)));
	efi_world_taken[efi_world.nr_taken].at = p;
	efi_world_taken[efi_world.nr_taken].pages = pages;
	efi_world.nr_taken++;
	*address = (uintptr_t)p;
	return EFI_SUCCESS;
}

static efi_status efi_world_free(u64 address, u64 pages)
{
	if (efi_world.claimed.size == pages && efi_world.claimed.base == address) {
		efi_world.claimed.size = 0;
		return EFI_SUCCESS;
	}
	for (u32 i = 0; i < efi_world.nr_taken; i++) {
		if ((uintptr_t)efi_world_taken[i].at != address)
			continue;
		if (efi_world_taken[i].pages != pages)
			abort();
		free(efi_world_taken[i].at);
		efi_world.nr_taken--;
		efi_world_taken[i] = efi_world_taken[efi_world.nr_taken];
		return EFI_SUCCESS;
	}
	abort();
}

static efi_status efi_world_map(u64 *size, void *map, u64 *key, u64 *descriptor_size, u32 *version)
{
	u64 step = efi_world.descriptor_size;
	u64 need = efi_world.nr_ranges * step;

	*descriptor_size = step;
	*version = 1;
	if (efi_world_fails())
		return EFI_INVALID_PARAMETER;
	if (*size < need) {
		*size = need;
		return map != NULL && efi_world.map_lies ? EFI_SUCCESS : EFI_BUFFER_TOO_SMALL;
	}
	*size = need;
	*key = efi_world_key;
	for (u32 i = 0; i < efi_world.nr_ranges && step >= sizeof(efi_world.range[0]); i++)
		memcpy((u8 *)map + i * step, &efi_world.range[i], sizeof(efi_world.range[0]));
	return EFI_SUCCESS;
}

static efi_status efi_world_exit(efi_handle image, u64 key)
{
	efi_world.exits++;
	if (image != &efi_world)
		abort();
	if (efi_world_fails())
		return EFI_UNSUPPORTED;
	if (key != efi_world_key)
		return EFI_INVALID_PARAMETER;
	if (efi_world.changes != 0U) {
		efi_world.changes--;
		efi_world_key++;
		for (u32 i = 0; i < efi_world.grow; i++)
			efi_world_range(EFI_BOOT_SERVICES_DATA,
					GIB(16) + efi_world_key * MIB(16) + i * KIB(8), 1,
					EFI_MEMORY_WB);
		return EFI_INVALID_PARAMETER;
	}
	return EFI_SUCCESS;
}

static efi_status efi_world_load_file(struct efi_load_file2 *self,
				      const struct efi_device_path *path, bool policy, u64 *size,
				      void *buffer)
{
	(void)self;
	if (path->type != EFI_PATH_END || policy)
		abort();
	if (efi_world_fails())
		return EFI_NOT_FOUND;
	if (buffer == NULL && efi_world.load_file2_size == 0U) {
		*size = 0;
		return EFI_SUCCESS;
	}
	if (*size < efi_world.load_file2_size) {
		*size = efi_world.load_file2_size;
		return EFI_BUFFER_TOO_SMALL;
	}
	memcpy(buffer, efi_world.load_file2, efi_world.load_file2_size);
	*size = efi_world.load_file2_size + efi_world.load_file2_more;
	return EFI_SUCCESS;
}

static efi_status efi_world_close(struct efi_file *self)
{
	(void)self;
	efi_world.open--;
	return EFI_SUCCESS;
}

static efi_status efi_world_read(struct efi_file *self, u64 *size, void *buffer)
{
	u64 n = MIN(MIN(*size, efi_world.piece), efi_world.file_size - efi_world_position);

	(void)self;
	if (efi_world_fails())
		return EFI_LOAD_ERROR;
	memcpy(buffer, (const u8 *)efi_world.file + efi_world_position, n);
	efi_world_position += n;
	*size = n;
	return EFI_SUCCESS;
}

static efi_status efi_world_set_position(struct efi_file *self, u64 position)
{
	(void)self;
	if (efi_world_fails())
		return EFI_UNSUPPORTED;
	efi_world_position = position == UINT64_MAX ? efi_world.file_size : position;
	return EFI_SUCCESS;
}

static efi_status efi_world_get_position(struct efi_file *self, u64 *position)
{
	(void)self;
	if (efi_world_fails())
		return EFI_UNSUPPORTED;
	*position = efi_world_position;
	return EFI_SUCCESS;
}

static efi_status efi_world_open(struct efi_file *self, struct efi_file **out, const u16 *name,
				 u64 mode, u64 attributes)
{
	const char *known = "\\boot.cpio";
	size_t n = 0;

	(void)self;
	(void)attributes;
	if (mode != EFI_FILE_READ)
		abort();
	for (; name[n] != 0U && name[n] == (u16)known[n]; n++)
		;
	if (efi_world_fails() || efi_world.file == NULL || name[n] != (u16)known[n])
		return EFI_NOT_FOUND;
	efi_world.open++;
	efi_world_position = 7;
	*out = self;
	return EFI_SUCCESS;
}

static efi_status efi_world_open_volume(struct efi_file_system *self, struct efi_file **root)
{
	static struct efi_file volume = {
		0, efi_world_open,	   efi_world_close,	  0, efi_world_read,
		0, efi_world_get_position, efi_world_set_position
	};

	(void)self;
	if (efi_world_fails())
		return EFI_NOT_FOUND;
	efi_world.open++;
	*root = &volume;
	return EFI_SUCCESS;
}

static efi_status efi_world_handle_protocol(efi_handle handle, const struct efi_guid *name,
					    void **out)
{
	static struct efi_load_file2 loader = { efi_world_load_file };
	static struct efi_file_system volume = { 0, efi_world_open_volume };

	efi_world_not_after_exit();
	if (efi_world_fails())
		return EFI_UNSUPPORTED;
	/* By the first word of the names: 0x5b1b31a1 is the loaded image's. */
	if (handle == &efi_world && name->a == 0x5b1b31a1U)
		*out = &efi_world_loaded;
	else if (handle == &loader && name->a == 0x4006c0c1U)
		*out = &loader;
	else if (handle == &efi_world_loaded && name->a == 0x964e5b22U)
		*out = &volume;
	else if (handle == efi_world.load_file2 && name->a == 0x4006c0c1U)
		*out = &loader;
	else
		return EFI_UNSUPPORTED;
	return EFI_SUCCESS;
}

static efi_status efi_world_locate_device_path(const struct efi_guid *protocol,
					       const struct efi_device_path **path, efi_handle *out)
{
	efi_world_not_after_exit();
	if (efi_world_fails())
		return EFI_INVALID_PARAMETER;
	if (protocol->a != 0x4006c0c1U || (*path)->type != EFI_PATH_MEDIA ||
	    (*path)->subtype != EFI_PATH_VENDOR || (*path)->length[0] != 20U)
		abort();
	if (efi_world.load_file2 == NULL)
		return EFI_NOT_FOUND;
	*path = (const void *)((const u8 *)*path + 20U);
	*out = (void *)(uintptr_t)efi_world.load_file2;
	return EFI_SUCCESS;
}

static efi_status efi_world_hartid(struct efi_riscv_boot *self, u64 *hartid)
{
	(void)self;
	if (efi_world_fails() || efi_world.no_hartid)
		return EFI_INVALID_PARAMETER;
	*hartid = EFI_WORLD_HART;
	return EFI_SUCCESS;
}

static efi_status efi_world_locate_protocol(const struct efi_guid *name, void *registration,
					    void **out)
{
	static struct efi_riscv_boot boot = { 0x10000, efi_world_hartid };

	efi_world_not_after_exit();
	if (registration != NULL || name->a != 0xccd15fecU)
		abort();
	if (efi_world_fails() || efi_world.no_boot_protocol)
		return EFI_NOT_FOUND;
	*out = &boot;
	return EFI_SUCCESS;
}

void efi_world_range(u32 type, u64 base, u64 pages, u64 attributes)
{
	if (efi_world.nr_ranges == EFI_WORLD_RANGES)
		return;
	efi_world.range[efi_world.nr_ranges] = (struct efi_memory_descriptor){
		.type = type, .base = base, .pages = pages, .attributes = attributes
	};
	efi_world.nr_ranges++;
}

void efi_world_options(const char *text)
{
	size_t n = strlen(text) + 1U;

	for (size_t i = 0; i < n; i++)
		efi_world_text[i] = (u8)text[i];
	efi_world.options = efi_world_text;
	efi_world.options_size = (u32)n * 2U;
}

void efi_world_begin(void)
{
	memset(&efi_world, 0, sizeof(efi_world));
	efi_world.descriptor_size = 48;
	efi_world.piece = UINT64_MAX;
	efi_world_range(EFI_CONVENTIONAL_MEMORY, GIB(2), GIB(1) / PAGE_SIZE, EFI_MEMORY_WB);
	efi_world_boot = (struct efi_boot_services){
		.allocate_pages = efi_world_allocate,
		.free_pages = efi_world_free,
		.get_memory_map = efi_world_map,
		.handle_protocol = efi_world_handle_protocol,
		.locate_device_path = efi_world_locate_device_path,
		.exit_boot_services = efi_world_exit,
		.locate_protocol = efi_world_locate_protocol,
	};
}

efi_status efi_world_start(void)
{
	static u8 image[EFI_WORLD_IMAGE];
	static struct efi_text_output console = { 0, efi_world_output };
	const struct efi_configuration_table tables[] = {
		{ { 1, 2, 3, { 4 } }, "not a tree" },
		{ { 0xb1b621d5U,
		    0xf19cU,
		    0x41a5U,
		    { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } },
		  efi_world.tree },
	};

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (u8)(i * 7U);
	efi_world_system.boot = &efi_world_boot;
	efi_world_system.console_out = efi_world.no_console ? NULL : &console;
	efi_world_system.table = tables;
	efi_world_system.nr_tables = efi_world.tree != NULL ? 2U : 1U;
	efi_world_loaded.device = &efi_world_loaded;
	efi_world_loaded.options = efi_world.options;
	efi_world_loaded.options_size = efi_world.options_size;
	efi_world.calls = efi_world.lines = efi_world.exits = efi_world.after_exit = 0;
	efi_world.said[0] = '\0';
	efi_world.jumped = false;
	if (setjmp(efi_world_left) != 0)
		return EFI_SUCCESS;
	return efi_main(&efi_world, &efi_world_system, image, sizeof(image), MIB(1));
}

void efi_jump(u64 hartid, u64 tree, u64 image)
{
	efi_world.jumped = true;
	efi_world.hartid = hartid;
	efi_world.made = (const void *)tree;
	efi_world.image = (const u8 *)image;
	longjmp(efi_world_left, 1);
}

void efi_world_end(void)
{
	for (; efi_world.nr_taken != 0U; efi_world.nr_taken--)
		free(efi_world_taken[efi_world.nr_taken - 1U].at);
}
