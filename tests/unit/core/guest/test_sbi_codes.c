/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which error a guest is answered. All numbers here are the SBI specification's own (version 3.0,
 * "Binary Encoding", table of standard errors, and the tables of each extension): none of them
 * comes from a header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/guest/hypercall.c"
#include "core/guest/sbi.c"
#include "core/guest/sbi_base.c"
#include "core/guest/sbi_dbcn.c"
#include "core/guest/sbi_hsm.c"
#include "core/guest/sbi_ipi.c"
#include "core/guest/sbi_rfence.c"
#include "core/guest/sbi_srst.c"
#include "core/guest/sbi_susp.c"
#include "core/guest/sbi_time.c"

#define BASE 0x10
#define TIME 0x54494D45
#define IPI  0x735049
#define RFNC 0x52464E43
#define HSM  0x48534D
#define SRST 0x53525354
#define DBCN 0x4442434E
#define SUSP 0x53555350
#define OWN  0x08434C56

#define MEMORY UINT64_C(0x80000000)
#define SIZE   UINT64_C(0x200000)

const struct sbi_ext *const cleave_sbi_start[] = { &sbi_base,	&sbi_time, &sbi_ipi,
						   &sbi_rfence, &sbi_hsm,  &sbi_srst,
						   &sbi_dbcn,	&sbi_susp, &hypercall_ext };
/* Here the linker script puts an end after them. */
_Static_assert(ARRAY_SIZE(cleave_sbi_start) * 8U == 72U, "the end, below");
__asm__(".globl cleave_sbi_end\n.set cleave_sbi_end, cleave_sbi_start + 72");

struct features features;
struct boot_args boot_args;

static struct config_partition cfg;
static struct vm vm;
static struct vcpu vcpu[2];
static int start_answer;
static int call_answer;
static char did[64];

/* --- the rest of the hypervisor --------------------------------------------------------------- */

static void note(const char *what)
{
	strncat(did, what, sizeof(did) - strlen(did) - 1U);
}

int vcpu_start(struct vcpu *v, u64 pc, u64 opaque)
{
	(void)v;
	(void)pc;
	(void)opaque;
	return start_answer;
}

void vcpu_irq_soft(struct vcpu *v)
{
	note(v == &vcpu[0] ? "ipi0 " : "ipi1 ");
}

void shootdown_guest(struct vcpu *self, u64 mask, const struct flush_request *r)
{
	(void)self;
	(void)r;
	note(mask == 1U ? "fence0 " : mask == 2U ? "fence1 " : "fence01 ");
}

bool sched_defer_late(struct vcpu *v)
{
	(void)v;
	return false;
}

void sched_set_guest_timer(struct vcpu *v, u64 value)
{
	(void)v;
	(void)value;
	note("timer ");
}

void vm_stop_self(struct vm *v, const struct cleave_fault *fault, const char *why)
{
	(void)v;
	(void)fault;
	(void)why;
	note("stop ");
}

void vm_restart_self(struct vm *v, const char *why)
{
	(void)v;
	(void)why;
	note("restart ");
}

void firmware_info(struct firmware_info *out)
{
	*out = (struct firmware_info){ .mvendorid = 1, .marchid = 2, .mimpid = 3 };
}

u64 console_tty_write(struct console_tty *t, const u8 *data, u64 len)
{
	(void)t;
	(void)data;
	return len;
}

u64 vuart_take(struct vuart *u, u8 *data, u64 len)
{
	(void)u;
	(void)data;
	return len;
}

int space_read(struct space *sp, gpa_t gpa, void *data, u64 len)
{
	(void)sp;
	(void)gpa;
	(void)data;
	(void)len;
	return CLV_ERR_RANGE;
}

int space_write(struct space *sp, gpa_t gpa, const void *data, u64 len)
{
	(void)data;
	return space_read(sp, gpa, NULL, len);
}

u64 timer_frequency(void)
{
	return 1;
}

u32 schedule_plans(void)
{
	return 1;
}

u32 vm_count(void)
{
	return 1;
}

int hypercall_vm(struct vcpu *v, u64 fn, u64 *value)
{
	(void)v;
	(void)fn;
	*value = 77;
	return call_answer;
}

int hypercall_memory(struct vcpu *v, u64 fn, u64 *value)
{
	return hypercall_vm(v, fn, value);
}

