/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In which order core/run/ does what other harts see, and with which barriers between
 * (tests/unit/order.h). Each half of the protocol of core/run/vcpu.h has a store, a full barrier
 * and a look; without the barrier neither might see the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/order.h"

#include "core/run/ipi.c"
#include "core/run/sched.c"
#include "core/run/shootdown.c"
#include "core/run/vcpu.c"
#include "core/vm/vm.c"
#include "tests/unit/core/run/no_timer.h"

#define VMID 7U

static struct hart harts[2];
static u32 here; /* the hart that runs */
static struct vm_run run;
static struct vcpu vcpu[2];
static struct space space;
static bool leave;
struct features features;

/* --- the hart --------------------------------------------------------------------------------- */

struct hart *hart_this(void)
{
	return &harts[here];
}

u32 hart_count(void)
{
	return ARRAY_SIZE(harts);
}

struct hart *hart_get(u32 index)
{
	return &harts[index];
}

void hart_wait(void)
{
}

void hart_pause(void)
{
}

u64 hart_irqs_pending(void)
{
	return 0;
}

void hart_irq_soft_clear(void)
{
	order_say("clear", "");
}

/* The other hart answers at once, as far as it is asked for fences. */
void hart_ipi(u32 index)
{
	order_say("interrupt", "");
	if (atomic_read(&vcpu[index].mode) == (u32)VCPU_IN) {
		vcpu[index].tlb_seen = run.tlb_gen;
		vcpu[index].flush_done = vcpu[index].flush_posted;
	}
}

u64 timer_now(void)
{
	return 1000;
}

u64 timer_frequency(void)
{
	return 10000000;
}

void timer_set(u64 deadline)
{
	(void)deadline;
}

void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1)
{
	g->pc = pc;
	g->x[10] = a0;
	g->x[11] = a1;
}

void guest_load(struct guest *g)
{
	(void)g;
}

void guest_put(struct guest *g)
{
	(void)g;
	order_say("put", "");
}

void guest_run(struct guest *g)
{
	(void)g;
	order_say("run", "");
}

void guest_irq_level(struct guest *g, u64 level)
{
	(void)g;
	(void)level;
	order_say("show", "");
}

void guest_irq_soft(struct guest *g)
{
	(void)g;
	order_say("show", "");
}

bool guest_irq_pending(const struct guest *g, u64 extra)
{
	(void)g;
	return extra != 0U;
}

void guest_set_time_offset(struct guest *g, u64 offset)
{
	(void)g;
	(void)offset;
}

void tlb_flush_gstage(u16 vmid)
{
	(void)vmid;
	order_say("fence G", "");
}

void tlb_flush_gstage_all(void)
{
	order_say("fence G", "");
}

void tlb_flush_vs(u16 vmid)
{
	(void)vmid;
	order_say("fence VS", "");
}

#ifdef CONFIG_DEBUG
void tlb_check_enter(const struct vcpu *v)
{
	(void)v;
}
#endif

void fence_instruction(void)
{
	order_say("fence I", "");
}

void fence_vvma_all(void)
{
	order_say("fence VS", "");
}

static void fence_say(const char *what, u64 number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lx", (unsigned long)number);
	order_say(what, text);
}

void fence_vvma_asid(u16 asid)
{
	fence_say("fence asid", asid);
}

void fence_vvma_page(u64 va)
{
	fence_say("fence page", va);
}

void fence_vvma_page_asid(u64 va, u16 asid)
{
	fence_say("fence page", va);
	fence_say("of asid", asid);
}

/* --- the rest of the hypervisor --------------------------------------------------------------- */

void spin_relax(void)
{
}

bool request_serve(void)
{
	order_say("look", "");
	return leave;
}

u64 console_serve(void)
{
	return TIMER_NEVER;
}

void irq_handle(u32 hart)
{
	(void)hart;
}

void vm_restart_step(const struct vcpu *v)
{
	(void)v;
}

void vm_all_stopped(struct vm *vm)
{
	(void)vm;
	order_say("all stopped", "");
}

void schedule_look(u32 hart, u64 now, struct schedule_window *out)
{
	(void)hart;
	*out = (struct schedule_window){ .start = now, .end = TIMER_NEVER };
}

