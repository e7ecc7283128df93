/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/, the life and windows of core/vm/, the loading of guests and mm/ on two to eight
 * threads, built with ThreadSanitizer. A thread is a hart: it runs hart_main(). It may have to wait
 * a moment before any access to a shared word (cleave/atomic.h).
 *
 * Guests write to logged memory, fence and interrupt one another's vCPUs, wait for interrupts, and
 * use a register of their own. A manager logs, pauses, looks into and writes paused VMs' registers,
 * makes and removes windows, resets VMs, and creates them anew in each other's memory. A second one
 * logs the same VMs at the same time. VMs have VMIDs of their own, share one, or have VMID 0.
 *
 * Checked are: registers, that a paused VM is on no hart, the rules that the code and its ledger
 * check themselves, and that everybody gets on. ThreadSanitizer reports every access that nothing
 * orders. It does not reorder: tests/models/litmus is for that.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cleave/errno.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/fence.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/model/hart_tree.h"
#include "arch/riscv/probe/features.h"
#include "core/run/request.h"
#include "core/run/sched.h"
#include "core/run/shootdown.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_window.h"
#include "core/vm/vmid.h"
#include "tests/model/hart_world_internal.h"

#define HARTS	8U
#define SECONDS 600U /* a storm that takes longer stands still */

/** struct side - a VM; @scratch: what its vCPUs' vsscratch hold */
struct side {
	struct vm vm;
	struct vcpu vcpu[VCPUS];
	struct config_partition cfg;
	u64 hpa;
	u64 scratch[VCPUS];
};

/* What the first manager has done */
enum {
	ACTS,
	PAUSES,
	WINDOWS,
	RESETS,
	CREATIONS
};

/* One hart's CSRs; SIP is atomic, all others are its own. */
struct csrs {
	u64 word[4096];
};

static struct mm_machine machine;
static struct side side[VMS];
static struct csrs csrs[HARTS];
static u64 spare;
static u64 clock_ticks; /* atomic */
static u32 acts_left;	/* atomic: of the managers */
static u32 quiet;	/* atomic: bit n: hart n does nothing more but serve */
static u32 over;	/* atomic */
static u32 harts;
static u32 yields;
static u64 done[CREATIONS + 1]; /* by the first manager */
static _Thread_local struct hart *here;
static _Thread_local u64 seed;

struct features features;
struct hart_tree hart_tree;

static u64 pick(u64 below)
{
	return mm_random(&seed) % below;
}

/* As that of test_storm.c: a short wait often, and the processor given up now and then */
static void yield(void)
{
	u64 r;

	if (seed == 0U)
		return;
	r = mm_random(&seed);
	if (r % yields != 0U)
		return;
	for (volatile u64 n = (r >> 16) % 128U; n != 0U; n--)
		;
	if ((r >> 32) % 64U == 0U)
		(void)sched_yield();
}

/* --- a hart ----------------------------------------------------------------------------------- */

struct hart *hart_this(void)
{
	return here;
}

void hart_model_interrupt(u32 index)
{
	(void)atomic_or(&csrs[index].word[CSR_SIP], SIP_SSIP);
}

static void leave_if_over(void)
{
	if (atomic_read(&over) != 0U)
		pthread_exit(NULL);
}

void hart_world_pause(void)
{
	(void)sched_yield();
}

static bool pending(void)
{
	return (atomic_read(&csrs[here->index].word[CSR_SIP]) & SIP_SSIP) != 0U;
}

static bool timer(void)
{
	return csrs[here->index].word[CSR_STIMECMP] <= atomic_add(&clock_ticks, 1U);
}

u64 csr_host(u32 csr, u64 clear, u64 set);
u64 csr_host(u32 csr, u64 clear, u64 set)
{
	u64 *word = &csrs[here->index].word[csr];
	u64 old;

	if (csr == CSR_TIME)
		return atomic_add(&clock_ticks, 1U);
	if (csr == CSR_HIP)
		return csrs[here->index].word[CSR_HVIP];
	if (csr != CSR_SIP) {
		old = *word;
		if ((clear | set) != 0U)
			*word = (old & ~clear) | set;
		return old;
	}
	old = clear != 0U ? atomic_and(word, ~clear) : atomic_read(word);
	if (set != 0U)
		(void)atomic_or(word, set);
	return old | (timer() ? BIT64(HART_IRQ_TIMER) : 0U);
}