int hypercall_log(struct vcpu *v, u64 fn, u64 *value)
{
	return hypercall_vm(v, fn, value);
}

int hypercall_state(struct vcpu *v, u64 fn, u64 *value)
{
	return hypercall_vm(v, fn, value);
}

int hypercall_machine(struct vcpu *v, u64 fn, u64 *value)
{
	return hypercall_vm(v, fn, value);
}

int hypercall_stats(struct vcpu *v, u64 fn, u64 *value)
{
	return hypercall_vm(v, fn, value);
}

int hypercall_schedule(const struct vcpu *v, u64 fn, u64 *value)
{
	(void)v;
	(void)fn;
	*value = 77;
	return call_answer;
}

/* --- a guest ---------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(vcpu, 0, sizeof(vcpu));
	cfg = (struct config_partition){ .nr_memory = 1 };
	cfg.memory[0] = (struct config_memory){ MEMORY, SIZE };
	vm.cfg = &cfg;
	vm.run.nr_vcpus = 2;
	for (u32 i = 0; i < 2U; i++) {
		vcpu[i] = (struct vcpu){ .vm = &vm, .run = &vm.run, .id = i };
		vm.run.vcpu[i] = &vcpu[i];
	}
	start_answer = CLV_OK;
	did[0] = '\0';
	return 0;
}

/* Return: a0, the error. */
static long ecall(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2, u64 a3)
{
	u64 *x = vcpu[0].guest.x;

	did[0] = '\0';
	x[10] = a0;
	x[11] = a1;
	x[12] = a2;
	x[13] = a3;
	x[14] = 0;
	x[15] = 0;
	x[16] = fid;
	x[17] = eid;
	(void)sbi_handle(&vcpu[0]);
	return (long)x[10];
}

static u64 value(void)
{
	return vcpu[0].guest.x[11];
}

/* --- the tests -------------------------------------------------------------------------------- */

static void test_what_is_not_there(void **state)
{
	static const u64 eids[] = {
		0, 1, 8, 0x504D55, 0x535345, UINT64_MAX, UINT64_C(1) << 32 | TIME
	};
	static const u64 last[][2] = { { BASE, 7 }, { TIME, 1 },  { IPI, 1 },  { RFNC, 3 },
				       { HSM, 4 },  { SRST, 1 },  { DBCN, 3 }, { SUSP, 1 },
				       { OWN, 2 },  { OWN, 0x70 } };

	(void)state;
	assert_int_equal(sbi_ext_init(), 0);
	for (u32 i = 0; i < ARRAY_SIZE(eids); i++)
		assert_int_equal(ecall(eids[i], 0, 0, 0, 0, 0), -2);
	for (u32 i = 0; i < ARRAY_SIZE(last); i++) {
		assert_int_equal(ecall(last[i][0], last[i][1], 0, 0, 0, 0), -2);
		assert_int_equal(ecall(last[i][0], UINT64_C(1) << 32, 0, 0, 0, 0), -2);
	}
	/* What is there is found, by its number. */
	for (u32 i = 0; i < ARRAY_SIZE(last); i++) {
		assert_int_equal(ecall(BASE, 3, last[i][0], 0, 0, 0), 0);
		assert_int_equal(value(), 1);
	}
	assert_int_equal(ecall(BASE, 3, 0, 0, 0, 0), 0);
	assert_int_equal(value(), 0);
	assert_int_equal(ecall(BASE, 0, 0, 0, 0, 0), 0);
	assert_int_equal(value(), 2U << 24);
}

