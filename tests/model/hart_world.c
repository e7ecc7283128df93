/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMs on harts. See hart_world.h. This file has the world and its guests, hart_manager.c what the
 * manager does, hart_stubs.c what of the hypervisor is not there.
 */
#include "tests/model/hart_world.h"
#include <string.h>
#include <cleave/errno.h>
#include "arch/riscv/fence.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/model/hart_tree.h"
#include "core/run/request.h"
#include "core/run/sched.h"
#include "core/run/shootdown.h"
#include "core/vm/vmid.h"
#include "tests/model/hart_world_internal.h"

#define VSATP_SV39 (UINT64_C(8) << 60)
#define WAITS	   1000U /* pauses of a hart in a row: one that is never interrupted needs more */

struct hart_world hart_world;
struct features features;
struct hart_tree hart_tree;

u64 hart_world_random(u64 below)
{
	return mm_random(&hart_world.random) % below;
}

struct hart *hart_this(void)
{
	return hart_get(hart_model_machine.now);
}

static u64 hart_world_vsatp(const struct hart_world_vm *w, const struct vcpu *v)
{
	return VSATP_SV39 | ((BASE >> PAGE_SHIFT) + hart_world_table(w, v->id));
}

u64 *hart_world_word(const struct hart_world_vm *w, u64 page, u64 word)
{
	return (u64 *)(w->hpa + page * PAGE_SIZE + hart_model_machine.host) + word;
}

/* --- a VM --- */

void hart_world_fill(struct hart_world_vm *w)
{
	u64 page[HART_MODEL_VAS];
	u64 word;

	for (u32 v = 0; v < w->vm.run.nr_vcpus; v++) {
		for (u32 va = 0; va < HART_MODEL_VAS; va++) {
			page[va] = FIRST_PAGE + hart_world_random(PAGES);
			w->map[v][va] = page[va];
			w->old[v][va] = page[va];
		}
		MUST(space_load(&w->vm.space, GPA(BASE + hart_world_table(w, v) * PAGE_SIZE), page,
				sizeof(page)) == CLV_OK);
	}
	for (u64 p = FIRST_PAGE; p < FIRST_PAGE + PAGES; p++) {
		word = ++hart_world.serial;
		MUST(space_load(&w->vm.space, GPA(BASE + p * PAGE_SIZE + CODE_WORD * 8U), &word,
				8U) == CLV_OK);
	}
}

/* As core/vm/create/ does it: tables, VMID, and vCPUs that have never run. */
void hart_world_create(struct hart_world_vm *w)
{
	struct space_config cfg = mm_config(&hart_world.machine, 3);

	cfg.owner = &w->vm.run;
	cfg.window_size = MIB(1);
	cfg.step_pages = 300;
	MUST(space_init(&w->vm.space, &hart_world.machine.frames, &cfg, MEMORY) == CLV_OK);
	MUST(mm_add_memory(&w->vm.space, GPA(BASE), HPA(w->hpa), MEMORY) == 0);
	vmid_assign(&w->vm);
	for (u32 v = 0; v < w->vm.run.nr_vcpus; v++) {
		struct vcpu *vcpu = w->vm.run.vcpu[v];

		vcpu_reset(vcpu);
		guest_init(&vcpu->guest, 0, 0, 0);
		guest_set_gstage(&vcpu->guest, w->vm.space.gs.root_hpa, w->vm.space.cfg.levels,
				 w->vm.run.vmid);
	}
}

void hart_world_start(struct hart_world_vm *w)
{
	for (u32 v = 0; v < w->vm.run.nr_vcpus; v++)
		MUST(vcpu_start(w->vm.run.vcpu[v], BASE, 0) == CLV_OK);
}

/* --- a guest --- */

