/* SPDX-License-Identifier: BSD-2-Clause */
/* Which side this partition is, and the subject's loop. */
#include "tests/guests/hypercall/hypercall_test.h"

static void touch_page(u64 page)
{
	*(volatile u64 *)(ARENA + page * PAGE_SIZE) += 1;
}

/* On the pages around the mailbox, which it writes to all the time */
static void work_on_own_log(volatile struct mailbox *m)
{
	static u64 bits;
	struct cleave_log_status status;
	const u32 self = CLEAVE_VM_SELF;
	const u64 first = (MAILBOX - SUBJECT_BASE) / PAGE_SIZE & ~UINT64_C(63);

	m->answer[ANSWER_GET] = cleave_log_bits(CLEAVE_FN_LOG_GET, self, 0, first, 64, &bits).error;
	m->answer[ANSWER_STATUS] = cleave_log_status(self, 0, &status).error;
	m->answer[ANSWER_GET_CLEAR] =
		cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, self, 0, first, 64, &bits).error;
	bits = UINT64_MAX;
	m->answer[ANSWER_CLEAR] =
		cleave_log_bits(CLEAVE_FN_LOG_CLEAR, self, 0, first, 64, &bits).error;
	m->answer[ANSWER_STOP] = cleave_log_stop(self, 0, CLEAVE_LOG_FLAG_COLLAPSE).error;
}

/* Every fourth round leaves its log on, and the next one cannot start another. */
static void log_itself(volatile struct mailbox *m)
{
	const u32 modes[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER, CLEAVE_LOG_INITIALLY_SET,
			      CLEAVE_LOG_DIRTY_BITS };

	m->answer[ANSWER_START] =
		cleave_log_start(CLEAVE_VM_SELF, 0, modes[m->counter % ARRAY_SIZE(modes)], 0).error;
	touch_page(m->counter % ARENA_PAGES);
	if (m->counter % 4U != 0)
		m->answer[ANSWER_STOP] =
			cleave_log_stop(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FLAG_COLLAPSE).error;
}

static void subject_do(volatile struct mailbox *m)
{
	switch (m->command) {
	case COMMAND_TOUCH:
		touch_page(m->argument & 0xffffU);
		touch_page(m->argument >> 16 & 0xffffU);
		break;
	case COMMAND_SHUTDOWN:
		sbi_shutdown(false);
	case COMMAND_FAULT:
		/* A vector that cannot be fetched ends a partition, whatever on-bad-access says. */
		csr_write(stvec, 0x40000000U);
		((void (*)(void))0x40000000)();
		break;
	case COMMAND_LOG:
		if (m->done == m->serial)
			break;
		m->answer[ANSWER_START] =
			cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FAULT, 0).error;
		work_on_own_log(m);
		break;
	case COMMAND_LOG_LOOP:
		log_itself(m);
		break;
	case COMMAND_UNLOG:
		work_on_own_log(m);
		break;
	default:
		break;
	}
}

/* It begins with the command of bootarg `command`, for managers that give it none. */
static void run_subject(const void *fdt)
{
	volatile struct mailbox *m = (volatile struct mailbox *)MAILBOX;
	u64 command = bootarg_number(fdt, "command", COMMAND_IDLE);

	memset((void *)MAILBOX, 0, sizeof(*m));
	/* After a restart the manager may give an order from here on, which must stay. */
	if (command != COMMAND_IDLE)
		m->command = command;
	m->magic = MAILBOX_MAGIC;
	for (;;) {
		u64 serial = m->serial;

		subject_do(m);
		m->done = serial;
		m->counter++;
		cpu_relax();
	}
}

static void find_subject(void)
{
	struct cleave_vm_info self, info;
	u32 ids[8];
	struct sbiret r = cleave_vm_list(ids, ARRAY_SIZE(ids));

	want(cleave_vm_info(CLEAVE_VM_SELF, &self), 0, "info of this partition");
	check_eq((u64)r.value, 2, "there are two partitions");
	check(ids[0] == 0 && ids[1] == 1, "their ids");
	subject = self.id == 0 ? 1 : 0;
	want(cleave_vm_info(subject, &info), 0, "info of the other");
	check(strcmp(info.name, "subject") == 0, "its name is \"%s\"", info.name);
	check_eq(info.memory, SUBJECT_SIZE, "its memory");
	check(info.overhead > 0 && info.overhead < 1048576, "its overhead: %lu bytes",
	      info.overhead);
}

/* What a partition that is no manager learns: nothing of others. It is the first of several. */
static void test_plain(void)
{
	u32 ids[8];

	check_eq(cleave_feature(CLEAVE_FEATURE_MANAGER), 0, "feature: no manager");
	check_eq(cleave_feature(CLEAVE_FEATURE_MAX_VMS), 1, "feature: ids up to its own");
	check_eq((u64)cleave_vm_list(ids, ARRAY_SIZE(ids)).value, 1, "it lists itself alone");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "subject") == 0)
		run_subject(fdt);
	if (strcmp(role, "plain") == 0) {
		test_plain();
		finish();
	}
	find_subject();
	if (strcmp(role, "reborn") == 0) {
		given_and_reborn();
		finish();
	}
	if (strcmp(role, "steps") == 0) {
		created_in_steps();
		finish();
	}
	own_isa = fdt_isa(fdt);
	default_log = bootarg_number(fdt, "eager", 1U) != 0U ? CLEAVE_LOG_EAGER : CLEAVE_LOG_FAULT;
	map_view();
	wait_up();
	wait_state(CLEAVE_VM_RUNNING);
	check(true, "the subject counts");
	test_arguments();
	test_owner();
	test_log();
	test_life();
	finish();
}
