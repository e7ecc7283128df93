/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM on the host, and what core/state/ calls that needs a hart or the machine's console. */
#include "tests/unit/core/state/state_world.h"

#include <stdlib.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/timer.h"
#include "core/config/guest_fdt.h"

#define VS_64 (2ULL << 32)

struct features features;

u64 world_random(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct world *world_of(const struct vm *vm)
{
	return container_of((struct vm *)(uintptr_t)vm, struct world, vm);
}

/* --- what is called --------------------------------------------------------------------------- */

u64 vm_guest_time(const struct vm *vm)
{
	return world_of(vm)->time;
}

void vm_set_guest_time(struct vm *vm, u64 ticks)
{
	world_of(vm)->time = ticks;
}

void vuart_irq(struct vuart *u, bool level)
{
	vplic_line(&container_of(u, struct vm, uart)->plic, GUEST_UART_IRQ, level);
}

int vuart_fetch(struct vuart *u)
{
	return console_tty_fetch(&container_of(u, struct vm, uart)->tty);
}

bool vuart_output(struct vuart *u, u8 c)
{
	return console_tty_putc(&container_of(u, struct vm, uart)->tty, c);
}

bool vuart_output_full(struct vuart *u)
{
	return console_tty_full(&container_of(u, struct vm, uart)->tty);
}

void vplic_output(struct vplic *p, u32 context, bool level)
{
	struct vm *vm = container_of(p, struct vm, plic);
	u64 *irq = &vm->run.vcpu[context]->irq_level;

	*irq = level ? *irq | GUEST_IRQ_EXT : *irq & ~GUEST_IRQ_EXT;
}

void vplic_completed(struct vplic *p, u32 source)
{
	(void)p;
	(void)source;
	abort(); /* no device of a machine here */
}

/* --- worlds ----------------------------------------------------------------------------------- */

void world_use(const struct world *w)
{
	features = w->machine;
}

void world_init(struct world *w, u32 vcpus, u32 vlenb, u8 asid_bits)
{
	memset(w, 0, sizeof(*w));
	w->machine = (struct features){ .fp = vlenb != 0U,
					.vector = vlenb != 0U,
					.vlenb = (u16)vlenb,
					.sstc = vcpus % 2U == 0U,
					.vs_modes = 0x18,
					.asid_bits = asid_bits,
					.cbom_block = 64,
					.cboz_block = 128 };
	world_use(w);
	w->cfg = (struct config_partition){ .name = "world",
					    .cpus = vcpus,
					    .nr_memory = 2,
					    .memory = { { 0x80000000, 0x1000000 },
							{ 0x100000000, 0x200000 } } };
	w->vm.cfg = &w->cfg;
	w->vm.own = (struct cleave_state_identity){ .uuid = { 1, (u8)vcpus }, .name = "world" };
	w->vm.guest = w->vm.own;
	spin_lock(&w->vm.lock); /* as the callers of state_*() do */
	w->vm.run.state = CLEAVE_VM_PAUSED;
	w->vm.time_stands = true;
	w->vm.run.nr_vcpus = vcpus;
	for (u32 i = 0; i < vcpus; i++) {
		struct vcpu *v = &w->vcpu[i];

		w->vm.run.vcpu[i] = v;
		v->vm = &w->vm;
		v->run = &w->vm.run;
		v->id = i;
		v->hsm = VCPU_STOPPED;
		v->timer = TIMER_NEVER;
		v->deadline = UINT64_MAX;
		v->guest.sstatus = SSTATUS_SPP;
		v->guest.hstatus = HSTATUS_SPV | HSTATUS_SPVP | VS_64;
		v->guest.csr.vsstatus = VS_64;
		v->guest.csr.vstimecmp = UINT64_MAX;
		v->guest.vec.vtype = BIT64(63);
		v->guest.vec.regs = vlenb != 0U ? w->vector[i] : NULL;
	}
	console_lines_init(&w->vm.tty.out.line, w->cfg.name);
	vuart_reset(&w->vm.uart);
	vplic_reset(&w->vm.plic, vcpus);
	vm_records_accept(&w->vm);
}

static void live_vcpu(struct vcpu *v, u64 *seed)
{
	struct guest *g = &v->guest;
	static const u32 hsm[] = { VCPU_STARTED, VCPU_STOPPED, VCPU_START_PENDING,
				   VCPU_STOP_PENDING, VCPU_SUSPENDED };

	for (u32 n = 1; n < 32U; n++)
		g->x[n] = world_random(seed);
	g->pc = world_random(seed) & ~1ULL;
	g->sstatus = (world_random(seed) & 1U) != 0U ? SSTATUS_SPP : 0U;
	g->csr.vsstatus = VS_64 | SSTATUS_SIE | SSTATUS_SUM | SSTATUS_FS;
	g->csr.vsie = SIP_SSIP | SIP_STIP;
	g->csr.vstvec = (world_random(seed) & ~3ULL) | 1U;
	g->csr.vsscratch = world_random(seed);
	g->csr.vsepc = world_random(seed) & ~1ULL;
	g->csr.vscause = BIT64(63) | 5U;
	g->csr.vstval = world_random(seed);
	g->csr.vsatp = 9ULL << 60 | 0x3fULL << 44 | (world_random(seed) & 0xfffffffffffULL);
	/* The external bit was shown to the guest; it is not part of the record. */
	g->csr.hvip = GUEST_IRQ_SOFT | GUEST_IRQ_EXT;
	g->csr.scounteren = world_random(seed) & 0xffffffffU;
	g->csr.senvcfg = 0xd1;
	g->csr.sstateen0 = world_random(seed) & 7U;
	vcpu_put_timer(v, world_random(seed));
	for (u32 n = 0; n < 32U; n++)
		g->fp.f[n] = world_random(seed);
	g->fp.fcsr = world_random(seed) & 0xffU;
	if (g->vec.regs != NULL) {
		g->vec.vl = world_random(seed) % (8U * features.vlenb + 1U);
		g->vec.vstart = world_random(seed) % (8U * features.vlenb);
		g->vec.vtype = world_random(seed) & 0xffU;
		g->vec.vcsr = world_random(seed) & 7U;
		for (u32 n = 0; n < 32U * features.vlenb; n++)
			g->vec.regs[n] = (u8)world_random(seed);
	}
	v->hsm = hsm[world_random(seed) % ARRAY_SIZE(hsm)];
	v->waiting = v->hsm == VCPU_SUSPENDED;
	v->suspend_jump = v->waiting && (world_random(seed) & 1U) != 0U;
	v->irq_soft = (u32)world_random(seed) & 1U;
	/* A start of long ago has left these. */
	v->start_pc = 0x80000000U + (world_random(seed) & 0xfffffeU);
	v->start_opaque = world_random(seed);
}

static void live_devices(struct vm *vm, u64 *seed)
{
	static const char text[] = "an \033[1mopen\033[0m line \xc3\xa9\b\b\033[";

	/* The UART has taken as much of what was typed as it has room for; its interrupt is on. */
	for (u32 n = 0; n < 40U; n++)
		vm->tty.rx[n] = (u8)world_random(seed);
	vm->tty.rx_count = 40;
	vuart_write(&vm->uart, 0, 2, 1, 0xc1);
	vuart_write(&vm->uart, 0, 1, 1, 0x03);
	vuart_write(&vm->uart, 0, 7, 1, world_random(seed));
	vuart_write(&vm->uart, 0, 4, 1, 0x0b);
	vuart_refill(&vm->uart);
	vplic_write(&vm->plic, 0, 4U * GUEST_UART_IRQ, 4, 1U + world_random(seed) % 7U);
	for (u32 c = 0; c < vm->run.nr_vcpus; c++) {
		vplic_write(&vm->plic, 0, 0x2000U + 0x80U * c, 4,
			    world_random(seed) | 1U << GUEST_UART_IRQ);
		vplic_write(&vm->plic, 0, 0x200000U + 0x1000U * c, 4, world_random(seed) % 8U);
	}
	/* Sometimes the guest has claimed the interrupt and not completed it. */
	if ((world_random(seed) & 1U) != 0U)
		(void)vplic_read(&vm->plic, 0, 0x200004U, 4);
	console_tty_write(&vm->tty, (const u8 *)text, sizeof(text) - 1U);
	vm->generation.count = world_random(seed);
	vm->generation.id[15] = (u8)(1U + world_random(seed) % 255U);
}

void world_live(struct world *w, u64 seed)
{
	world_use(w);
	w->time = world_random(&seed);
	for (u32 i = 0; i < w->vm.run.nr_vcpus; i++)
		live_vcpu(&w->vcpu[i], &seed);
	live_devices(&w->vm, &seed);
	vm_records_settle(&w->vm);
}

u32 world_record(struct world *w, u32 n, void *record)
{
	static struct cleave_state_head heads[STATE_RECORDS_MAX];

	world_use(w);
	if (n >= state_list(&w->vm, heads, STATE_RECORDS_MAX))
		return 0;
	return state_get(&w->vm, heads[n].kind, heads[n].instance, record);
}

/* --- what may not be -------------------------------------------------------------------------- */

static const char *why_vcpu(const struct vcpu *v)
{
	const struct guest *g = &v->guest;

	if (g->x[0] != 0U || (g->pc & 1U) != 0U)
		return "x0 or pc";
	if ((g->sstatus & ~(SSTATUS_SPP | SSTATUS_FS | SSTATUS_VS)) != 0U)
		return "sstatus";
	if ((g->hstatus & ~HSTATUS_SPVP) != (HSTATUS_SPV | VS_64))
		return "hstatus";
	if ((g->csr.hvip & ~(GUEST_IRQ_SOFT | GUEST_IRQ_EXT)) != 0U ||
	    (g->csr.vsie & ~0x222ULL) != 0U)
		return "hvip or vsie";
	if (g->hgatp != 0U || g->henvcfg != 0U || g->hideleg != 0U || g->hedeleg != 0U ||
	    g->hcounteren != 0U || g->hstateen0 != 0U || g->time_offset != 0U)
		return "what is the hypervisor's";
	if (g->vec.vl > 8U * WORLD_VLENB || g->vec.vstart >= 8U * WORLD_VLENB)
		return "vl or vstart";
	if (v->hsm > VCPU_SUSPENDED || (v->irq_level & ~GUEST_IRQ_EXT) != 0U || v->irq_soft > 1U ||
	    v->mode != VCPU_OUT || v->irq_shown != 0U || v->tlb_seen != 0U || v->blocked != 0U)
		return "hsm, interrupts or mode";
	if (v->suspend_jump && v->hsm != VCPU_SUSPENDED)
		return "a jump out of no suspend";
	return NULL;
}

const char *world_why_insane(const struct world *w)
{
	const struct vplic *p = &w->vm.plic;
	const struct vuart *u = &w->vm.uart;

	for (u32 i = 0; i < w->vm.run.nr_vcpus; i++) {
		const char *why = why_vcpu(&w->vcpu[i]);
		bool out = (p->out >> i & 1U) != 0U;

		if (why != NULL)
			return why;
		if (out != ((w->vcpu[i].irq_level & GUEST_IRQ_EXT) != 0U))
			return "a vCPU's external interrupt is not the PLIC's output";
	}
	if (u->rx_count > VUART_FIFO_SIZE || u->rx_head >= VUART_FIFO_SIZE)
		return "the FIFO";
	if (((p->level >> GUEST_UART_IRQ & 1U) != 0U) != u->irq)
		return "the PLIC's input is not the UART's line";
	if ((p->level & ~(p->pending | p->claimed)) != 0U)
		return "a line is up, and its gateway has not forwarded it";
	if (((p->pending | p->claimed) & 1U) != 0U || p->contexts != w->vm.run.nr_vcpus)
		return "source 0, or contexts";
	if (w->vm.tty.rx_count > CONFIG_CONSOLE_RX || w->vm.tty.out.line.len > CONFIG_CONSOLE_LINE)
		return "the console";
	return NULL;
}