/* Fences after a fault, as arch/riscv/exit.c does them */
void hart_world_fault(struct vcpu *v, u64 gpa, enum access access)
{
	enum fault_answer answer = space_fault(&v->vm->space, GPA(gpa), access, &v->counters);

	MUST(fault_retry(answer));
	if (answer == FAULT_SPURIOUS) {
		fence_gvma_vmid(v->run->vmid);
		return;
	}
	fence_gvma_page(GPA(gpa), v->run->vmid);
	/* Another fence would show as faults that come twice, and nothing else. */
	MUST(hart_model_fenced(gpa, v->run->vmid));
}

static bool hart_world_dirty(const struct hart_world_vm *w, u64 page)
{
	const struct dirty *d = &w->vm.space.region[0].log.dirty;

	return ((d->bits[page / 64U] >> (page % 64U)) & 1U) != 0U || (d->whole[0] & 1U) != 0U;
}

/* M1: what a guest writes is marked. Read at once: no other hart may act in between. */
static void hart_world_written(const struct hart_world_vm *w, u64 gpa)
{
	MUST(!w->logged || hart_world_dirty(w, (gpa - BASE) / PAGE_SIZE));
}

/* A vCPU that is not in its guest fences before it is. */
void hart_world_safe(const struct hart_world_vm *w)
{
	for (u32 v = 0; w->logged && v < w->vm.run.nr_vcpus; v++) {
		for (u64 page = 0; w->inside[v] && page < MEMORY / PAGE_SIZE; page++)
			MUST(hart_world_dirty(w, page) ||
			     !hart_model_may_write(w->vcpu[v].hart, w->vm.run.vmid,
						   BASE + page * PAGE_SIZE));
	}
}

/* Access page @va until it goes through, and check where that is. */
static u64 hart_world_access(struct hart_world_vm *w, struct vcpu *v, u32 va, enum access access)
{
	u64 gpa;
	u64 pa = 0;
	u32 tries = 0;

	hart_world.seen->accesses++;
	while (!hart_model_access(va, access, &gpa, &pa)) {
		MUST(tries++ < 16U);
		hart_world_fault(v, gpa, access);
	}
	MUST(gpa == BASE + w->map[v->id][va] * PAGE_SIZE ||
	     gpa == BASE + w->old[v->id][va] * PAGE_SIZE);
	MUST(pa == w->hpa + (gpa - BASE));
	if (access == ACCESS_WRITE)
		hart_world_written(w, gpa);
	return pa;
}

/* Store a word of the VM's own memory, by its guest-physical address. */
static void hart_world_store(struct hart_world_vm *w, struct vcpu *v, u64 page, u64 word, u64 value)
{
	u64 gpa = BASE + page * PAGE_SIZE;
	u64 pa = 0;
	u32 tries = 0;

	while (!hart_model_access_gpa(gpa, ACCESS_WRITE, &pa)) {
		MUST(tries++ < 16U);
		hart_world_fault(v, gpa, ACCESS_WRITE);
	}
	MUST(pa == w->hpa + page * PAGE_SIZE);
	*hart_world_word(w, page, word) = value;
	hart_world_written(w, gpa);
}

/* The guest changes a page of vCPU @other's table, and fences: itself, or by SBI RFENCE. */
static void hart_world_remap(struct hart_world_vm *w, struct vcpu *v, u32 other, u32 va)
{
	struct flush_request r = { .kind = FLUSH_REQ_RANGE,
				   .start = va * PAGE_SIZE,
				   .size = PAGE_SIZE };
	u64 page = FIRST_PAGE + hart_world_random(PAGES);

	/* Two that change one word at a time would have to agree first. */
	if (w->changing)
		return;
	w->changing = true;
	w->old[other][va] = w->map[other][va];
	w->map[other][va] = page;
	hart_world_store(w, v, hart_world_table(w, other), va, page);
	if (other == v->id) {
		hart_model_sfence(va);
	} else {
		if (hart_world_random(4) == 0U)
			r.kind = FLUSH_REQ_ALL;
		shootdown_guest(v, BIT64(other), &r);
		hart_world.seen->rfences++;
		/* One that is in its guest has fenced when the call is over, not later. */
		MUST(!w->inside[other] || w->old[other][va] == page ||
		     !hart_model_holds(w->vcpu[other].hart, w->vm.run.vmid, va,
				       BASE + w->old[other][va] * PAGE_SIZE));
	}
	w->old[other][va] = page;
	w->changing = false;
}