static void test_harts(void **state)
{
	(void)state;
	assert_int_equal(ecall(HSM, 0, 2, MEMORY, 0, 0), -3);
	assert_int_equal(ecall(HSM, 0, 1, MEMORY + SIZE, 0, 0), -5);
	assert_int_equal(ecall(HSM, 0, 1, MEMORY + 1U, 0, 0), -5);
	start_answer = CLV_ERR_STATE;
	assert_int_equal(ecall(HSM, 0, 1, MEMORY, 0, 0), -6);
	start_answer = CLV_OK;
	assert_int_equal(ecall(HSM, 0, 1, MEMORY, 0, 0), 0);
	assert_int_equal(ecall(HSM, 2, 2, 0, 0, 0), -3);
	/* States: 0 started, 1 stopped, 2 to be started, 3 to be stopped, 4 suspended */
	vcpu[1].hsm = VCPU_STARTED;
	assert_int_equal(ecall(HSM, 2, 1, 0, 0, 0), 0);
	assert_int_equal(value(), 0);
	vcpu[1].hsm = VCPU_STOPPED;
	(void)ecall(HSM, 2, 1, 0, 0, 0);
	assert_int_equal(value(), 1);
	vcpu[1].hsm = VCPU_START_PENDING;
	(void)ecall(HSM, 2, 1, 0, 0, 0);
	assert_int_equal(value(), 2);
	vcpu[1].hsm = VCPU_CLAIMED;
	(void)ecall(HSM, 2, 1, 0, 0, 0);
	assert_int_equal(value(), 2);
	vcpu[1].hsm = VCPU_STOP_PENDING;
	(void)ecall(HSM, 2, 1, 0, 0, 0);
	assert_int_equal(value(), 3);
	vcpu[1].hsm = VCPU_SUSPENDED;
	(void)ecall(HSM, 2, 1, 0, 0, 0);
	assert_int_equal(value(), 4);
	/* Suspend: 0 and 0x80000000 are the two types that there are. */
	assert_int_equal(ecall(HSM, 3, 1, 0, 0, 0), -3);
	assert_int_equal(ecall(HSM, 3, 0x10000000, 0, 0, 0), -3);
	assert_int_equal(ecall(HSM, 3, 0x80000001, MEMORY, 0, 0), -3);
	assert_int_equal(ecall(HSM, 3, 0x80000000, MEMORY - 4U, 0, 0), -5);
	assert_int_equal(ecall(HSM, 3, 0x80000000, MEMORY, 0, 0), 0);
	assert_int_equal(ecall(HSM, 3, 0, 0, 0, 0), 0);
}

static void test_other_harts(void **state)
{
	(void)state;
	assert_int_equal(ecall(IPI, 0, 4, 0, 0, 0), -3);
	assert_int_equal(ecall(IPI, 0, 1, 2, 0, 0), -3);
	assert_string_equal(did, "");
	assert_int_equal(ecall(IPI, 0, 0, UINT64_MAX, 0, 0), 0);
	assert_string_equal(did, "ipi0 ipi1 ");
	assert_int_equal(ecall(RFNC, 0, 4, 0, 0, 0), -3);
	assert_int_equal(ecall(RFNC, 1, 4, 0, 0, 0), -3);
	assert_int_equal(ecall(RFNC, 1, 1, 0, UINT64_MAX - 0xfffU, 0x2000), -5);
	assert_int_equal(ecall(RFNC, 2, 1, 0, UINT64_MAX - 0xfffU, 0x2000), -5);
	assert_string_equal(did, "");
	assert_int_equal(ecall(RFNC, 0, 2, 0, 0, 0), 0);
	assert_string_equal(did, "fence1 ");
	assert_int_equal(ecall(RFNC, 1, 3, 0, 0, 0), 0);
	assert_string_equal(did, "fence01 ");
	assert_int_equal(ecall(TIME, 0, 5, 0, 0, 0), 0);
	assert_string_equal(did, "timer ");
}

static void test_resets_and_the_console(void **state)
{
	(void)state;
	assert_int_equal(ecall(SRST, 0, 3, 0, 0, 0), -3);
	assert_int_equal(ecall(SRST, 0, 0, 2, 0, 0), -3);
	assert_int_equal(ecall(SRST, 0, 0xf0000000, 0, 0, 0), -3);
	assert_string_equal(did, "");
	(void)ecall(SRST, 0, 0, 0, 0, 0);
	assert_string_equal(did, "stop ");
	(void)ecall(SRST, 0, 1, 0, 0, 0);
	assert_string_equal(did, "restart ");
	(void)ecall(SRST, 0, 2, 1, 0, 0);
	assert_string_equal(did, "restart ");
	assert_int_equal(ecall(DBCN, 0, 8, MEMORY - 4U, 0, 0), -3);
	assert_int_equal(ecall(DBCN, 0, 8, MEMORY, 1, 0), -3);
	assert_int_equal(ecall(DBCN, 1, 8, MEMORY + SIZE - 4U, 0, 0), -3);
	/* Its memory is not there: an error of input or output. */
	assert_int_equal(ecall(DBCN, 0, 8, MEMORY, 0, 0), -1);
	assert_int_equal(ecall(DBCN, 1, 8, MEMORY, 0, 0), -1);
	assert_int_equal(ecall(DBCN, 2, 'a', 0, 0, 0), 0);
}

