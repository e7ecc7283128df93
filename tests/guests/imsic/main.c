/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt files and the APLIC of a partition with interrupts = "aia", as the Advanced
 * Interrupt Architecture 1.0 has them: every register, claims, thresholds, messages that nothing
 * takes, a storm of IPIs of which none may be lost or doubled, and a device's level.
 *
 * Nothing here knows whether a file is a hart's or an emulated one: both must answer alike. Of two
 * vCPUs, hart 0 is looked at, and hart 1 sends.
 *
 * Bootargs: with `look` it is a manager, which starts and pauses partition 0, and asks for its
 * records.
 */
#include "guests/lib/guest.h"

#define CSR_SISELECT "0x150"
#define CSR_SIREG    "0x151"
#define CSR_STOPEI   "0x15c"
#define CSR_STOPI    "0xdb0"

#define IMSIC 0x28000000UL
#define APLIC 0x0d000000UL
#define UART  0x10000000UL

#define EIDELIVERY  0x70UL
#define EITHRESHOLD 0x72UL
#define EIP	    0x80UL
#define EIE	    0xc0UL
#define IDS	    255U
#define TOP(id)	    ((u64)(id) << 16 | (id))

#define SOURCECFG(s) (APLIC + 4U * (s))
#define SETIPNUM     (APLIC + 0x1cdcU)
#define IN_CLRIP     (APLIC + 0x1d00U)
#define SETIENUM     (APLIC + 0x1edcU)
#define GENMSI	     (APLIC + 0x3000U)
#define TARGET(s)    (APLIC + 0x3000U + 4U * (s))
#define UART_SOURCE  10U

#define STORM_ROUNDS 20U

#define number_read(csr)                                                                       \
	({                                                                                     \
		u64 v_;                                                                        \
		__asm__ volatile(GUEST_ZICSR("csrrs %0, " csr ", zero") : "=r"(v_)::"memory"); \
		v_;                                                                            \
	})
#define number_swap(csr, v)                                           \
	({                                                            \
		u64 v_;                                               \
		__asm__ volatile(GUEST_ZICSR("csrrw %0, " csr ", %1") \
				 : "=&r"(v_)                          \
				 : "r"((u64)(v))                      \
				 : "memory");                         \
		v_;                                                   \
	})

static volatile u32 heard[IDS + 1U];
static volatile u32 total;
static volatile u32 round;
static volatile u64 top; /* stopi at the last interrupt */

static u64 reg_swap(u64 select, u64 value)
{
	(void)number_swap(CSR_SISELECT, select);
	return number_swap(CSR_SIREG, value);
}

static u64 reg_read(u64 select)
{
	(void)number_swap(CSR_SISELECT, select);
	return number_read(CSR_SIREG);
}

static void msi(u32 hart, u32 id)
{
	*(volatile u32 *)(IMSIC + 0x1000UL * hart) = id;
	__asm__ volatile("fence" ::: "memory");
}

static void clear(void)
{
	(void)reg_swap(EIDELIVERY, 0);
	(void)reg_swap(EITHRESHOLD, 0);
	for (u64 k = 0; k < 8U; k += 2U) {
		(void)reg_swap(EIP + k, 0);
		(void)reg_swap(EIE + k, 0);
	}
}

/* --- registers -------------------------------------------------------------------------------- */

static void touch(void *arg)
{
	(void)reg_swap((u64)arg, ~0UL);
}

/* What a number of siselect must do: trap, or show this after all bits were written */
static bool wanted(u64 select, u64 *value)
{
	*value = 0;
	if (select < 0x30U || (select > 0x3fU && select < 0x70U) || select > 0xffU)
		return false;
	if ((select & 1U) != 0U && (select < 0x70U || select >= EIP))
		return false;
	if (select == EIP || select == EIE)
		*value = ~1UL;
	else if ((select > EIP && select < EIP + 8U) || (select > EIE && select < EIE + 8U))
		*value = ~0UL;
	else if (select == EITHRESHOLD)
		*value = IDS;
	return true;
}