static void hart_world_step(struct hart_world_vm *w, struct vcpu *v)
{
	u32 va = (u32)hart_world_random(HART_MODEL_VAS);
	u64 pa;

	switch (hart_world_random(8)) {
	case 0:
	case 1:
		(void)hart_world_access(w, v, va, ACCESS_READ);
		break;
	case 2:
	case 3:
		(void)hart_world_access(w, v, va, ACCESS_WRITE);
		break;
	case 4:
	case 5:
		pa = hart_world_access(w, v, va, ACCESS_EXEC) + CODE_WORD * 8U;
		MUST(hart_model_fetch(pa) == *(u64 *)(pa + hart_model_machine.host));
		hart_world.seen->fetches++;
		break;
	case 6:
		MUST(csr_read(CSR_VSSCRATCH) == w->scratch[v->id]);
		w->scratch[v->id] = ++hart_world.serial;
		csr_write(CSR_VSSCRATCH, w->scratch[v->id]);
		break;
	default:
		if (hart_world_random(4) == 0U)
			hart_world_remap(w, v, (u32)hart_world_random(w->vm.run.nr_vcpus), va);
		break;
	}
}

/* Its first instructions set its page table, and fence. */
static void hart_world_first(struct hart_world_vm *w, const struct vcpu *v)
{
	MUST(csr_read(CSR_VSSCRATCH) == 0U);
	w->scratch[v->id] = 0;
	csr_write(CSR_VSATP, hart_world_vsatp(w, v));
	for (u32 va = 0; va < HART_MODEL_VAS; va++)
		hart_model_sfence(va);
}

static void hart_world_guest(struct hart_world_vm *w, struct vcpu *v)
{
	for (;;) {
		hart_world.waits[v->hart] = 0;
		atomic_point();
		/* As guest_on_interrupt() of core/guest/. An interrupt takes its time. */
		if (hart_model_soft() && hart_world_random(4) == 0U) {
			if (request_serve())
				return;
		} else if (hart_model_timer()) {
			if (sched_timer(v))
				return;
		} else if (w == &hart_world.vm[0] && v->id == 0U && hart_world_random(16) == 0U) {
			hart_manager_act(v);
			hart_world.acted = hart_world.turn;
			if (!vm_runnable(v->run))
				return;
		} else {
			hart_world_step(w, v);
		}
	}
}

void guest_run(struct guest *g)
{
	struct vcpu *v = vcpu_of(g);
	struct hart_world_vm *w = container_of(v->vm, struct hart_world_vm, vm);

	MUST(hart_this()->guest == g);
	w->inside[v->id] = true;
	if (csr_read(CSR_VSATP) == 0U)
		hart_world_first(w, v);
	MUST(csr_read(CSR_VSSCRATCH) == w->scratch[v->id]);
	hart_world_guest(w, v);
	w->inside[v->id] = false;
}

void hart_world_pause(void)
{
	MUST(hart_world.waits[hart_model_machine.now]++ < WAITS);
	fiber_wait();
}

/* Does a vCPU of this hart have these registers? */
static bool hart_world_pair(u64 hgatp, u64 vsatp)
{
	for (u32 i = 0; i < VMS; i++) {
		const struct hart_world_vm *w = &hart_world.vm[i];

		for (u32 v = 0; v < w->vm.run.nr_vcpus; v++) {
			if (w->vcpu[v].hart == hart_model_machine.now &&
			    w->vcpu[v].guest.hgatp == hgatp &&
			    hart_world_vsatp(w, &w->vcpu[v]) == vsatp)
				return true;
		}
	}
	return false;
}

/* --- the world --- */