static void rest(void)
{
	if (atomic_read(&acts_left) == 0U)
		(void)atomic_or(&quiet, 1U << here->index);
	leave_if_over();
	(void)sched_yield();
}

void execute_host(const char *insn, u64 a, u64 b);
void execute_host(const char *insn, u64 a, u64 b)
{
	(void)a;
	(void)b;
	if (strcmp(insn, "wfi") != 0)
		return;
	while (!pending() && !timer())
		rest();
}

/* --- a guest ---------------------------------------------------------------------------------- */

static void answer_fault(struct vcpu *v, u64 gpa, enum access access)
{
	MUST(fault_retry(space_fault(&v->vm->space, GPA(gpa), access, &v->counters)));
	fence_gvma_page(GPA(gpa), v->run->vmid);
}

/* Return: true when the vCPU waits for an interrupt. */
static bool guest_act(struct side *s, struct vcpu *v)
{
	u32 other = (u32)pick(s->vm.run.nr_vcpus);
	struct flush_request r = { .kind = pick(2) == 0U ? FLUSH_REQ_ALL : FLUSH_REQ_RANGE,
				   .start = pick(64) * PAGE_SIZE,
				   .size = PAGE_SIZE };

	switch (pick(16)) {
	case 0:
		shootdown_guest(v, pick(1U << s->vm.run.nr_vcpus), &r);
		break;
	case 1:
		vcpu_irq_soft(s->vm.run.vcpu[other]);
		break;
	case 2:
		MUST(csr_read(CSR_VSSCRATCH) == s->scratch[v->id]);
		s->scratch[v->id]++;
		csr_write(CSR_VSSCRATCH, s->scratch[v->id]);
		break;
	case 3:
		(void)csr_clear(CSR_HVIP, GUEST_IRQ_SOFT);
		/* The first manager is never idle. */
		if (s == &side[0])
			break;
		atomic_set(&v->waiting, true);
		return true;
	default:
		answer_fault(v, BASE + pick(MEMORY / PAGE_SIZE) * PAGE_SIZE, ACCESS_WRITE);
		break;
	}
	return false;
}

static void manager_act(struct vcpu *v);

static bool guest_turn(struct side *s, struct vcpu *v)
{
	if (pending())
		return request_serve();
	if (timer())
		return sched_timer(v);
	if (atomic_read(&acts_left) == 0U) {
		rest();
		return false;
	}
	if (s != &side[2] && v->id == 0U && pick(8) == 0U) {
		manager_act(v);
		return !vm_runnable(v->run);
	}
	return guest_act(s, v);
}

void guest_run(struct guest *g)
{
	struct vcpu *v = vcpu_of(g);
	struct side *s = container_of(v->vm, struct side, vm);

	MUST(here->guest == g);
	/* It has started, and waits for software interrupts. */
	if (csr_read(CSR_VSATP) == 0U) {
		MUST(csr_read(CSR_VSSCRATCH) == 0U);
		s->scratch[v->id] = 0;
		csr_write(CSR_VSATP, (UINT64_C(8) << 60) | 1U);
		csr_write(CSR_VSIE, GUEST_IRQ_SOFT >> 1);
	}
	MUST(csr_read(CSR_VSSCRATCH) == s->scratch[v->id]);
	while (!guest_turn(s, v))
		yield();
}

/* --- managers --------------------------------------------------------------------------------- */

static void make_space(struct side *s)
{
	struct space_config cfg = mm_config(&machine, 3);

	cfg.owner = &s->vm.run;
	cfg.window_size = MIB(1);
	cfg.step_pages = 300;
	MUST(space_init(&s->vm.space, &machine.frames, &cfg, MEMORY) == CLV_OK);
	MUST(mm_add_memory(&s->vm.space, GPA(BASE), HPA(s->hpa), MEMORY) == 0);
	vmid_assign(&s->vm);
	for (u32 i = 0; i < s->vm.run.nr_vcpus; i++) {
		vcpu_reset(&s->vcpu[i]);
		guest_init(&s->vcpu[i].guest, 0, 0, 0);
		guest_set_gstage(&s->vcpu[i].guest, s->vm.space.gs.root_hpa, s->vm.space.cfg.levels,
				 s->vm.run.vmid);
	}
}

