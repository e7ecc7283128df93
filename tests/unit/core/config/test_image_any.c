/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things go, for any memory, kernel, initrd and addresses: by a fixed sequence of random
 * numbers, many of them at the very end of something. What is placed lies in memory and nothing
 * lies on anything else; what is refused has a line; and nothing is refused that fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cleave/errno.h>
#include "core/config/config_internal.h"
#include "core/config/image.h"

#define BASE	UINT64_C(0x80000000)
#define TRIES	300000U
#define FILE_AT 4096U /* of the first segment of an ELF file */
#define PH(i)	(64U + 56U * (i))

static u8 file[KIB(64)];
static u64 seed;

static u64 any(u64 below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return below == 0U ? 0U : (seed >> 24) % below;
}

/* A number that is often one of the limits, or beside it */
static u64 near(u64 limit)
{
	switch (any(16)) {
	case 0:
		return limit;
	case 1:
		return limit - any(4) * PAGE_SIZE;
	case 2:
		return limit + any(4) * PAGE_SIZE;
	case 3:
		return limit - any(65);
	case 4:
		return any(UINT64_MAX);
	default:
		return any(limit + 1U);
	}
}

static void put(u8 *p, u64 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		p[i] = (u8)(v >> (8U * i));
}

static void any_partition(struct config_partition *p)
{
	u64 at = BASE + any(3) * PAGE_SIZE * any(600);
	u64 end;

	memset(p, 0, sizeof(*p));
	p->nr_memory = 1U + (u32)any(3);
	for (u32 i = 0; i < p->nr_memory; i++) {
		p->memory[i].gpa = at;
		p->memory[i].size = PAGE_SIZE * (1U + any(any(5) == 0U ? 40U : 20000U));
		at += p->memory[i].size + PAGE_SIZE * any(3);
	}
	end = p->memory[p->nr_memory - 1U].gpa + p->memory[p->nr_memory - 1U].size;
	if (any(3) == 0U)
		p->load_address = (struct config_address){ true, near(end - PAGE_SIZE) & ~1ULL };
	if (any(5) == 0U)
		p->fdt_address = (struct config_address){ true, near(end - KIB(64)) & ~7ULL };
	if (any(8) == 0U)
		p->entry = (struct config_address){ true, near(end - 2U) & ~1ULL };
}

static void make_linux(void)
{
	put(file + 8, any(4) * MIB(1) + any(2) * any(100), 8);
	put(file + 16, near(MIB(32)), 8);
	put(file + 32, 2, 4);
	memcpy(file + 56, "RSC\5", 4);
}

/* Segments in any order, that may lie on each other, be huge or hold nothing */
static void make_elf(const struct config_partition *p)
{
	u32 nr = 1U + (u32)any(any(2) == 0U ? 2U : 9U);

	memset(file, 0, FILE_AT);
	memcpy(file, "\177ELF\2\1\1", 7);
	put(file + 16, 2U + any(2), 2);
	put(file + 18, 243, 2);
	put(file + 24, near(BASE), 8);
	put(file + 32, 64, 8);
	put(file + 54, 56, 2);
	put(file + 56, nr, 2);
	for (u32 i = 0; i < nr; i++) {
		const struct config_memory *m = &p->memory[any(p->nr_memory)];
		u64 at = m->gpa + any(m->size);

		put(file + PH(i), 1, 4);
		put(file + PH(i) + 8, any(8) == 0U ? near(sizeof(file)) : FILE_AT, 8);
		put(file + PH(i) + 16, any(2) == 0U ? at : near(BASE), 8);
		put(file + PH(i) + 24, at, 8);
		put(file + PH(i) + 32, any(PAGE_SIZE), 8);
		put(file + PH(i) + 40, near(m->gpa + m->size - at), 8);
	}
}