void schedule_start(u64 now)
{
	(void)now;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	order_nr = 0;
	memset(vcpu, 0, sizeof(vcpu));
	memset(vcpu_harts, 0, sizeof(vcpu_harts));
	memset(ipi_harts, 0, sizeof(ipi_harts));
	memset(sched_harts, 0, sizeof(sched_harts));
	run = (struct vm_run){ .vmid = VMID,
			       .state = CLEAVE_VM_RUNNING,
			       .nr_vcpus = 2,
			       .cpu_weight = 100,
			       .tlb_gen = 1 };
	for (u32 i = 0; i < 2U; i++) {
		harts[i].index = i;
		vcpu[i] = (struct vcpu){ .run = &run, .id = i, .hart = i, .tlb_seen = 1 };
		vcpu[i].timer = TIMER_NEVER;
		vcpu[i].deadline = UINT64_MAX;
		run.vcpu[i] = &vcpu[i];
		assert_int_equal(sched_add(&vcpu[i]), 0);
		sched_harts[i].window.end = TIMER_NEVER;
		sched_harts[i].guard_at = TIMER_NEVER;
		sched_harts[i].fair[SCHED_WEIGHTS].slice = 1000;
	}
	memset(&space, 0, sizeof(space));
	space.cfg.owner = &run;
	here = 0;
	leave = false;
	return 0;
}

/* IN, a full barrier, and then the look at everything that others ask for. */
static void test_a_turn(void **state)
{
	(void)state;
	order_watch(&vcpu[0].mode, "mode");
	order_watch(&run.state, "state");
	sched_run(&sched_harts[0], &vcpu[0]);
	assert_string_equal(order_done(),
			    "set mode, mb, acq state, fence VS, look, run, acq state, rel mode");
	/* It is still the one that the hart holds. */
	order_watch(&vcpu[0].mode, "mode");
	sched_run(&sched_harts[0], &vcpu[0]);
	assert_string_equal(order_done(), "set mode, mb, look, run, rel mode");
	/* Called off before it enters. */
	leave = true;
	order_watch(&vcpu[0].mode, "mode");
	sched_run(&sched_harts[0], &vcpu[0]);
	assert_string_equal(order_done(), "set mode, mb, look, rel mode");
}

/* The last of those that stop at one time sees that the others have. */
static void test_a_stop(void **state)
{
	(void)state;
	vcpu[0].hsm = VCPU_STOP_PENDING;
	vcpu[1].hsm = VCPU_STOPPED;
	vcpu_load(&vcpu[0]);
	order_watch(&vcpu[0].hsm, "hsm");
	order_watch(&vcpu[1].hsm, "other");
	sched_stop_vcpu(&vcpu[0]);
	assert_string_equal(order_done(), "put, rel hsm, mb, acq hsm, acq other, all stopped");
	/* While one of them runs, whichever it is, it is not said. */
	vcpu[1].hsm = VCPU_STARTED;
	order_watch(&vcpu[1].hsm, "other");
	sched_stop_vcpu(&vcpu[0]);
	assert_string_equal(order_done(), "mb, acq other");
	vcpu[0].hsm = VCPU_STARTED;
	here = 1;
	order_watch(&vcpu[0].hsm, "other");
	sched_stop_vcpu(&vcpu[1]);
	assert_string_equal(order_done(), "mb, acq other");
}

/* The generation, a full barrier, the modes; an answer that is owed is waited for. */
static void test_a_flush(void **state)
{
	struct flush_batch b = { .all = true };

	(void)state;
	vcpu[1].mode = VCPU_IN;
	order_watch(&run.tlb_gen, "generation");
	order_watch(&vcpu[1].mode, "mode");
	order_watch(&vcpu[1].tlb_seen, "seen");
	spin_lock(&space.lock);
	flush_remote(&space, &b);
	spin_unlock(&space.lock);
	assert_string_equal(
		order_done(),
		"add generation, mb, acq mode, acq seen, interrupt, get mode, acq mode, "
		"acq seen");
}

/* The fences, and then the answer. */
static void test_an_answer(void **state)
{
	(void)state;
	run.tlb_gen = 3;
	order_watch(&run.tlb_gen, "generation");
	order_watch(&vcpu[0].tlb_seen, "seen");
	shootdown_gstage(&vcpu[0]);
	assert_string_equal(order_done(), "acq generation, get seen, fence G, fence VS, rel seen");
}

static void test_a_fence_of_the_guest(void **state)
{
	struct flush_request r = { .kind = FLUSH_REQ_ALL };

	(void)state;
	vcpu[1].mode = VCPU_IN;
	order_watch(&vcpu[1].flush_posted, "posted");
	order_watch(&vcpu[1].mode, "mode");
	order_watch(&vcpu[1].flush_done, "done");
	shootdown_guest(&vcpu[0], 3, &r);
	assert_string_equal(order_done(),
			    "fence VS, get posted, rel posted, mb, acq mode, acq done, "
			    "interrupt, get mode, acq mode, acq done");
	assert_int_equal(vcpu[1].flush.kind, FLUSH_REQ_ALL);
}

