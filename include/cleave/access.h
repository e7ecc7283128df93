/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's access to an address, and the answer to it. The trap code finds out the access and acts
 * on the answer. core and mm/ pass both on without translating them.
 */
#ifndef CLEAVE_ACCESS_H
#define CLEAVE_ACCESS_H

#include <cleave/types.h>

/* Kinds of access: one bit each, so that a set of them is a mask. */
enum access {
	ACCESS_READ = 0x1,
	ACCESS_WRITE = 0x2,
	ACCESS_EXEC = 0x4, /* an instruction fetch */
};

/*
 * The answer to a guest-page fault. mm/ gives one of the first four. Where there is no memory, core
 * looks further, and answers one of the last three.
 */
enum fault_answer {
	/* Permission was added: flush the page on this hart and retry. */
	FAULT_GRANTED,
	/* The table already allows the access: flush on this hart and retry. */
	FAULT_SPURIOUS,
	/* Memory, or a device of the machine, is there and does not allow this access. */
	FAULT_FORBIDDEN,
	/* Nothing is there. */
	FAULT_NOTHING,
	/* An emulated device is there. */
	FAULT_EMULATED,
	/* Nothing is there any more, by nobody's fault: the guest gets an access fault. */
	FAULT_GONE,
};

/** fault_retry() - Return: true when the guest is to execute the instruction again */
static inline bool fault_retry(enum fault_answer answer)
{
	return answer <= FAULT_SPURIOUS;
}

#endif
