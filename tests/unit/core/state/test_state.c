/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records (core/state/, arch/riscv/model/guest_state.c). What is read is what was there. What
 * is set in another slot, in any order, is what was read. Whatever else a record says is refused
 * without a change, or makes a VM that is possible.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/errno.h>
#include "tests/unit/core/state/state_world.h"

static struct world source, slot, before;
static u8 record[CLEAVE_STATE_MAX] __attribute__((aligned(8)));
static u8 again[CLEAVE_STATE_MAX] __attribute__((aligned(8)));

static struct cleave_state_head *head(void)
{
	return (struct cleave_state_head *)(void *)record;
}

/* Make a source in which everything is used, and a slot that was created. */
static void make(u32 vcpus, u32 vlenb, u64 seed)
{
	world_init(&source, vcpus, vlenb, 16);
	world_live(&source, seed);
	assert_null(world_why_insane(&source));
	world_init(&slot, vcpus, vlenb, 16);
	assert_null(world_why_insane(&slot));
}

/* Set `record`. A refusal must change nothing; an acceptance must leave a VM that is possible. */
static int set(u64 size)
{
	int err;

	memcpy(&before, &slot, sizeof(slot));
	err = state_set(&slot.vm, record, size);
	if (err != CLV_OK)
		assert_memory_equal(&before, &slot, sizeof(slot));
	if (world_why_insane(&slot) != NULL)
		fail_msg("record 0x%x: %s", head()->kind, world_why_insane(&slot));
	return err;
}

static u32 records(void)
{
	u32 n = 0;

	while (world_record(&source, n, record) != 0U)
		n++;
	return n;
}

/* --- there and back --------------------------------------------------------------------------- */

static void listing(void **state)
{
	static struct cleave_state_head heads[STATE_RECORDS_MAX];
	u64 last = 0;
	u32 nr;

	(void)state;
	make(4, WORLD_VLENB, 1);
	nr = state_list(&source.vm, heads, STATE_RECORDS_MAX);
	assert_int_equal(nr, 8U + 8U * 4U);
	assert_int_equal(STATE_RECORDS_MAX, 8U + 8U * CONFIG_MAX_VCPUS);
	assert_int_equal(state_list(&source.vm, heads, 3), nr);
	nr = state_list(&source.vm, heads, STATE_RECORDS_MAX);
	for (u32 n = 0; n < nr; n++) {
		u64 at = (u64)heads[n].kind << 32 | heads[n].instance;

		assert_true(at > last);
		last = at;
		assert_true(state_exists(&source.vm, heads[n].kind, heads[n].instance));
		assert_int_equal(heads[n].flags,
				 heads[n].kind == CLEAVE_STATE_IDENTITY ||
						 heads[n].kind == CLEAVE_STATE_GENERATION
					 ? 0U
					 : CLEAVE_STATE_MANDATORY);
		assert_int_equal(world_record(&source, n, record), 16U + heads[n].length);
		assert_memory_equal(record, &heads[n], 16);
	}
	assert_false(state_exists(&source.vm, CLEAVE_STATE_REGS, 4));
	assert_false(state_exists(&source.vm, CLEAVE_STATE_UART, 1));
	assert_false(state_exists(&source.vm, 0, 0));
	assert_false(state_exists(&source.vm, 1ULL << 32 | CLEAVE_STATE_UART, 0));
	make(3, 0, 1);
	assert_int_equal(state_list(&source.vm, heads, STATE_RECORDS_MAX), 8U + 4U * 3U);
	assert_false(state_exists(&source.vm, CLEAVE_STATE_FP, 0));
	assert_false(state_exists(&source.vm, CLEAVE_STATE_VECTOR, 0));
}

/* Return: true when record @n of the source is one that a VM needs. */
static bool needed(u32 n)
{
	(void)world_record(&source, n, record);
	return (head()->flags & CLEAVE_STATE_MANDATORY) != 0U;
}