static const char *executed(struct flush_request r)
{
	order_watch(&r, "");
	shootdown_execute(&r);
	return order_done();
}

/* Few pages one by one; more than that by one fence of all, or of all of the address space. */
static void test_what_a_guest_asks_for(void **state)
{
	const u64 many = (FLUSH_REQUEST_MAX_PAGES + 1U) * PAGE_SIZE;

	(void)state;
	assert_string_equal(executed((struct flush_request){ .kind = FLUSH_REQ_INSTRUCTION }),
			    "fence I");
	assert_string_equal(
		executed((struct flush_request){ .kind = FLUSH_REQ_ALL | FLUSH_REQ_INSTRUCTION }),
		"fence I, fence VS");
	assert_string_equal(executed((struct flush_request){
				    .kind = FLUSH_REQ_RANGE, .start = 0x1ffc, .size = 8 }),
			    "fence page 1000, fence page 2000");
	assert_string_equal(
		executed((struct flush_request){ .kind = FLUSH_REQ_RANGE, .size = many }),
		"fence VS");
	assert_string_equal(executed((struct flush_request){ .kind = FLUSH_REQ_RANGE_ASID,
							     .start = 0x3000,
							     .size = PAGE_SIZE,
							     .asid = 9 }),
			    "fence page 3000, of asid 9");
	assert_string_equal(executed((struct flush_request){
				    .kind = FLUSH_REQ_RANGE_ASID, .size = many, .asid = 9 }),
			    "fence asid 9");
}

static void test_a_fence_that_is_served(void **state)
{
	struct flush_request r = { .kind = FLUSH_REQ_INSTRUCTION };

	(void)state;
	assert_int_equal(shootdown_post(&vcpu[0], &r), 1);
	order_watch(&vcpu[0].flush_posted, "posted");
	order_watch(&vcpu[0].flush_done, "done");
	shootdown_serve_some(&vcpu[0]);
	assert_string_equal(order_done(), "acq posted, get done, get posted, fence I, rel done");
	assert_int_equal(vcpu[0].flush.kind, 0);
	order_watch(&vcpu[0].flush_done, "done");
	shootdown_serve(&vcpu[0]);
	assert_string_equal(order_done(), "get done");
}

static void test_a_kick(void **state)
{
	(void)state;
	vcpu[1].mode = VCPU_IN;
	order_watch(&vcpu[1].woken, "woken");
	order_watch(&vcpu[1].mode, "mode");
	vcpu_kick(&vcpu[1]);
	assert_string_equal(order_done(), "rel woken, mb, get mode, interrupt, get mode");
	/* One that is OUT: its hart looks, unless it will look by itself. */
	vcpu[1].mode = VCPU_OUT;
	(void)atomic_xchg(&ipi_harts[1].pending, 0U);
	order_watch(&vcpu[1].later, "later");
	order_watch(&vcpu_harts[1].woken, "hart");
	vcpu_kick(&vcpu[1]);
	assert_string_equal(order_done(), "mb, get later, set hart, interrupt");
	vcpu[1].later = 1;
	(void)atomic_xchg(&ipi_harts[1].pending, 0U);
	order_watch(&vcpu_harts[1].woken, "hart");
	vcpu_wake(&vcpu[1]);
	assert_string_equal(order_done(), "mb");
}

/* `later` is cleared, a full barrier, and then the look that is to come. */
static void test_a_look_that_was_promised(void **state)
{
	(void)state;
	vcpu[0].later = 1;
	order_watch(&vcpu[0].later, "later");
	sched_look_anew(&sched_harts[0]);
	assert_string_equal(order_done(), "set later, mb");
}