/* Under vm->lock: a log's calls must not meet a destruction. */
static void manager_log(struct side *s)
{
	static _Thread_local u64 bitmap[MEMORY / PAGE_SIZE / 64U];
	struct space_log_status status;
	u64 cursor = 0;
	u64 dirty;

	spin_lock(&s->vm.lock);
	MUST(space_log_status(&s->vm.space, 0, &status) == CLV_OK);
	if (status.mode == CLEAVE_LOG_OFF) {
		(void)mm_log_start(&s->vm.space, 0, CLEAVE_LOG_FAULT + (u32)pick(3), true);
	} else if (pick(3) == 0U) {
		do {
			MUST(space_log_stop(&s->vm.space, 0, true, &cursor) == CLV_OK);
		} while (cursor != 0U);
	} else {
		MUST(space_log_harvest(&s->vm.space, 0, 0, MEMORY / PAGE_SIZE, bitmap, &dirty) > 0);
	}
	spin_unlock(&s->vm.lock);
}

/* As core/vm/vm_op.c, without its steps */
static void manager_begin_anew(struct side *s, bool create)
{
	struct vm *vm = &s->vm;
	u64 old = s->hpa;

	spin_lock(&vm->lock);
	vm_set_state(vm, create ? CLEAVE_VM_EMPTY : CLEAVE_VM_STOPPED);
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		vcpu_reset(vm->run.vcpu[i]);
	vm_clock_reset(vm);
	if (create) {
		mm_destroy(&vm->space);
		s->hpa = spare;
		spare = old;
		make_space(s);
	}
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		MUST(vcpu_start(vm->run.vcpu[i], BASE, 0) == CLV_OK);
	vm_set_state(vm, CLEAVE_VM_RUNNING);
	spin_unlock(&vm->lock);
	vm_kick_all(vm);
	done[create ? CREATIONS : RESETS]++;
}

static void manager_window(struct vcpu *v, struct side *s)
{
	u64 at = WINDOW_GPA;
	int err = vm_window_map(v->vm, at, &s->vm, BASE, PAGE_SIZE, true);

	/* A log of the region forbids it. */
	if (err == CLV_ERR_STATE)
		return;
	MUST(err == CLV_OK && vm_resume(&s->vm) == CLV_ERR_STATE);
	answer_fault(v, at, ACCESS_WRITE);
	MUST(vm_window_unmap(v->vm, at) == CLV_OK);
	done[WINDOWS]++;
}

/* The registers are in memory, and are what the vCPU had last. */
static void manager_registers(struct side *s)
{
	for (u32 i = 0; i < s->vm.run.nr_vcpus; i++) {
		struct vcpu *v = s->vm.run.vcpu[i];

		if (atomic_read(&v->hsm) != (u32)VCPU_STARTED || v->guest.csr.vsatp == 0U)
			continue;
		MUST(v->guest.csr.vsscratch == s->scratch[i]);
		s->scratch[i] += 1000U;
		v->guest.csr.vsscratch = s->scratch[i];
	}
}

static void manager_pause(struct vcpu *v, struct side *s)
{
	MUST(vm_pause(&s->vm) == CLV_OK);
	done[PAUSES]++;
	manager_registers(s);
	switch (pick(6)) {
	case 0:
		manager_begin_anew(s, false);
		return;
	case 1:
		manager_begin_anew(s, true);
		return;
	case 2:
		break;
	default:
		manager_window(v, s);
		break;
	}
	MUST(vm_resume(&s->vm) == CLV_OK);
}

static void manager_act(struct vcpu *v)
{
	struct side *s = &side[pick(VMS)];

	/* The second manager does nothing but logs, of the third VM. */
	if (v->vm != &side[0].vm) {
		manager_log(&side[2]);
		return;
	}
	if (s == &side[0] || pick(3) == 0U)
		manager_log(s);
	else
		manager_pause(v, s);
	/* As a device would: what waits goes on. */
	vcpu_irq_soft(&side[1 + pick(2)].vcpu[0]);
	done[ACTS]++;
	(void)atomic_add(&acts_left, UINT32_MAX);
}

