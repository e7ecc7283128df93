/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kexec - a program for Linux that loads a new kernel by hand: one of its own, which says that it
 * runs and shuts the partition down, or a Linux Image.
 *
 *   kexec [IMAGE INITRD]          load it, and start it
 *   kexec crash [IMAGE INITRD]    load it for a crash, in the memory that crashkernel= has reserved
 *
 * The new kernel gets the tree of the old one, changed in place: where the initrd is, and for a
 * crash that there is no memory but what was reserved.
 *
 * The way there is the kernel's own: it leaves its page tables, and counts on the fault of the next
 * fetch.
 */
#include <endian.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	  4096UL
#define TREE_MAX  (64UL * 1024UL)
#define ARCH_HERE (243UL << 16) /* EM_RISCV */
#define CHOSEN	  "/proc/device-tree/chosen/"
#define MEMORY	  "/proc/device-tree/memory@80000000/reg"
#define ANYWHERE  0x88000000UL /* memory of the guest that nothing has reserved */
#define INITRD_AT (64UL << 20) /* from there: a Linux Image uses less */
#define TREE_AT	  (96UL << 20)

/* DBCN's write_byte for each character, then SRST's shutdown */
/* Not among the functions: what follows the text's odd length there would not be aligned. */
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"kexec_code:\n"
	"	lla	s0, 3f\n"
	"1:	lbu	a0, 0(s0)\n"
	"	beqz	a0, 2f\n"
	"	li	a6, 2\n"
	"	li	a7, 0x4442434e\n"
	"	ecall\n"
	"	addi	s0, s0, 1\n"
	"	j	1b\n"
	"2:	li	a0, 0\n"
	"	li	a1, 0\n"
	"	li	a6, 0\n"
	"	li	a7, 0x53525354\n"
	"	ecall\n"
	"	j	2b\n"
	"3:	.asciz	\"\\nkexec: the new kernel runs\\n\"\n"
	"kexec_code_end:\n"
	".popsection\n");

extern const char kexec_code[], kexec_code_end[];

static char tree[TREE_MAX];

/* struct range - memory from @at to before @end */
struct range {
	unsigned long at;
	unsigned long end;
};

/* Return: where crashkernel= has reserved memory; all zero: nowhere */
static struct range kexec_reserved(void)
{
	FILE *f = fopen("/proc/iomem", "r");
	struct range out = { 0, 0 };
	char line[128];
	char *rest;

	while (f != NULL && out.at == 0 && fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "Crash kernel") == NULL)
			continue;
		out.at = strtoul(line, &rest, 16);
		out.end = strtoul(rest + 1, NULL, 16) + 1UL;
	}
	if (f != NULL)
		(void)fclose(f);
	return out;
}

/* Return: the content of a file, in whole pages; @size: out, bytes; NULL: it cannot be read */
static char *kexec_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	char *data = NULL;
	size_t room = 0;
	size_t got = 1;

	for (*size = 0; f != NULL && got != 0; *size += got) {
		if (*size == room) {
			room += 16UL << 20;
			data = realloc(data, room);
		}
		got = data != NULL ? fread(data + *size, 1, room - *size, f) : 0;
	}
	if (f != NULL)
		(void)fclose(f);
	return *size != 0 ? data : NULL;
}

/*
 * Change a property of the tree that holds @n 64-bit numbers, at most two. Return: 0; 1: its value
 * does not stand in the tree, or more than once, which was said
 */
static int kexec_change(const char *property, unsigned long first, unsigned long second, size_t n)
{
	FILE *f = fopen(property, "r");
	uint64_t is[2] = { htobe64(first), htobe64(second) };
	uint64_t was[2];
	size_t len = n * sizeof(was[0]);
	size_t found = 0;

	if (f != NULL && fread(was, len, 1, f) == 1) {
		for (size_t i = 0; i + len <= sizeof(tree); i += 4) {
			if (memcmp(tree + i, was, len) == 0) {
				memcpy(tree + i, is, len);
				found++;
			}
		}
	}
	if (f != NULL)
		(void)fclose(f);
	if (found != 1)
		(void)printf("kexec: %s is in the tree %zu times\n", property, found);
	return found != 1;
}

static unsigned long kexec_pages(size_t size)
{
	return (size + PAGE - 1UL) / PAGE * PAGE;
}

/*
 * Load. Return: 0; 1: that failed, which was said
 * @at: where the kernel goes; @initrd: or NULL
 */
static int kexec_load_at(unsigned long at, const char *kernel, size_t kernel_size,
			 const char *initrd, size_t initrd_size, size_t tree_size,
			 unsigned long flags)
{
	unsigned long tree_at = at + (initrd != NULL ? TREE_AT : kexec_pages(kernel_size));
	struct kexec_segment segment[3] = {
		{ kernel, kernel_size, (void *)at, kexec_pages(kernel_size) },
		{ tree, tree_size, (void *)tree_at, TREE_MAX },
		{ initrd, initrd_size, (void *)(at + INITRD_AT), kexec_pages(initrd_size) },
	};

	if (initrd != NULL &&
	    (kexec_change(CHOSEN "linux,initrd-start", at + INITRD_AT, 0, 1) != 0 ||
	     kexec_change(CHOSEN "linux,initrd-end", at + INITRD_AT + initrd_size, 0, 1) != 0))
		return 1;
	if (syscall(SYS_kexec_load, at, initrd != NULL ? 3UL : 2UL, segment, ARCH_HERE | flags) !=
	    0) {
		perror("kexec: kexec_load");
		return 1;
	}
	(void)printf("kexec: loaded at 0x%lx\n", at);
	return 0;
}

int main(int argc, char **argv)
{
	int crash = argc > 1 && strcmp(argv[1], "crash") == 0;
	char **files = argv + 1 + crash;
	struct range to = { ANYWHERE, 0 };
	const char *kernel = kexec_code;
	const char *initrd = NULL;
	size_t kernel_size = (size_t)(kexec_code_end - kexec_code);
	size_t initrd_size = 0;
	FILE *f = fopen("/sys/firmware/fdt", "r");
	size_t size = f != NULL ? fread(tree, 1, sizeof(tree), f) : 0;

	if (argc == 3 + crash) {
		kernel = kexec_read(files[0], &kernel_size);
		initrd = kexec_read(files[1], &initrd_size);
	}
	if (crash)
		to = kexec_reserved();
	if (size == 0 || kernel == NULL || to.at == 0) {
		(void)printf("kexec: %s\n", to.at == 0 ? "no memory is reserved"
						       : "a file or the device tree is missing");
		return 1;
	}
	/* After a crash the old kernel's memory is to stay as it is. */
	if (crash && initrd != NULL && kexec_change(MEMORY, to.at, to.end - to.at, 2) != 0)
		return 1;
	if (kexec_load_at(to.at, kernel, kernel_size, initrd, initrd_size, size,
			  crash ? KEXEC_ON_CRASH : 0UL) != 0)
		return 1;
	if (!crash)
		(void)reboot((int)LINUX_REBOOT_CMD_KEXEC);
	return 0;
}