/* An interrupt, a full barrier, the mode. One that waits is woken, one that runs is interrupted. */
static void test_an_interrupt(void **state)
{
	(void)state;
	vcpu[1].mode = VCPU_IN;
	order_watch(&vcpu[1].irq_level, "level");
	order_watch(&vcpu[1].mode, "mode");
	vcpu_irq_level(&vcpu[1], GUEST_IRQ_EXT, true);
	assert_string_equal(order_done(), "or level, mb, get mode, interrupt, get mode");
	order_watch(&vcpu[1].irq_level, "level");
	vcpu_irq_level(&vcpu[1], GUEST_IRQ_EXT, true);
	assert_string_equal(order_done(), "or level");
	/* A withdrawal is shown as well. */
	(void)atomic_xchg(&ipi_harts[1].pending, 0U);
	order_watch(&vcpu[1].irq_level, "level");
	vcpu_irq_level(&vcpu[1], GUEST_IRQ_EXT, false);
	assert_string_equal(order_done(), "and level, mb, interrupt");
	vcpu[1].mode = VCPU_OUT;
	atomic_set(&vcpu[1].waiting, true);
	(void)atomic_xchg(&ipi_harts[1].pending, 0U);
	order_watch(&vcpu_harts[1].woken, "hart");
	vcpu_irq_soft(&vcpu[1]);
	assert_string_equal(order_done(), "mb, set hart, interrupt");
}

/* The firmware's interrupt is withdrawn first, and the mark that one is on its way after that. */
static void test_an_acknowledgement(void **state)
{
	(void)state;
	order_watch(&ipi_harts[0].pending, "pending");
	ipi_send(0);
	assert_string_equal(order_done(), "xchg pending, interrupt");
	order_watch(&ipi_harts[0].pending, "pending");
	ipi_send(0);
	assert_string_equal(order_done(), "xchg pending");
	order_watch(&ipi_harts[0].pending, "pending");
	ipi_acknowledge();
	assert_string_equal(order_done(), "clear, xchg pending, mb");
}

/* The claim keeps a second starter away; what it wrote is seen with START_PENDING. */
static void test_a_start(void **state)
{
	(void)state;
	vcpu[1].hsm = VCPU_STOPPED;
	order_watch(&vcpu[1].hsm, "hsm");
	assert_int_equal(vcpu_start(&vcpu[1], 0x1000, 5), 0);
	assert_string_equal(order_done(), "cas hsm, rel hsm, mb, interrupt");
	assert_int_not_equal(vcpu_start(&vcpu[1], 0x2000, 6), 0);
	assert_int_equal(vcpu[1].start_pc, 0x1000);
	here = 1;
	order_watch(&vcpu[1].hsm, "hsm");
	vcpu_prepare(&vcpu[1]);
	assert_string_equal(order_done(), "acq hsm, rel hsm");
	assert_int_equal(vcpu[1].hsm, VCPU_STARTED);
	assert_int_equal(vcpu[1].guest.pc, 0x1000);
	assert_int_equal(vcpu[1].guest.x[10], 1);
	assert_int_equal(vcpu[1].guest.x[11], 5);
}

/* A hart that sees that nobody is loaded sees the registers. */
static void test_an_unload(void **state)
{
	(void)state;
	vcpu_load(&vcpu[0]);
	order_watch(&vcpu_harts[0].loaded, "loaded");
	vcpu_unload(&vcpu[0]);
	assert_string_equal(order_done(), "get loaded, get loaded, put, rel loaded");
}

/* Whoever has seen that all are OUT sees what each of them has done. */
static void test_a_look_whether_all_are_out(void **state)
{
	static struct vm vm;

	(void)state;
	vm.run = run;
	order_watch(&vcpu[0].mode, "0");
	order_watch(&vcpu[1].mode, "1");
	assert_true(vm_all_out(&vm));
	assert_string_equal(order_done(), "mb, acq 0, acq 1");
	vcpu[0].mode = VCPU_IN;
	assert_false(vm_all_out(&vm));
	vcpu[0].mode = VCPU_OUT;
	vcpu[1].mode = VCPU_IN;
	assert_false(vm_all_out(&vm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_turn, begin),
		cmocka_unit_test_setup(test_a_stop, begin),
		cmocka_unit_test_setup(test_a_flush, begin),
		cmocka_unit_test_setup(test_an_answer, begin),
		cmocka_unit_test_setup(test_a_fence_of_the_guest, begin),
		cmocka_unit_test_setup(test_what_a_guest_asks_for, begin),
		cmocka_unit_test_setup(test_a_fence_that_is_served, begin),
		cmocka_unit_test_setup(test_a_kick, begin),
		cmocka_unit_test_setup(test_a_look_that_was_promised, begin),
		cmocka_unit_test_setup(test_an_interrupt, begin),
		cmocka_unit_test_setup(test_an_acknowledgement, begin),
		cmocka_unit_test_setup(test_a_start, begin),
		cmocka_unit_test_setup(test_an_unload, begin),
		cmocka_unit_test_setup(test_a_look_whether_all_are_out, begin),
	};

	return cmocka_run_group_tests_name("run_order", tests, NULL, NULL);
}