/* Records set in any order give the same VM, which is the one that was read. */
static void round_trip(void **state)
{
	u64 seed = 7;

	(void)state;
	for (u32 round = 0; round < 300U; round++) {
		u32 order[64], nr;

		make(1U + round % 4U, round % 3U == 0U ? 0U : WORLD_VLENB, 100U + round);
		/* A slot takes over which contexts the guest's PLIC has. */
		vplic_layout(&source.vm.plic, round % 2U != 0U);
		source.vm.plic.m[round % 4U % source.vm.run.nr_vcpus].enable =
			round % 2U != 0U ? 2U * round : 0U;
		nr = records();
		for (u32 n = 0; n < nr; n++)
			order[n] = n;
		for (u32 n = nr; n > 1U; n--) {
			u32 other = (u32)(world_random(&seed) % n), kept = order[n - 1U];

			order[n - 1U] = order[other];
			order[other] = kept;
		}
		for (u32 n = 0; n < nr; n++) {
			bool more = false;

			for (u32 k = n; k < nr; k++)
				more = more || needed(order[k]);
			assert_int_equal(state_missing(&slot.vm) != 0U, more);
			assert_int_equal(vm_records_allow_run(&slot.vm), n == 0U || !more);
			assert_int_equal(set(world_record(&source, order[n], record)), CLV_OK);
		}
		assert_int_equal(state_missing(&slot.vm), 0);
		assert_true(vm_records_allow_run(&slot.vm));
		for (u32 n = 0; n < nr; n++) {
			u32 size = world_record(&source, n, record);

			assert_int_equal(world_record(&slot, n, again), size);
			assert_memory_equal(record, again, size);
		}
		assert_int_equal(slot.time, source.time);
		for (u32 i = 0; i < slot.vm.run.nr_vcpus; i++) {
			assert_int_equal(slot.vcpu[i].irq_level, source.vcpu[i].irq_level);
			assert_int_equal(slot.vcpu[i].hsm, source.vcpu[i].hsm);
			assert_null(slot.vcpu[i].guest.fp_hart);
		}
		assert_int_equal(slot.vm.plic.out, source.vm.plic.out);
		assert_int_equal(slot.vm.plic.level, source.vm.plic.level);
		assert_int_equal(slot.vm.plic.ms, source.vm.plic.ms);
		vm_records_settle(&slot.vm);
		assert_false(slot.vm.tty.rx_frozen);
		assert_true(vm_records_allow_run(&slot.vm));
	}
}

/* The records of one vCPU without V together take less than 4 KiB. */
static void size_of_a_vcpu(void **state)
{
	u32 bytes = 0, size;

	(void)state;
	make(4, WORLD_VLENB, 3);
	for (u32 n = 0; (size = world_record(&source, n, record)) != 0U; n++) {
		if (head()->kind >> 8 == 0x02U && head()->kind < CLEAVE_STATE_VECTOR &&
		    head()->instance == 1U)
			bytes += size;
	}
	assert_true(bytes > 600U);
	assert_true(bytes < 4096U);
}

/* --- what must be refused --------------------------------------------------------------------- */

static void truncated(void **state)
{
	(void)state;
	make(2, WORLD_VLENB, 4);
	for (u32 n = 0, size; (size = world_record(&source, n, record)) != 0U; n++) {
		u32 length = head()->length;

		/* The head says one length, the buffer has another. */
		for (u32 at = sizeof(struct cleave_state_head); at < size; at++)
			assert_int_equal(set(at), CLV_ERR_INVAL);
		assert_int_equal(set(size + 1U), CLV_ERR_INVAL);
		head()->length = UINT32_MAX;
		assert_int_equal(set(size), CLV_ERR_INVAL);
		/* Both agree on too little or too much. Records of the console have any length. */
		if (head()->kind >> 8 == 0x04U)
			continue;
		for (u32 at = 0; at < length; at++) {
			head()->length = at;
			assert_int_equal(set(sizeof(struct cleave_state_head) + at), CLV_ERR_INVAL);
		}
		for (u32 more = 1; more < 20U; more++) {
			head()->length = length + more;
			assert_int_equal(set(size + more), CLV_ERR_INVAL);
		}
	}
}

