/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the boot archive.
 *
 * Any bytes are read, or refused in one line, and nothing outside of them is touched. An archive
 * that is accepted goes the whole way to a guest's device tree. Input: a cpio file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const u64 harts[] = { 0, 1, 2, 3 };

static const struct config_machine machine = {
	.nr_harts = 4,
	.harts = harts,
	.memory = GIB(16),
	.largest = GIB(8),
	.gstage_modes = (1U << 3) | (1U << 4),
};

static void count_errors(void *ctx, enum config_said what, const char *line)
{
	u32 *errors = ctx;

	(void)line;
	*errors += what == CONFIG_ERROR ? 1U : 0U;
}

/* Every file lies inside, is found by its name, and is the only one with that name. */
static void check_files(const struct archive *a)
{
	struct archive_file found;
	struct archive_file f;
	volatile u8 sum = 0;
	u64 pos = 0;
	u32 n = 0;

	while (archive_next(a, &pos, &f) == 0) {
		for (u64 i = 0; i < f.size; i++)
			sum = (u8)(sum + f.data[i]);
		if (archive_find(a, f.name, &found) != 0 || found.data != f.data ||
		    ++n > ARCHIVE_MAX_FILES)
			abort();
	}
}

static void check_refused(const char error[ARCHIVE_ERROR_LEN])
{
	const char *end = memchr(error, '\0', ARCHIVE_ERROR_LEN);

	if (end == NULL || end == error)
		abort();
	for (const char *c = error; c < end; c++) {
		if ((u8)*c < 0x20U || *c == 0x7f)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char error[ARCHIVE_ERROR_LEN];
	u8 *copy = malloc(size != 0U ? size : 1U);
	struct archive a;
	u32 errors = 0;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	if (archive_open(&a, copy, size, error) != 0) {
		check_refused(error);
	} else {
		check_files(&a);
		if (config_load(&a, &machine, count_errors, &errors, &config) == 0)
			boot_use(&config, &a, &machine);
		else if (errors == 0U)
			abort();
	}
	free(copy);
	return 0;
}
