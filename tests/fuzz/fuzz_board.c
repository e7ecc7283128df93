/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the check of an archive against a board's device tree (tools/cleave-check.c --tree).
 *
 * Any bytes as the tree are answered in whole lines, with an exit code that says which, and leave
 * nothing mapped or allocated. Input: the number of the archive and of the options in the first
 * byte, then a flattened device tree.
 *
 * What the boot keeps of a machine it keeps for ever, in statics of many files. So the program is
 * linked here with its variables in sections of their own, and these are put back after each input.
 */
#include <libfdt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/fdt_read.h"
#include "tests/unit/boot_build.h"

#define BOARD_TREE_MAX 65536U
#define BOARD_MAPS     256U
#define BOARD_ARCHIVES 4U

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* The program, and what it calls instead of the C library's (Makefile) */
int fuzz_check_main(int argc, char **argv);
FILE *fuzz_fopen(const char *path, const char *mode);
void *fuzz_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int fuzz_munmap(void *at, size_t size);
extern FILE *fuzz_stderr;

/* Its variables: sections that the Makefile names */
extern volatile u64 __start_fuzz_data[], __stop_fuzz_data[];
extern volatile u64 __start_fuzz_bss[], __stop_fuzz_bss[];

FILE *fuzz_stderr;
static u64 *saved;
static struct cpio archives[BOARD_ARCHIVES];

/* --- its variables ---------------------------------------------------------------------------- */

/* Between variables there is memory that the sanitizer guards, so it must not look. */
__attribute__((no_sanitize("address"))) static void copy_words(volatile u64 *to,
							       const volatile u64 *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

__attribute__((no_sanitize("address"))) static void put_back(void)
{
	copy_words(__start_fuzz_data, saved, (size_t)(__stop_fuzz_data - __start_fuzz_data));
	for (volatile u64 *p = __start_fuzz_bss; p < __stop_fuzz_bss; p++)
		*p = 0;
}

/* --- its files and memory --------------------------------------------------------------------- */

static struct {
	const void *data;
	size_t size;
} file[2]; /* "0" and "1" */

FILE *fuzz_fopen(const char *path, const char *mode)
{
	if (*mode == 'w')
		return fopen("/dev/null", mode);
	return fmemopen((void *)file[path[0] == '1'].data, file[path[0] == '1'].size, mode);
}

static struct {
	void *at;
	size_t size;
} map[BOARD_MAPS];

static u32 nr_maps;

void *fuzz_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *p = nr_maps < BOARD_MAPS ? mmap(at, size, prot, flags, fd, offset) : MAP_FAILED;

	if (p != MAP_FAILED) {
		map[nr_maps].at = p;
		map[nr_maps++].size = size;
	}
	return p;
}

/* The page after a device: only the program's own mappings are cut. */
int fuzz_munmap(void *at, size_t size)
{
	return mprotect(at, size, PROT_NONE);
}

/* --- archives --------------------------------------------------------------------------------- */

static void put_partition(struct tree_build *t, const char *name, const struct tree_prop *more,
			  u32 base)
{
	const struct tree_prop props[] = { PROP_STR("compatible", "cleave,partition"),
					   PROP_CELLS("cpus", 1),
					   PROP_CELLS("memory", 0, base, 0, 0x400000),
					   PROP_STR("kernel", "k") };

	tree_node(t, name);
	for (size_t i = 0; i < ARRAY_SIZE(props); i++)
		tree_put(t, &props[i]);
	tree_put(t, more);
	tree_close(t);
}

/* A plain partition, and beside it none, one with its own addresses, and ones with devices */
static void make_archive(struct cpio *c, u32 number)
{
	const struct tree_prop root[] = { PROP_STR("compatible", "cleave,config"),
					  PROP_CELLS("#address-cells", 2),
					  PROP_CELLS("#size-cells", 2) };
	const struct tree_prop plain = PROP_CELLS("cpu-weight", 7);
	const struct tree_prop more[] = { PROP_FLAG("exclusive"), PROP_FLAG("direct-map"),
					  PROP_STR("devices", "/soc/rtc@101000"),
					  PROP_STR("devices", "/soc/mmc@50450000") };
	static const u8 kernel[64];
	struct tree_build t;

	tree_begin(&t);
	tree_node(&t, "");
	for (size_t i = 0; i < ARRAY_SIZE(root); i++)
		tree_put(&t, &root[i]);
	tree_node(&t, "partitions");
	put_partition(&t, "p", &plain, 0x80000000);
	put_partition(&t, "q", &more[number], 0x81000000);
	tree_close(&t);
	tree_close(&t);
	tree_finish(&t);
	cpio_begin(c, 16384);
	cpio_file(c, "cleave.dtb", t.fdt, fdt_totalsize(t.fdt));
	cpio_file(c, "k", kernel, sizeof(kernel));
	cpio_trailer(c);
	tree_end(&t);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t words = (size_t)(__stop_fuzz_data - __start_fuzz_data);

	(void)argc;
	(void)argv;
	saved = malloc(words * sizeof(*saved) + 1U);
	if (saved == NULL || freopen("/dev/null", "w", stdout) == NULL)
		abort();
	copy_words(saved, __start_fuzz_data, words);
	for (u32 i = 0; i < BOARD_ARCHIVES; i++)
		make_archive(&archives[i], i);
	return 0;
}