static void registers(void)
{
	u32 wrong = 0;

	clear();
	for (u64 s = 0; s < 0x200U; s++) {
		u64 value;
		bool there = wanted(s, &value);
		u64 cause = trap_try(touch, (void *)s, NULL);

		if (cause != (there ? TRAP_NONE : TRAP_ILLEGAL) ||
		    (there && reg_read(s) != value)) {
			wrong++;
			say("siselect 0x%lx: cause %ld", s, (long)cause);
		}
	}
	(void)check_eq(wrong, 0, "each number of siselect does what it must");
	clear();
	(void)check_eq(reg_swap(EIDELIVERY, 1), 0, "eidelivery is 0");
	(void)reg_swap(EIDELIVERY, 0x40000000);
	(void)check_eq(reg_read(EIDELIVERY) & ~1UL, 0, "eidelivery is 0 or 1");
}

static void claims(void)
{
	static const u32 ids[] = { 200, 1, 255, 64, 63, 128, 127 };
	static const u32 order[] = { 1, 63, 64, 127, 128, 200, 255 };
	u32 wrong = 0;

	clear();
	for (u64 k = 0; k < 8U; k += 2U)
		(void)reg_swap(EIE + k, ~0UL);
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++)
		msi(0, ids[i]);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		wrong += number_read(CSR_STOPEI) != TOP(order[i]);
		wrong += number_swap(CSR_STOPEI, 0) != TOP(order[i]);
	}
	(void)check_eq(wrong, 0, "the lowest identity is claimed first");
	(void)check_eq(number_swap(CSR_STOPEI, ~0UL), 0, "a spurious claim gets 0");

	for (u32 id = 1; id <= IDS; id++) {
		u64 bit = 1UL << id % 64U;

		msi(0, id);
		wrong += reg_read(EIP + id / 64U * 2U) != bit;
		wrong += number_swap(CSR_STOPEI, 0) != TOP(id);
		wrong += reg_read(EIP + id / 64U * 2U) != 0U;
	}
	(void)check_eq(wrong, 0, "each identity has a pending bit that a message sets");
}

static void thresholds(void)
{
	clear();
	(void)reg_swap(EIE, ~0UL);
	msi(0, 9);
	(void)reg_swap(EITHRESHOLD, 9);
	(void)check_eq(number_swap(CSR_STOPEI, 0), 0, "a threshold keeps its own identity back");
	(void)reg_swap(EITHRESHOLD, 10);
	(void)check_eq(number_swap(CSR_STOPEI, 0), TOP(9), "one above lets it through");
}

static void nobodys(void)
{
	u64 pending = 0;

	clear();
	msi(0, 0);
	msi(0, IDS + 1U);
	msi(0, 0xffffffffU);
	*(volatile u32 *)(IMSIC + 8U) = 5;
	*(volatile u8 *)IMSIC = 5;
	*(volatile u64 *)IMSIC = 5;
	__asm__ volatile("fence" ::: "memory");
	for (u64 k = 0; k < 64U; k += 2U)
		pending |= reg_read(EIP + k);
	(void)check_eq(pending, 0, "messages and stores that are none are lost");
	(void)check_eq(*(volatile u32 *)IMSIC, 0, "the page reads zero");
}

/* --- interrupts ------------------------------------------------------------------------------- */

static bool hook(struct trap *t)
{
	u64 claimed;

	if (t->scause != TRAP_IRQ_EXT)
		return false;
	top = number_read(CSR_STOPI);
	while ((claimed = number_swap(CSR_STOPEI, 0)) != 0U) {
		heard[claimed >> 16 & IDS]++;
		total++;
	}
	return true;
}

static void storm(void *arg)
{
	(void)arg;
	for (u32 r = 1; r <= STORM_ROUNDS; r++) {
		for (u32 id = 1; id <= IDS; id++)
			msi(0, id);
		while (round < r)
			cpu_relax();
	}
}

