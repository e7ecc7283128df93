/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does what no guest should. The bootarg hostile=WORD says what:
 *
 *   calls      SBI calls and hypercalls with hostile arguments, from all harts; it survives them
 *   devices    garbage to UART and PLIC; it survives
 *   csrs       every CSR number and privileged instructions; it survives
 *   hammer     hypercalls whose buffer another hart stores to all the time (a manager); it survives
 *   neighbour  harmless: it checks that it is left alone, until q tells it that the others are done
 *   any other  a word of fatal.c: it ends the partition
 */
#ifndef TESTS_GUESTS_HOSTILE_H
#define TESTS_GUESTS_HOSTILE_H

#include "tests/guests/random.h"

struct hostile {
	const void *fdt;
	u64 base; /* of this partition's memory */
	u64 size;
	u32 harts;
};

extern struct hostile self;

void test_calls(void);
void test_devices(void);
void test_csrs(void);
void test_hammer(void);

/** fatal() - do what @word names; returns only if there is no such word */
void fatal(const char *word);

#endif
