/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts of this machine: enumerating, starting and interrupting them.
 *
 * Concurrency: `count` and the harts' identity are written by the boot hart before it starts another one, which orders them
 * (SBI HSM start happens after all earlier stores of the caller; see the fence in start()). A struct hart is its hart's own from
 * then on, but for `online`, which is atomic.
 */
#include "arch/riscv/hart.h"

#include <abi/sbi.h>
#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/early.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/probe/features_probe.h"
#include "arch/riscv/probe/hart_tree.h"
#include "arch/riscv/layout.h"
#include "arch/riscv/probe/paging.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/start.h"
#include "arch/riscv/timer.h"
#include "arch/riscv/trap.h"
#include "lib/fdt_read.h"

/*
 * Where a start stands. The boot hart gives up and the new hart goes on by compare-and-exchange from WAITED_FOR, so a hart
 * that comes too late finds itself abandoned and goes back to the firmware. From RUNNING on the new hart alone writes it.
 */
enum start_state {
	START_WAITED_FOR = 0,
	START_RUNNING = 1,
	START_ABANDONED = 2,
	START_LEFT_OUT = 3, /* by itself, which it said */
};

/* How long a hart may take from SBI HSM start to hart_main(), seconds */
#define START_SECONDS 3U

/* head.S knows this table by name. */
struct hart harts[CONFIG_MAX_HARTS];
u64 start_secondary_satp;

struct hart_tree hart_tree;

static u32 count;
static u32 start_state[CONFIG_MAX_HARTS]; /* enum start_state, atomic */

void start_hart(void) __attribute__((noreturn));

u32 hart_count(void)
{
	return count;
}

struct hart *hart_get(u32 index)
{
	return &harts[index];
}

struct hart *hart_by_id(u64 hartid)
{
	for (u32 i = 0; i < count; i++) {
		if (harts[i].hartid == hartid)
			return &harts[i];
	}
	return NULL;
}

/* What each hart does to itself first. Interrupts are never taken by the hypervisor: sie says which end a WFI or a guest's run. */
static void init_this(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE | SSTATUS_FS | SSTATUS_VS | SSTATUS_SUM | SSTATUS_MXR);
	csr_write(CSR_SIE, SIP_SSIP | SIP_STIP | SIP_SEIP);
}

void hart_init_boot(u64 hartid)
{
	struct hart *h = hart_this();

	h->index = 0;
	h->hartid = hartid;
	h->stack_bottom = (uintptr_t)boot_stack_bottom;
	h->stack_top = (uintptr_t)boot_stack_top;
	h->trap_stack_top = (uintptr_t)boot_trap_stack_top;
	count = 1U;
	init_this();
}

static bool is_cpu(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);

	return type != NULL && strcmp(type, "cpu") == 0;
}

static void cpu_isa(const void *fdt, int node, struct isa *isa)
{
	int len = 0;
	const char *p;

	*isa = (struct isa){ .h = false };
	p = fdt_getprop(fdt, node, "riscv,isa-extensions", &len);
	if (p != NULL && len > 0) {
		isa_add_list(isa, p, (size_t)len);
		return;
	}
	p = fdt_getprop(fdt, node, "riscv,isa", &len);
	if (p != NULL && len > 0)
		isa_add_string(isa, p, strnlen(p, (size_t)len));
}

/* A hart that is used adds what it has to the common denominator. */
static void merge(const void *fdt, int node, const struct isa *isa, bool first)
{
	u32 cbom = fdt_read_cell(fdt, node, "riscv,cbom-block-size", 0);
	u32 cboz = fdt_read_cell(fdt, node, "riscv,cboz-block-size", 0);

	if (first) {
		hart_tree.isa = *isa;
		hart_tree.cbom_block = cbom;
		hart_tree.cboz_block = cboz;
		return;
	}
	isa_intersect(&hart_tree.isa, isa);
	if (hart_tree.cbom_block != cbom)
		hart_tree.cbom_block = 0;
	if (hart_tree.cboz_block != cboz)
		hart_tree.cboz_block = 0;
}

/* Take the hart of one cpu node, or say why not. @too_many counts those beyond the table. */
static void take_cpu(const void *fdt, int cpus, int node, bool *first, u32 *too_many)
{
	struct isa isa;
	u64 id;
	bool boot;

	if (!fdt_read_unit(fdt, cpus, node, &id)) {
		printk(PRINTK_WARNING "device tree: %s has no usable reg: left out",
		       fdt_get_name(fdt, node, NULL));
		return;
	}
	boot = id == harts[0].hartid;
	if (!boot && hart_by_id(id) != NULL) {
		printk(PRINTK_WARNING "device tree: hart %llu is listed twice: %s left out",
		       (unsigned long long)id, fdt_get_name(fdt, node, NULL));
		return;
	}
	cpu_isa(fdt, node, &isa);
	if (!boot && !fdt_read_enabled(fdt, node)) {
		printk(PRINTK_WARNING "hart %llu left out: its status is not \"okay\"",
		       (unsigned long long)id);
		return;
	}
	if (!boot && !isa.h) {
		printk(PRINTK_WARNING "hart %llu left out: no H extension in its ISA string",
		       (unsigned long long)id);
		return;
	}
	if (!boot && count >= CONFIG_MAX_HARTS) {
		(*too_many)++;
		return;
	}
	if (!boot) {
		harts[count].index = count;
		harts[count].hartid = id;
		count++;
	}
	merge(fdt, node, &isa, *first);
	*first = false;
}

