/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the configuration: any bytes as cleave.dtb are read or refused in whole lines; what is accepted can be laid out
 * and given a device tree. Input: a flattened device tree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const u64 harts[] = { 0, 1, 2, 5 };

static const struct config_machine machine = {
	.nr_harts = 4,
	.harts = harts,
	.memory = GIB(16),
	.largest = GIB(8),
	.gstage_modes = (1U << 3) | (1U << 4),
};

/* A line is one line: it can be shown as it is. */
static void check_line(void *ctx, bool error, const char *line)
{
	u32 *errors = ctx;

	if (strnlen(line, CONFIG_LINE_LEN) == CONFIG_LINE_LEN)
		abort();
	for (const char *c = line; *c != '\0'; c++) {
		if ((u8)*c < 0x20U || *c == 0x7f)
			abort();
	}
	*errors += error ? 1U : 0U;
}

static const struct archive *files(void)
{
	static u8 kernel[8192];
	static struct archive archive;
	static struct cpio c;
	char error[ARCHIVE_ERROR_LEN];

	if (archive.data == NULL) {
		cpio_begin(&c, 65536);
		cpio_file(&c, "Image", kernel, sizeof(kernel));
		cpio_file(&c, "initrd", "initrd", 6);
		cpio_trailer(&c);
		if (archive_open(&archive, c.data, c.size, error) != 0)
			abort();
	}
	return &archive;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	void *copy = malloc(size != 0U ? size : 1U);
	u32 errors = 0;
	int err;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	err = config_parse(copy, size, files(), &machine, check_line, &errors, &config);
	if ((err == 0) != (errors == 0U))
		abort();
	if (err == 0)
		boot_use(&config, files(), &machine);
	free(copy);
	return 0;
}
