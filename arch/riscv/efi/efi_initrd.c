/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the boot archive comes from under EFI.
 *
 * A boot manager that has loaded one offers it by EFI_LOAD_FILE2_PROTOCOL on a device path that
 * Linux has defined for this, LINUX_EFI_INITRD_MEDIA_GUID; GRUB, systemd-boot and U-Boot do. A
 * shell or a boot entry names a file on the volume that this image came from, by `initrd=PATH`.
 */
#include "arch/riscv/efi/efi_internal.h"
#include "arch/riscv/efi/efi_tree.h"

#define EFI_INITRD_END_OF_FILE UINT64_MAX /* 13.5, EFI_FILE_PROTOCOL.SetPosition() */

static const struct efi_guid efi_initrd_load_file2 = {
	0x4006c0c1U, 0xfcb3U, 0x403eU, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d }
};
static const struct efi_guid efi_initrd_file_system = {
	0x964e5b22U, 0x6459U, 0x11d2U, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};

/* The device path: a vendor's media node with the name, and the end */
static const struct efi_initrd_path {
	struct efi_device_path vendor;
	struct efi_guid name;
	struct efi_device_path end;
} efi_initrd_path = {
	{ EFI_PATH_MEDIA, EFI_PATH_VENDOR, { 20, 0 } },
	{ 0x5568e427U, 0x68fcU, 0x4f3dU, { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 } },
	{ EFI_PATH_END, 0xff, { 4, 0 } },
};

#define EFI_INITRD_TEXT_LEN 128U

/* Return: EFI_SUCCESS; *@out is NULL when nobody offers an initrd; or an error */
static efi_status efi_initrd_locate(const struct efi_stub *s, struct efi_load_file2 **out,
				    const struct efi_device_path **path)
{
	efi_handle device;
	void *found = NULL;
	efi_status status;

	*out = NULL;
	*path = &efi_initrd_path.vendor;
	status = s->boot->locate_device_path(&efi_initrd_load_file2, path, &device);
	/* What is left of the path says whether all of it was found. */
	if (status == EFI_NOT_FOUND || (status == EFI_SUCCESS && (*path)->type != EFI_PATH_END))
		return EFI_SUCCESS;
	if (status == EFI_SUCCESS)
		status = s->boot->handle_protocol(device, &efi_initrd_load_file2, &found);
	*out = found;
	return status;
}

static efi_status efi_initrd_by_load_file2(struct efi_stub *s)
{
	const struct efi_device_path *path;
	struct efi_load_file2 *loader;
	efi_status status = efi_initrd_locate(s, &loader, &path);
	u64 size = 0;
	u64 at, room;

	if (status == EFI_SUCCESS && loader == NULL)
		return EFI_SUCCESS;
	if (status == EFI_SUCCESS)
		status = loader->load_file(loader, path, false, &size, NULL);
	if (status != EFI_BUFFER_TOO_SMALL && status != EFI_SUCCESS)
		return efi_say_status(s, status, "no boot archive by LoadFile2");
	room = size;
	if (room != 0U) {
		status = efi_pages_take(s, room, "the boot archive", &at);
		if (status != EFI_SUCCESS)
			return status;
		status = loader->load_file(loader, path, false, &size, (void *)at);
		if (status != EFI_SUCCESS)
			return efi_say_status(s, status, "no boot archive by LoadFile2");
	}
	if (size == 0U || size > room) {
		efi_say(s, "the boot archive by LoadFile2 has %lu bytes", size);
		return EFI_LOAD_ERROR;
	}
	s->initrd = (struct efi_range){ .base = at, .size = size };
	return EFI_SUCCESS;
}

/*
 * Read all of a file that is open. Return: EFI_SUCCESS, or an error with @what as the reason; NULL:
 * a line has said it
 */
static efi_status efi_initrd_read(struct efi_stub *s, struct efi_file *file, const char **what)
{
	u64 size = 0;
	u64 done = 0;
	u64 at;
	efi_status status = file->set_position(file, EFI_INITRD_END_OF_FILE);

	*what = "its size";
	if (status == EFI_SUCCESS)
		status = file->get_position(file, &size);
	if (status == EFI_SUCCESS)
		status = file->set_position(file, 0);
	if (status != EFI_SUCCESS)
		return status;
	*what = size == 0U ? "it is empty" : NULL;
	status = size == 0U ? EFI_LOAD_ERROR : efi_pages_take(s, size, "the boot archive", &at);
	while (status == EFI_SUCCESS && done < size) {
		u64 n = size - done;

		*what = "reading it";
		status = file->read(file, &n, (void *)(at + done));
		/* It ends before its own end. */
		if (status == EFI_SUCCESS && (n == 0U || n > size - done))
			status = EFI_LOAD_ERROR;
		done += n;
	}
	if (status == EFI_SUCCESS)
		s->initrd = (struct efi_range){ .base = at, .size = size };
	return status;
}

static efi_status efi_initrd_from_volume(struct efi_stub *s, const char **what)
{
	struct efi_file *root, *file;
	struct efi_file_system *fs;
	void *found = NULL;
	efi_status status =
		s->boot->handle_protocol(s->loaded->device, &efi_initrd_file_system, &found);

	*what = "the volume that this image came from";
	fs = found;
	if (status == EFI_SUCCESS)
		status = fs->open_volume(fs, &root);
	if (status != EFI_SUCCESS)
		return status;
	*what = "opening it";
	status = root->open(root, &file, s->options.path, EFI_FILE_READ, 0);
	if (status == EFI_SUCCESS) {
		status = efi_initrd_read(s, file, what);
		(void)file->close(file);
	}
	(void)root->close(root);
	return status;
}

static efi_status efi_initrd_by_option(struct efi_stub *s)
{
	char name[EFI_INITRD_TEXT_LEN];
	const char *what = NULL;
	efi_status status = efi_initrd_from_volume(s, &what);
	size_t n = 0;

	if (what == NULL || status == EFI_SUCCESS)
		return status;
	for (; n < sizeof(name) - 1U && s->options.path[n] != 0U; n++)
		name[n] = efi_options_ascii(s->options.path[n]);
	name[n] = '\0';
	return efi_say_status(s, status, "initrd=%s: %s", name, what);
}

efi_status efi_initrd_find(struct efi_stub *s)
{
	efi_status status = efi_initrd_by_load_file2(s);
	struct efi_range there;

	if (status == EFI_SUCCESS && s->initrd.size == 0U && s->options.path[0] != 0U)
		status = efi_initrd_by_option(s);
	if (status != EFI_SUCCESS || s->initrd.size != 0U)
		return status;
	there = efi_tree_initrd(s->tree);
	if (there.size != 0U)
		efi_pages_claim(s, &there);
	return EFI_SUCCESS;
}