int hart_tree_read(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus");
	u32 too_many = 0;
	bool first = true;
	int node;

	if (cpus < 0) {
		printk("device tree: no /cpus");
		return CLV_ERR_FORMAT;
	}
	/* timebase-frequency stands in /cpus, in older trees in each cpu. */
	hart_tree.timebase = 0;
	(void)fdt_read_number(fdt, cpus, "timebase-frequency", &hart_tree.timebase);
	fdt_for_each_subnode (node, fdt, cpus) {
		if (!is_cpu(fdt, node))
			continue;
		take_cpu(fdt, cpus, node, &first, &too_many);
		if (hart_tree.timebase == 0U)
			(void)fdt_read_number(fdt, node, "timebase-frequency", &hart_tree.timebase);
	}
	if (first)
		printk(PRINTK_WARNING
		       "device tree: no node for the boot hart %llu: guests get a minimal ISA "
		       "string",
		       (unsigned long long)harts[0].hartid);
	if (too_many != 0U)
		printk(PRINTK_WARNING
		       "%u more harts left out: this build uses %u at most (CONFIG_MAX_HARTS)",
		       too_many, (u32)CONFIG_MAX_HARTS);
	if (hart_tree.timebase == 0U) {
		printk("device tree: no timebase-frequency in /cpus");
		return CLV_ERR_FORMAT;
	}
	return CLV_OK;
}

/* Give the calling hart to the firmware for good. */
static void __attribute__((noreturn)) give_back(void)
{
	firmware_hart_stop();
	for (;;)
		hart_wait();
}

/* head.S, on a hart that was started: translation is on, sp and tp are its own */
void start_hart(void)
{
	struct hart *h = hart_this();
	u32 expected = START_WAITED_FOR;

	trap_init();
	init_this();
	if (!atomic_cas(&start_state[h->index], &expected, (u32)START_RUNNING))
		give_back();
	if (!features_probe_this()) {
		/* Pairs with the acquire in wait_for(): the next hart uses the self-test's tables. */
		atomic_set_release(&start_state[h->index], (u32)START_LEFT_OUT);
		give_back();
	}
	/* Pairs with the acquire in wait_for(): what this hart merged into `features` is seen with it. */
	atomic_set_release(&h->online, 1U);
	hart_main(h);
}

static int give_stacks(struct hart *h)
{
	uintptr_t trap_stack;
	hpa_t frames;
	int err;

	err = paging_take_frames(CONFIG_HART_STACK_SIZE + LAYOUT_TRAP_STACK_SIZE, &frames);
	if (err == CLV_OK)
		err = paging_map_stack(h->index, frames, &h->stack_bottom, &trap_stack);
	if (err != CLV_OK)
		return err;
	h->stack_top = h->stack_bottom + CONFIG_HART_STACK_SIZE;
	h->trap_stack_top = trap_stack + LAYOUT_TRAP_STACK_SIZE;
	return CLV_OK;
}

/* Wait for hart @h, whose SBI start went well. Return: how that ended */
static enum start_state wait_for(struct hart *h)
{
	u64 deadline = timer_now() + timer_frequency() * START_SECONDS;
	u32 expected = START_WAITED_FOR;

	while (atomic_read_acquire(&h->online) == 0U) {
		/* A hart that has come as far as C code is waited for as long as it takes. */
		if (timer_now() > deadline && expected == START_WAITED_FOR &&
		    atomic_cas(&start_state[h->index], &expected, (u32)START_ABANDONED))
			return START_ABANDONED;
		if (atomic_read_acquire(&start_state[h->index]) == (u32)START_LEFT_OUT)
			return START_LEFT_OUT;
		hart_pause();
	}
	return START_RUNNING;
}

/* One at a time: a hart narrows `features` and uses the self-test's tables without a lock. */
static bool start(struct hart *h)
{
	u64 entry = (uintptr_t)start_secondary - LAYOUT_IMAGE + start_info.image;
	u64 opaque = (uintptr_t)h - LAYOUT_IMAGE + start_info.image;
	enum start_state state;
	long error;

	if (give_stacks(h) != CLV_OK) {
		printk(PRINTK_WARNING "hart %llu left out: no memory for its stacks",
		       (unsigned long long)h->hartid);
		return false;
	}
	/* The tables and the struct hart must be there before the hart looks at them. */
	smp_mb();
	error = firmware_hart_start(h->hartid, entry, opaque);
	if (error != 0) {
		printk(PRINTK_WARNING "hart %llu left out: SBI hart_start answers %ld (%s)",
		       (unsigned long long)h->hartid, error, firmware_error_name(error));
		return false;
	}
	state = wait_for(h);
	if (state == START_ABANDONED)
		printk(PRINTK_WARNING
		       "hart %llu left out: no sign of life %u s after SBI hart_start (no H, or no "
		       "%s?)",
		       (unsigned long long)h->hartid, START_SECONDS, paging_mode_name());
	return state == START_RUNNING;
}

u32 hart_start_all(void)
{
	u32 online = 1U;

	atomic_set_release(&harts[0].online, 1U);
	/* A fence that others must see waits until they have (core/run/ipi.h); a hart that cannot be called would never answer. */
	if (count > 1U && !firmware_has(SBI_EID_IPI)) {
		printk(PRINTK_WARNING
		       "all harts but the boot hart left out: the firmware has no SBI IPI "
		       "extension, by which harts call one another");
		return online;
	}
	start_secondary_satp = paging_satp();
	for (u32 i = 1; i < count; i++) {
		if (start(&harts[i]))
			online++;
	}
	return online;
}

void hart_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}

u64 hart_irqs_pending(void)
{
	return csr_read(CSR_SIP) & csr_read(CSR_SIE);
}

void hart_irq_soft_clear(void)
{
	csr_clear(CSR_SIP, SIP_SSIP);
	/* What was asked for is looked at after the interrupt is withdrawn, or a request between the two is lost. */
	smp_mb();
}

void hart_ipi(u32 index)
{
	smp_mb();
	(void)firmware_send_ipi(harts[index].hartid);
}
