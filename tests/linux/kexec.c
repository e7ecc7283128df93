/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kexec - a program for Linux that loads a new "kernel" by hand, which says that it runs and shuts
 * the partition down.
 *
 *   kexec          load it, and start it
 *   kexec crash    load it for a crash, in the memory that crashkernel= has reserved
 *
 * The way there is the kernel's own: it leaves its page tables, and counts on the fault of the next
 * fetch.
 */
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	  4096UL
#define TREE_MAX  (64UL * 1024UL)
#define ARCH_HERE (243UL << 16) /* EM_RISCV */
#define ANYWHERE  0x88000000UL	/* memory of the guest that nothing has reserved */

/* DBCN's write_byte for each character, then SRST's shutdown */
__asm__(".balign 8\n"
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
	"kexec_code_end:\n");

extern const char kexec_code[], kexec_code_end[];

static char tree[TREE_MAX];

/* Return: where crashkernel= has reserved memory; 0: nowhere */
static unsigned long reserved(void)
{
	FILE *f = fopen("/proc/iomem", "r");
	char line[128];
	unsigned long at = 0;

	while (f != NULL && at == 0 && fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "Crash kernel") != NULL)
			at = strtoul(line, NULL, 16);
	}
	if (f != NULL)
		(void)fclose(f);
	return at;
}

int main(int argc, char **argv)
{
	int crash = argc > 1 && strcmp(argv[1], "crash") == 0;
	unsigned long at = crash ? reserved() : ANYWHERE;
	FILE *f = fopen("/sys/firmware/fdt", "r");
	size_t size = f != NULL ? fread(tree, 1, sizeof(tree), f) : 0;
	struct kexec_segment segment[2] = {
		{ kexec_code, (size_t)(kexec_code_end - kexec_code), (void *)at, PAGE },
		{ tree, size, (void *)(at + PAGE), TREE_MAX },
	};

	if (at == 0 || size == 0) {
		(void)printf("kexec: %s\n", at == 0 ? "no memory is reserved" : "no device tree");
		return 1;
	}
	if (syscall(SYS_kexec_load, at, 2UL, segment, ARCH_HERE | (crash ? KEXEC_ON_CRASH : 0UL)) !=
	    0) {
		perror("kexec: kexec_load");
		return 1;
	}
	(void)printf("kexec: loaded at 0x%lx\n", at);
	if (!crash)
		(void)reboot((int)LINUX_REBOOT_CMD_KEXEC);
	return 0;
}