/* --- one input -------------------------------------------------------------------------------- */

static void need(bool good, const char *what, const char *text)
{
	if (good)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

/* All is said in lines, each by its weight, and who refuses says why. */
static void look_at(char *text, int code)
{
	bool error = false;

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		need(strncmp(line, "error: ", 7) == 0 || strncmp(line, "warning: ", 9) == 0 ||
			     strncmp(line, "note: ", 6) == 0,
		     "a line without a weight", line);
		for (const char *c = line; *c != '\0'; c++)
			need(*c >= ' ' && *c <= '~', "not printable", line);
		error = error || line[0] == 'e';
	}
	need(code == (error ? 1 : 0), "the exit code does not say what was said", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[] = { "cleave-check", "--tree", "0", "--svg", "s", "1", NULL, NULL, NULL };
	struct cpio *c = &archives[size != 0U ? data[0] % BOARD_ARCHIVES : 0U];
	char *text = NULL;
	size_t len = 0;
	int argc = 6;
	int code;

	/* fmemopen() has no empty files. */
	if (size < 2U || size > BOARD_TREE_MAX)
		return -1;
	if ((data[0] & 0x80U) != 0U) {
		argv[argc++] = "--archive-at";
		argv[argc++] = (data[0] & 0x40U) != 0U ? "anywhere" : "0x88000000";
	}
	file[0].data = data + 1;
	file[0].size = size - 1U;
	file[1].data = c->data;
	file[1].size = c->size;
	fuzz_stderr = open_memstream(&text, &len);
	if (fuzz_stderr == NULL)
		abort();
	code = fuzz_check_main(argc, argv);
	(void)fclose(fuzz_stderr);
	look_at(text, code);
	free(text);
	while (nr_maps != 0U) {
		nr_maps--;
		(void)munmap(map[nr_maps].at, map[nr_maps].size);
	}
	put_back();
	return 0;
}

/* --- trees that are still trees --------------------------------------------------------------- */

/* Change one property: bytes of its value, its name, or take it or a whole node away. */
static void change_property(char *fdt, unsigned int seed)
{
	static const u32 odd[] = { 0, 1, 3, 0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff };
	unsigned int skip = seed % 512U;
	int at = 0;
	int next = 0;
	u32 tag;

	do {
		at = next;
		tag = fdt_next_tag(fdt, at, &next);
		if (tag == FDT_END || next < 0)
			next = 0;
	} while (next >= 0 && (tag != FDT_PROP || skip-- != 0U) && (tag != FDT_END || skip > 8U));
	if (tag != FDT_PROP)
		return;
	fdt32_t *words = (fdt32_t *)(fdt + fdt_off_dt_struct(fdt) + at);
	u32 len = fdt32_to_cpu(words[1]);

	if (len >= 4U && seed % 5U < 2U)
		words[3U + seed / 512U % (len / 4U)] = cpu_to_fdt32(odd[seed / 8192U % 7U]);
	else if (len != 0U && seed % 5U == 2U)
		(void)LLVMFuzzerMutate((u8 *)&words[3], len, len);
	else if (seed % 5U == 3U)
		words[2] = cpu_to_fdt32(seed / 512U % (fdt_size_dt_strings(fdt) + 1U));
	else
		for (u32 i = 0; i < 3U + (len + 3U) / 4U; i++)
			words[i] = cpu_to_fdt32(FDT_NOP);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	char *fdt;

	if (seed % 8U == 0U || size < 2U || size > BOARD_TREE_MAX)
		return LLVMFuzzerMutate(data, size, max);
	if (seed % 8U == 1U) {
		data[0] = (u8)(seed >> 8);
		return size;
	}
	fdt = malloc(size);
	if (fdt == NULL)
		return size;
	memcpy(fdt, data + 1, size - 1U);
	if (size > sizeof(struct fdt_header) && fdt_read_unsafe(fdt) == NULL &&
	    fdt_check_full(fdt, size - 1U) == 0) {
		change_property(fdt, seed / 8U);
		memcpy(data + 1, fdt, size - 1U);
	}
	free(fdt);
	return size;
}