static void hart_world_make_vm(u32 id)
{
	struct hart_world_vm *w = &hart_world.vm[id];

	w->cfg = (struct config_partition){ .name = "vm", .nr_memory = 1 };
	w->cfg.memory[0] = (struct config_memory){ BASE, MEMORY };
	w->vm.id = id;
	w->vm.cfg = &w->cfg;
	w->vm.load = &w->vm.made;
	w->vm.run.name = w->cfg.name;
	w->vm.run.id = id;
	w->vm.run.cpu_weight = 1;
	w->vm.run.nr_vcpus = 1U + (u32)hart_world_random(VCPUS);
	w->hpa = MM_HPA_BASE + id * MEMORY;
	for (u32 v = 0; v < w->vm.run.nr_vcpus; v++) {
		struct vcpu *vcpu = &w->vcpu[v];

		vcpu->vm = &w->vm;
		vcpu->run = &w->vm.run;
		vcpu->id = v;
		vcpu->hart = (u32)hart_world_random(HART_MODEL_HARTS);
		w->vm.run.vcpu[v] = vcpu;
		MUST(sched_add(vcpu) == CLV_OK);
	}
	vm_add(&w->vm);
}

static void hart_world_life(void *hart)
{
	hart_main(hart);
}

static void hart_world_begin(u64 seed)
{
	static const u8 bits[] = { 0, 1, 2, 4 };

	hart_world.random = seed;
	mm_machine_init(&hart_world.machine, (VMS + 1U) * MEMORY, MIB(4));
	features = (struct features){ .vmid_bits = bits[hart_world_random(4)],
				      .sstc = true,
				      .henvcfg = true };
	hart_tree.timebase = 20000; /* a time slice of the scheduler is 200 reads of the time */
	hart_model_machine.vmid_bits = features.vmid_bits;
	hart_model_machine.memory = MM_HPA_BASE;
	hart_model_machine.size = hart_world.machine.size;
	hart_model_machine.host = hart_world.machine.hpa_to_va;
	hart_model_machine.gpa = BASE;
	hart_model_machine.pair = hart_world_pair;
	hart_model_machine.random = seed + 1U;
	for (u32 i = 0; i < HART_MODEL_HARTS; i++) {
		hart_model_machine.hart[i].csr[CSR_SIE] = 0x222;
		hart_model_machine.hart[i].csr[CSR_STIMECMP] = UINT64_MAX;
		hart_model_machine.hart[i].csr[CSR_VSATP] = HART_MODEL_LEFT;
		MUST(hart_add(i) != NULL);
	}
	for (u32 i = 0; i < VMS; i++)
		hart_world_make_vm(i);
	hart_world.spare = MM_HPA_BASE + VMS * MEMORY;
	for (u32 i = 0; i < VMS; i++) {
		hart_world_create(&hart_world.vm[i]);
		hart_world_fill(&hart_world.vm[i]);
		hart_world_start(&hart_world.vm[i]);
		atomic_set(&hart_world.vm[i].vm.run.state, (u32)CLEAVE_VM_RUNNING);
	}
	sched_start();
}

void hart_world_run(u64 seed, u64 turns, struct hart_world_seen *seen)
{
	static struct fiber fiber[HART_MODEL_HARTS];

	hart_world.seen = seen;
	hart_world_begin(seed);
	for (u32 i = 0; i < HART_MODEL_HARTS; i++) {
		fiber_init(&fiber[i]);
		fiber_start(&fiber[i], hart_world_life, hart_get(i));
	}
	for (u64 n = 0; n < turns; n++) {
		hart_world.turn = n;
		hart_model_machine.now = (u32)hart_world_random(HART_MODEL_HARTS);
		hart_model_machine.time++;
		fiber_go(&fiber[hart_model_machine.now],
			 1U + (unsigned)hart_world_random(hart_world_random(4) == 0U ? 400 : 30));
	}
	for (u32 i = 0; i < VMS; i++)
		MUST(hart_world.vm[i].vm.space.stats.rules_broken == 0U);
	/* Nobody waits for what does not come: the manager has done something lately. */
	MUST(turns - hart_world.acted < turns / 4U);
}