/* --- the storm -------------------------------------------------------------------------------- */

static void make_side(u32 id)
{
	struct side *s = &side[id];

	s->cfg = (struct config_partition){ .name = "vm", .nr_memory = 1 };
	s->cfg.memory[0] = (struct config_memory){ BASE, MEMORY };
	s->vm.id = id;
	s->vm.cfg = &s->cfg;
	s->vm.run.name = s->cfg.name;
	s->vm.run.id = id;
	s->vm.run.cpu_weight = 1;
	s->vm.run.nr_vcpus = VCPUS;
	s->hpa = MM_HPA_BASE + id * MEMORY;
	for (u32 i = 0; i < VCPUS; i++) {
		s->vcpu[i].vm = &s->vm;
		s->vcpu[i].run = &s->vm.run;
		s->vcpu[i].id = i;
		s->vcpu[i].hart = (id * VCPUS + i) % harts;
		s->vm.run.vcpu[i] = &s->vcpu[i];
		MUST(sched_add(&s->vcpu[i]) == CLV_OK);
	}
	vm_add(&s->vm);
}

static void *hart_life(void *arg)
{
	here = arg;
	seed = 1000U + here->index;
	if (here->index == 0U)
		sched_start();
	hart_main(here);
	return NULL;
}

static void begin(u32 bits)
{
	mm_machine_init(&machine, (VMS + 1U) * MEMORY, MIB(4));
	features = (struct features){ .vmid_bits = (u8)bits, .sstc = true, .henvcfg = true };
	hart_tree.timebase = 400000;
	for (u32 i = 0; i < harts; i++) {
		csrs[i].word[CSR_SIE] = 0x222;
		csrs[i].word[CSR_STIMECMP] = UINT64_MAX;
		MUST(hart_add(i) != NULL);
	}
	here = hart_get(0);
	for (u32 i = 0; i < VMS; i++)
		make_side(i);
	spare = MM_HPA_BASE + VMS * MEMORY;
	for (u32 i = 0; i < VMS; i++) {
		make_space(&side[i]);
		for (u32 n = 0; n < VCPUS; n++)
			MUST(vcpu_start(&side[i].vcpu[n], BASE, 0) == CLV_OK);
		atomic_set(&side[i].vm.run.state, (u32)CLEAVE_VM_RUNNING);
	}
}

static void storm(u32 n, u32 one_in, u32 acts, u32 bits)
{
	static pthread_t id[HARTS];
	const char *value = getenv("THREADS_SCALE");
	u32 scale = value != NULL ? (u32)atoi(value) : 1U;

	alarm(SECONDS * scale);
	harts = n;
	yields = one_in;
	acts_left = acts * scale;
	begin(bits);
	atomic_hook = yield;
	for (u32 i = 0; i < n; i++)
		MUST(pthread_create(&id[i], NULL, hart_life, hart_get(i)) == 0);
	while (atomic_read(&quiet) != (1U << n) - 1U)
		(void)usleep(1000);
	atomic_set(&over, 1U);
	for (u32 i = 0; i < n; i++)
		MUST(pthread_join(id[i], NULL) == 0);
	for (u32 i = 0; i < VMS; i++)
		MUST(side[i].vm.space.stats.rules_broken == 0U);
	for (u32 i = 0; i <= CREATIONS; i++)
		MUST(done[i] != 0U);
}

/* In a process of its own: core/ keeps what it is told at boot. */
static void run(u32 n, u32 one_in, u32 acts, u32 bits)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		storm(n, one_in, acts, bits);
		exit(0);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_two(void **state)
{
	(void)state;
	run(2, 1, 150, 4);
	run(2, 16, 150, 0);
}

static void test_three_and_four(void **state)
{
	(void)state;
	run(3, 4, 150, 1);
	run(4, 4, 150, 4);
}

static void test_six_and_eight(void **state)
{
	(void)state;
	run(6, 8, 150, 0);
	run(8, 2, 150, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_three_and_four),
		cmocka_unit_test(test_six_and_eight),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