static bool inside(const struct config_partition *p, u64 at, u64 size)
{
	for (u32 i = 0; i < p->nr_memory; i++) {
		const struct config_memory *m = &p->memory[i];

		if (at >= m->gpa && at - m->gpa < m->size && size <= m->size - (at - m->gpa))
			return true;
	}
	return false;
}

static void check_placed(const struct config_partition *p, const struct archive_file *kernel,
			 const struct archive_file *initrd, const struct image_layout *l)
{
	const struct config_memory *m = &p->memory[0];
	u64 size = initrd != NULL ? ALIGN_UP(initrd->size, PAGE_SIZE) : 0U;

	assert_true(l->nr_segments >= 1U && l->nr_segments <= IMAGE_SEGMENTS);
	for (u32 i = 0; i < l->nr_segments; i++) {
		const struct image_segment *s = &l->segment[i];

		assert_true(s->mem != 0U && s->size <= s->mem && inside(p, s->gpa, s->mem));
		assert_true(s->offset <= kernel->size && s->size <= kernel->size - s->offset);
		assert_false(config_overlap(s->gpa, s->mem, l->fdt, IMAGE_FDT_SIZE));
		assert_false(size != 0U && config_overlap(s->gpa, s->mem, l->initrd, size));
		for (u32 j = 0; j < i; j++)
			assert_false(config_overlap(s->gpa, s->mem, l->segment[j].gpa,
						    l->segment[j].mem));
	}
	assert_true(inside(p, l->fdt, IMAGE_FDT_SIZE) && l->fdt % 8U == 0U);
	assert_true(inside(p, l->entry, 2) && l->entry % 2U == 0U);
	if (size == 0U)
		return;
	assert_int_equal(l->initrd_end - l->initrd, initrd->size);
	assert_true(l->initrd >= m->gpa && size <= m->size - (l->initrd - m->gpa));
	assert_false(config_overlap(l->initrd, size, l->fdt, IMAGE_FDT_SIZE));
}

/* Return: true when a flat kernel, a tree and an initrd fit the first range, one after another */
static bool fits(const struct config_partition *p, const struct archive_file *kernel,
		 const struct archive_file *initrd)
{
	const struct config_memory *m = &p->memory[0];
	u64 start = ALIGN_UP(m->gpa, MIB(2)) + MIB(2) - m->gpa;
	u64 end = start + ALIGN_UP(kernel->size, PAGE_SIZE) + IMAGE_FDT_SIZE;

	return end <= m->size && (initrd == NULL || initrd->size <= m->size - end);
}

static void test_any(void **state)
{
	u32 placed = 0;
	u32 refused = 0;

	(void)state;
	for (seed = 1; placed + refused < TRIES;) {
		char error[ARCHIVE_ERROR_LEN] = "";
		struct config_partition p;
		struct image_layout l;
		struct archive_file kernel = { "kernel", file,
					       FILE_AT + any(sizeof(file) - FILE_AT) };
		struct archive_file initrd = { "initrd", NULL, 0 };
		bool with = any(3) != 0U;
		u64 form = any(3);

		any_partition(&p);
		memset(file, 0x13, sizeof(file));
		initrd.size = with ? near(p.memory[0].size - MIN(p.memory[0].size, MIB(3))) : 0U;
		if (form == 0U)
			make_linux();
		else if (form == 1U)
			make_elf(&p);
		if (image_place(&p, &kernel, with ? &initrd : NULL, &l, error) == 0) {
			check_placed(&p, &kernel, with ? &initrd : NULL, &l);
			placed++;
			continue;
		}
		refused++;
		assert_true(error[0] != '\0' && strlen(error) < sizeof(error));
		if (form == 2U && !p.load_address.given && !p.entry.given && !p.fdt_address.given)
			assert_false(fits(&p, &kernel, with ? &initrd : NULL));
	}

	/* Both happen often enough to mean something. */
	assert_true(placed > TRIES / 10U && refused > TRIES / 10U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests_name("image placement", tests, NULL, NULL);
}