static void wait_total(u32 want)
{
	csr_set(sstatus, SSTATUS_SIE);
	while (total < want)
		cpu_relax();
	csr_clear(sstatus, SSTATUS_SIE);
}

static void storms(void)
{
	u32 wrong = 0;

	clear();
	for (u64 k = 0; k < 8U; k += 2U)
		(void)reg_swap(EIE + k, ~0UL);
	(void)reg_swap(EIDELIVERY, 1);
	csr_set(sie, SIE_EXT);
	(void)start_hart(1, storm, NULL);
	for (u32 r = 1; r <= STORM_ROUNDS; r++) {
		wait_total(r * IDS);
		round = r;
	}
	wait_hart_stopped(1);
	for (u32 id = 1; id <= IDS; id++)
		wrong += heard[id] != STORM_ROUNDS;
	(void)check_eq(wrong, 0, "of a storm of IPIs none is lost or doubled");
	(void)check_eq(top >> 16, 9, "stopi says that it is an external interrupt");
	(void)check_eq(number_read(CSR_STOPI), 0, "stopi is 0 when none is pending");
}

/* --- APLIC ------------------------------------------------------------------------------------ */

static void store(u64 at, u32 value)
{
	*(volatile u32 *)at = value;
}

static void wires(void)
{
	u32 before = total;

	store(APLIC, 0x100);
	store(SOURCECFG(3), 1);
	store(TARGET(3), 77);
	store(SETIENUM, 3);
	store(SETIPNUM, 3);
	wait_total(before + 1U);
	(void)check_eq(heard[77], STORM_ROUNDS + 1U, "a detached source sends its message");
	store(GENMSI, 78);
	wait_total(before + 2U);
	(void)check_eq(heard[78], STORM_ROUNDS + 1U, "genmsi sends its message");

	store(SOURCECFG(UART_SOURCE), 6);
	store(TARGET(UART_SOURCE), 79);
	store(SETIENUM, UART_SOURCE);
	*(volatile u8 *)(UART + 1U) = 2; /* IER: the transmitter is empty, which holds the line */
	wait_total(before + 3U);
	(void)check_eq(*(volatile u32 *)IN_CLRIP, 1U << UART_SOURCE, "the device's wire is high");
	store(SETIPNUM, UART_SOURCE);
	wait_total(before + 4U);
	(void)check_eq(heard[79], STORM_ROUNDS + 2U, "a level that lasts is sent again when asked");
	*(volatile u8 *)(UART + 1U) = 0;
	store(SETIPNUM, UART_SOURCE);
	csr_set(sstatus, SSTATUS_SIE);
	wait_us(1000);
	csr_clear(sstatus, SSTATUS_SIE);
	(void)check_eq(total, before + 4U, "and not when it is over");
}

/* Of a partition with these files there is no record yet: a reader must not get half of it. */
static void look(void)
{
	struct cleave_state_head head;

	(void)check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_START, 0).error, SBI_SUCCESS, "it starts");
	while (cleave_vm_op(CLEAVE_FN_VM_PAUSE, 0).error != SBI_SUCCESS)
		cpu_relax();
	(void)check_eq((u64)cleave_state_list(0, &head, 1).error, (u64)SBI_ERR_NOT_SUPPORTED,
		       "its records cannot be listed");
	(void)check_eq((u64)cleave_state_check(0).error, (u64)SBI_ERR_NOT_SUPPORTED,
		       "nor asked for");
	(void)check_eq((u64)cleave_vm_op(CLEAVE_FN_VM_RESUME, 0).error, SBI_SUCCESS, "it goes on");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	(void)hartid;
	if (bootarg(fdt, "look", NULL, 0)) {
		look();
		return;
	}
	on_trap(hook);
	registers();
	claims();
	thresholds();
	nobodys();
	storms();
	wires();
}