/* Whose guest it is: any uuid but 0, and a name that can be printed. A VM need not be told. */
static void identity(void **state)
{
	static const struct cleave_state_identity good = { .uuid = { 9 }, .name = "lin-1" };
	struct cleave_state_identity bad[5];
	u32 n = 0;
	u32 size;

	(void)state;
	make(1, 0, 3);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[0].uuid[0] = 0;
	bad[1].name[2] = '\n';
	bad[2].name[20] = 'x'; /* after the end */
	bad[3].name[0] = '\0';
	memset(bad[4].name, 'x', sizeof(bad[4].name));
	while ((size = world_record(&source, n, record)) != 0U &&
	       head()->kind != CLEAVE_STATE_IDENTITY)
		n++;
	assert_int_equal(size, sizeof(struct cleave_state_head) + sizeof(good));
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		memcpy(head() + 1, &bad[i], sizeof(bad[i]));
		assert_int_equal(set(size), CLV_ERR_INVAL);
	}
	memcpy(head() + 1, &good, sizeof(good));
	assert_int_equal(set(size), CLV_OK);
	assert_memory_equal(&slot.vm.guest, &good, sizeof(good));
	assert_memory_equal(&slot.vm.own, &source.vm.own, sizeof(good));
}

static void unknown(void **state)
{
	(void)state;
	make(2, WORLD_VLENB, 5);
	for (u32 n = 0, size; (size = world_record(&source, n, record)) != 0U; n++) {
		const struct cleave_state_head kept = *head();

		for (u32 version = 0; version < 0x10000U; version += version < 4U ? 1U : 0x3ffU) {
			if (version == CLEAVE_STATE_VERSION)
				continue;
			head()->version = (u16)version;
			head()->flags = CLEAVE_STATE_MANDATORY;
			assert_int_equal(set(size), CLV_ERR_UNSUPPORTED);
			head()->flags = 0;
			assert_int_equal(set(size), CLV_OK);
			assert_memory_equal(&before, &slot, sizeof(slot));
		}
		*head() = kept;
		head()->flags = CLEAVE_STATE_MANDATORY;
		head()->kind ^= 0x8000U;
		assert_int_equal(set(size), CLV_ERR_UNSUPPORTED);
		head()->flags = 0;
		assert_int_equal(set(size), CLV_OK);
		assert_memory_equal(&before, &slot, sizeof(slot));
		*head() = kept;
		for (u32 bit = 1; bit < 16U; bit++) {
			head()->flags = (u16)(CLEAVE_STATE_MANDATORY | 1U << bit);
			assert_int_equal(set(size), CLV_ERR_INVAL);
		}
		*head() = kept;
		head()->instance = kept.kind >> 8 == 0x02U ? 2U : 1U;
		assert_int_equal(set(size), CLV_ERR_INVAL);
		head()->instance = UINT32_MAX;
		assert_int_equal(set(size), CLV_ERR_INVAL);
		/* A known record counts also when it says that it is not mandatory. */
		*head() = kept;
		head()->flags = 0;
		assert_int_equal(set(size), CLV_OK);
	}
	assert_int_equal(state_missing(&slot.vm), 0);
}