/* Sleep: type 0 is the only one, and the vCPU must be the last that has not stopped. */
static void test_sleep(void **state)
{
	(void)state;
	vcpu[1].hsm = VCPU_STARTED;
	assert_int_equal(ecall(SUSP, 0, 1, MEMORY, 0, 0), -3);
	assert_int_equal(ecall(SUSP, 0, 0x80000000, MEMORY, 0, 0), -3);
	assert_int_equal(ecall(SUSP, 0, 0, MEMORY + SIZE, 0, 0), -5);
	assert_int_equal(ecall(SUSP, 0, 0, MEMORY, 0, 0), -4);
	vcpu[1].hsm = VCPU_SUSPENDED;
	assert_int_equal(ecall(SUSP, 0, 0, MEMORY, 0, 0), -4);
	vcpu[1].hsm = VCPU_STOPPED;
	assert_int_equal(ecall(SUSP, 0, 0, MEMORY, 0, 0), 0);
	assert_true(vcpu[0].suspend_jump);
}

/* What the hypervisor's own functions answer, as the SBI has it */
static void test_hypercalls(void **state)
{
	static const int codes[][2] = {
		{ CLV_OK, 0 },		{ CLV_ERR_INVAL, -3 },	{ CLV_ERR_NOTFOUND, -3 },
		{ CLV_ERR_RANGE, -5 },	{ CLV_ERR_FAULT, -5 },	{ CLV_ERR_EXISTS, -6 },
		{ CLV_ERR_DENIED, -4 }, { CLV_ERR_NOMEM, -1 },	{ CLV_ERR_BUSY, -1 },
		{ CLV_ERR_FORMAT, -1 }, { CLV_ERR_STATE, -10 }, { CLV_ERR_UNSUPPORTED, -2 },
	};

	(void)state;
	for (u64 group = 0x10; group < 0x70U; group += 0x10U) {
		for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
			call_answer = codes[i][0];
			assert_int_equal(ecall(OWN, group, 0, 0, 0, 0), codes[i][1]);
			assert_int_equal(value(), call_answer == CLV_OK ? 77 : 0);
		}
		/* It says which record is missing. */
		call_answer = HYPERCALL_MISSING;
		assert_int_equal(ecall(OWN, group, 0, 0, 0, 0), -10);
		assert_int_equal(value(), 77);
	}
	assert_int_equal(ecall(OWN, 0, 0, 0, 0, 0), 0);
}

/* The names that guests and tools are built with */
static void test_names(void **state)
{
	(void)state;
	assert_int_equal(SBI_ERR_ALREADY_STARTED, -7);
	assert_int_equal(SBI_ERR_ALREADY_STOPPED, -8);
	assert_int_equal(SBI_ERR_NO_SHMEM, -9);
	assert_int_equal(SBI_ERR_INVALID_STATE, -10);
	assert_int_equal(SBI_ERR_BAD_RANGE, -11);
	assert_int_equal(SBI_ERR_TIMEOUT, -12);
	assert_int_equal(SBI_ERR_IO, -13);
	assert_int_equal(SBI_ERR_DENIED_LOCKED, -14);
	assert_int_equal(SBI_ERR_FAILED, -1);
	assert_int_equal(SBI_ERR_NOT_SUPPORTED, -2);
	assert_int_equal(SBI_ERR_INVALID_PARAM, -3);
	assert_int_equal(SBI_ERR_DENIED, -4);
	assert_int_equal(SBI_ERR_INVALID_ADDRESS, -5);
	assert_int_equal(SBI_ERR_ALREADY_AVAILABLE, -6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_is_not_there, begin),
		cmocka_unit_test_setup(test_harts, begin),
		cmocka_unit_test_setup(test_other_harts, begin),
		cmocka_unit_test_setup(test_resets_and_the_console, begin),
		cmocka_unit_test_setup(test_sleep, begin),
		cmocka_unit_test_setup(test_hypercalls, begin),
		cmocka_unit_test_setup(test_names, begin),
	};

	return cmocka_run_group_tests_name("sbi_codes", tests, NULL, NULL);
}