#define FIELD(kind, type, member, value, error)                              \
	{ kind,	 offsetof(type, member), sizeof(((type *)0)->member), value, \
	  error, #member " = " #value }
#define REGS(m, v)   FIELD(CLEAVE_STATE_REGS, struct cleave_state_regs, m, v, CLV_ERR_INVAL)
#define CSRS(m, v)   FIELD(CLEAVE_STATE_CSRS, struct cleave_state_csrs, m, v, CLV_ERR_INVAL)
#define RUN(m, v)    FIELD(CLEAVE_STATE_RUN, struct cleave_state_run, m, v, CLV_ERR_INVAL)
#define VEC(m, v)    FIELD(CLEAVE_STATE_VECTOR, struct cleave_state_vector, m, v, CLV_ERR_INVAL)
#define UART(m, v)   FIELD(CLEAVE_STATE_UART, struct cleave_state_uart, m, v, CLV_ERR_INVAL)
#define PLIC(m, v)   FIELD(CLEAVE_STATE_PLIC, struct cleave_state_plic, m, v, CLV_ERR_INVAL)
#define CONFIG(m, v) FIELD(CLEAVE_STATE_CONFIG, struct cleave_state_config, m, v, CLV_ERR_INVAL)
#define LACKS(m, v) \
	FIELD(CLEAVE_STATE_CONFIG, struct cleave_state_config, m, v, CLV_ERR_UNSUPPORTED)

/* Records with one wrong field */
static const struct {
	u32 kind;
	size_t at, size;
	u64 value;
	int error;
	const char *name;
} hostile[] = {
	CONFIG(vcpus, 1),
	CONFIG(vcpus, 3),
	CONFIG(vcpus, UINT32_MAX),
	CONFIG(regions, 0),
	CONFIG(regions, 1),
	CONFIG(regions, 3),
	CONFIG(regions, UINT32_MAX),
	CONFIG(flags, 4),
	CONFIG(flags, 1U << 31),
	CONFIG(flags, CLEAVE_STATE_CONFIG_FP), /* and vlenb is not 0 */
	CONFIG(vlenb, 0),
	LACKS(vlenb, 32),
	LACKS(vlenb, UINT32_MAX),
	LACKS(asid_bits, 17),
	LACKS(asid_bits, UINT32_MAX),
	LACKS(cbom_block, 32),
	LACKS(cbom_block, UINT16_MAX),
	LACKS(cboz_block, 64),
	LACKS(cboz_block, 256),
	CONFIG(timebase, 0),
	CONFIG(timebase, 10000001),
	{ CLEAVE_STATE_CONFIG, 32, 8, 0x80001000, CLV_ERR_INVAL, "gpa of region 0" },
	{ CLEAVE_STATE_CONFIG, 40, 8, 0x2000000, CLV_ERR_INVAL, "size of region 0" },
	{ CLEAVE_STATE_CONFIG, 56, 8, 0, CLV_ERR_INVAL, "size of region 1" },
	REGS(pc, 1),
	REGS(pc, UINT64_MAX),
	REGS(mode, 2),
	REGS(mode, UINT32_MAX),
	REGS(reserved, 1),
	CSRS(sstatus, 0), /* UXL */
	CSRS(sstatus, 1ULL << 32),
	CSRS(sstatus, 3ULL << 32),
	CSRS(sstatus, 2ULL << 32 | 1ULL << 63),
	CSRS(sstatus, 2ULL << 32 | 1ULL),
	CSRS(sie, 1),
	CSRS(sie, 1ULL << 13),
	CSRS(sie, UINT64_MAX),
	CSRS(stvec, 2),
	CSRS(stvec, 3),
	CSRS(sepc, 1),
	CSRS(scounteren, 1ULL << 32),
	CSRS(senvcfg, 2),
	CSRS(senvcfg, 1ULL << 63),
	CSRS(sstateen0, 8),
	CSRS(sip, 1),
	CSRS(sip, 1ULL << 5),
	CSRS(sip, 1ULL << 9),
	CSRS(satp, 1ULL << 60),
	CSRS(satp, 7ULL << 60),
	CSRS(satp, 11ULL << 60),
	CSRS(satp, UINT64_MAX),
	FIELD(CLEAVE_STATE_CSRS, struct cleave_state_csrs, satp, 10ULL << 60, CLV_ERR_UNSUPPORTED),
	RUN(hsm, 5),
	RUN(hsm, 6),
	RUN(hsm, 7),
	RUN(hsm, UINT32_MAX),
	RUN(flags, 8),
	RUN(flags, CLEAVE_STATE_RUN_JUMP), /* it is started */
	RUN(start, 0x80000000),		   /* it starts nowhere */
	RUN(opaque, 1),
	FIELD(CLEAVE_STATE_FP, struct cleave_state_fp, fcsr, 0x100, CLV_ERR_INVAL),
	VEC(vlenb, 0),
	VEC(vlenb, 128),
	VEC(reserved, 1),
	VEC(vstart, 8U * WORLD_VLENB),
	VEC(vstart, UINT64_MAX),
	VEC(vl, 8U * WORLD_VLENB + 1U),
	VEC(vl, UINT64_MAX),
	VEC(vtype, 0x100),
	VEC(vtype, 1ULL << 63), /* and vl is not 0 */
	VEC(vtype, 1ULL << 63 | 1U),
	VEC(vcsr, 8),
	{ CLEAVE_STATE_VECTOR_LOW, 0, 4, 32, CLV_ERR_INVAL, "vlenb of v0 to v15" },
	{ CLEAVE_STATE_VECTOR_HIGH, 4, 4, 1, CLV_ERR_INVAL, "reserved of v16 to v31" },
	UART(ier, 0x10),
	UART(mcr, 0x20),
	UART(fcr, 0x02),
	UART(fcr, 0x03),
	UART(fcr, 0xc0),
	UART(msr, 0x10),
	UART(flags, 4),
	UART(received, 17),
	UART(received, 255),
	UART(received, 3), /* and the fourth character is not 0 */
	UART(reserved[0], 1),
	UART(reserved[5], 1),
	PLIC(sources, 31),
	PLIC(sources, 64),
	PLIC(sources, UINT32_MAX),
	PLIC(contexts, 1),
	PLIC(contexts, 3),
	PLIC(contexts, UINT32_MAX),
	PLIC(pending, 1),
	PLIC(claimed, 1),
	PLIC(claimed, UINT32_MAX - 1U), /* some of them are pending */
	PLIC(priority[0], 1),
	PLIC(priority[1], 8),
	PLIC(priority[31], 255),
	{ CLEAVE_STATE_PLIC, 48, 4, 1, CLV_ERR_INVAL, "enable of source 0" },
	{ CLEAVE_STATE_PLIC, 52, 4, 8, CLV_ERR_INVAL, "threshold of 8" },
	{ CLEAVE_STATE_PLIC, 60, 4, UINT32_MAX, CLV_ERR_INVAL, "threshold of context 1" },
	{ CLEAVE_STATE_OUTPUT, 3, 1, '\n', CLV_ERR_INVAL, "a line that is ended" },
};

static void hostile_fields(void **state)
{
	(void)state;
	make(2, WORLD_VLENB, 6);
	/* vCPU 0 runs, so that a start is wrong. The UART's FIFO is full. Something is pending. */
	source.vcpu[0].hsm = VCPU_STARTED;
	source.vcpu[0].waiting = false;
	source.vcpu[0].suspend_jump = false;
	source.vcpu[0].guest.vec.vl = 5;
	source.vm.plic.claimed = 0;
	source.vm.plic.pending = 1U << 10;
	for (u32 i = 0; i < ARRAY_SIZE(hostile); i++) {
		u32 size = state_get(&source.vm, hostile[i].kind, 0, record);

		/* The record is right before its field is made wrong. */
		assert_int_equal(set(size), CLV_OK);
		assert_true(hostile[i].at + hostile[i].size <= head()->length);
		memcpy(record + sizeof(struct cleave_state_head) + hostile[i].at, &hostile[i].value,
		       hostile[i].size);
		if (set(size) != hostile[i].error)
			fail_msg("record 0x%x, %s: %d", hostile[i].kind, hostile[i].name,
				 state_set(&slot.vm, record, size));
	}
}

/* Everything that RUN can say, in every combination */
static void runs(void **state)
{
	struct cleave_state_run *r = (struct cleave_state_run *)(void *)(head() + 1);
	static const u64 starts[] = {
		0,	    1,		0x7ffffffe,  0x80000000,  0x80000001,
		0x80fffffe, 0x81000000, 0x100000000, 0x1001ffffe, UINT64_MAX
	};
	u32 size;

	(void)state;
	make(2, 0, 7);
	size = state_get(&source.vm, CLEAVE_STATE_RUN, 1, record);
	for (u32 hsm = 0; hsm < 9U; hsm++) {
		for (u32 flags = 0; flags < 16U; flags++) {
			for (u32 n = 0; n < ARRAY_SIZE(starts); n++) {
				bool jump = (flags & CLEAVE_STATE_RUN_JUMP) != 0U;
				bool entry = jump || hsm == VCPU_START_PENDING;
				bool inside =
					(starts[n] & 1U) == 0U &&
					((starts[n] >= 0x80000000U && starts[n] < 0x81000000U) ||
					 (starts[n] >= 0x100000000U && starts[n] < 0x100200000U));
				bool ok = hsm <= VCPU_SUSPENDED && flags < 8U &&
					  (!jump || hsm == VCPU_SUSPENDED) &&
					  ((flags & CLEAVE_STATE_RUN_WAITING) == 0U ||
					   hsm == VCPU_STARTED || hsm == VCPU_SUSPENDED) &&
					  (entry ? inside : starts[n] == 0U);

				*r = (struct cleave_state_run){ hsm, flags, starts[n],
								entry ? 77U : 0U };
				assert_int_equal(set(size), ok ? CLV_OK : CLV_ERR_INVAL);
			}
		}
	}
}

/* Turn each bit of each record: it is refused, or taken over as it is. */
static void every_bit(void **state)
{
	u32 taken = 0, refused = 0;

	(void)state;
	make(2, WORLD_VLENB, 8);
	for (u32 n = 0, size; (size = world_record(&source, n, record)) != 0U; n++) {
		for (u32 bit = 0; bit < head()->length * 8U; bit++) {
			u8 *byte = &record[sizeof(struct cleave_state_head) + bit / 8U];

			*byte ^= (u8)(1U << bit % 8U);
			if (set(size) == CLV_OK) {
				taken++;
				if (head()->kind != CLEAVE_STATE_OUTPUT &&
				    head()->kind != CLEAVE_STATE_CONFIG &&
				    head()->kind != CLEAVE_STATE_PLIC) {
					assert_int_equal(world_record(&slot, n, again), size);
					assert_memory_equal(record, again, size);
				}
			} else {
				refused++;
			}
			*byte ^= (u8)(1U << bit % 8U);
			assert_int_equal(set(size), CLV_OK);
		}
	}
	assert_true(taken > 10000U);
	assert_true(refused > 1000U);
}

/* --- what a machine lacks, and what is missing ------------------------------------------------ */

/* A guest of a smaller machine: fewer ASID bits, and no F, D and V if @bare. */
static void smaller_source(bool bare)
{
	world_init(&source, 2, bare ? 0U : WORLD_VLENB, 8);
	world_live(&source, 9);
	world_init(&slot, 2, WORLD_VLENB, 16);
}

static void other_machines(void **state)
{
	(void)state;
	/* A move to a larger machine: it has all that the guest had. */
	for (u32 bare = 0; bare < 2U; bare++) {
		smaller_source(bare != 0U);
		for (u32 n = 0, size; (size = world_record(&source, n, record)) != 0U; n++) {
			world_use(&slot);
			assert_int_not_equal(state_missing(&slot.vm), 0);
			assert_int_equal(set(size), CLV_OK);
		}
		assert_int_equal(state_missing(&slot.vm), 0);
	}
	/* And back: CONFIG is refused, and so are records of registers that are not there. */
	make(2, WORLD_VLENB, 10);
	world_init(&slot, 2, 0, 16);
	for (u32 n = 0, size; (size = world_record(&source, n, record)) != 0U; n++) {
		u32 kind = head()->kind;
		bool lacks = kind == CLEAVE_STATE_CONFIG ||
			     (kind >= CLEAVE_STATE_FP && kind <= CLEAVE_STATE_VECTOR_HIGH);

		world_use(&slot);
		assert_int_equal(set(size), lacks ? CLV_ERR_UNSUPPORTED : CLV_OK);
	}
	make(2, 0, 11);
	world_init(&slot, 2, 0, 5); /* its satp has an ASID of six bits */
	for (u32 n = 0, size; (size = world_record(&source, n, record)) != 0U; n++) {
		u32 kind = head()->kind;

		world_use(&slot);
		assert_int_equal(set(size), kind == CLEAVE_STATE_CONFIG || kind == CLEAVE_STATE_CSRS
						    ? CLV_ERR_UNSUPPORTED
						    : CLV_OK);
	}
}

/* The timer moves between a machine with Sstc and one without. */
static void timers(void **state)
{
	u32 size;

	(void)state;
	make(2, 0, 12);
	size = state_get(&source.vm, CLEAVE_STATE_TIMER, 0, record);
	assert_int_equal(set(size), CLV_OK);
	world_init(&slot, 1, 0, 16); /* this one has no Sstc */
	assert_int_equal(set(size), CLV_OK);
	assert_int_equal(slot.vcpu[0].deadline, source.vcpu[0].guest.csr.vstimecmp);
	assert_int_equal(slot.vcpu[0].guest.csr.vstimecmp, UINT64_MAX);
}

/* A record that is left out is the one that is missing. A VM without any record may run. */
static void missing(void **state)
{
	u32 nr;

	(void)state;
	make(3, WORLD_VLENB, 13);
	nr = records();
	assert_true(vm_records_allow_run(&slot.vm));
	assert_int_equal(state_missing(&slot.vm), (u64)CLEAVE_STATE_CONFIG << 32);
	for (u32 out = 0; out < nr; out++) {
		u64 name;

		make(3, WORLD_VLENB, 13);
		if (!needed(out))
			continue;
		for (u32 n = 0; n < nr; n++) {
			u32 size = world_record(&source, n, record);

			if (n != out)
				assert_int_equal(set(size), CLV_OK);
		}
		(void)world_record(&source, out, record);
		name = (u64)head()->kind << 32 | head()->instance;
		assert_int_equal(state_missing(&slot.vm), name);
		assert_false(vm_records_allow_run(&slot.vm));
		/* Setting a record twice changes nothing. After a reset none is needed. */
		assert_int_equal(set(world_record(&source, out == 0U ? 1U : 0U, record)), CLV_OK);
		assert_int_equal(state_missing(&slot.vm), name);
		vm_records_forget(&slot.vm);
		assert_int_equal(state_missing(&slot.vm), 0);
		assert_int_equal(slot.vm.tty.out.line.len, 0);
		assert_int_equal(slot.vm.tty.rx_count, 0);
		assert_false(slot.vm.tty.rx_frozen);
	}
	assert_int_equal(state_missing(&source.vm), 0);
	assert_true(vm_records_allow_run(&source.vm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listing),	  cmocka_unit_test(round_trip),
		cmocka_unit_test(size_of_a_vcpu), cmocka_unit_test(truncated),
		cmocka_unit_test(identity),	  cmocka_unit_test(unknown),
		cmocka_unit_test(hostile_fields), cmocka_unit_test(runs),
		cmocka_unit_test(every_bit),	  cmocka_unit_test(other_machines),
		cmocka_unit_test(timers),	  cmocka_unit_test(missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
