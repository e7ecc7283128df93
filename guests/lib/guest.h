/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bare-metal guest of Cleave needs: a start, a line of output, SBI and hypercalls, traps that are expected, other
 * harts. No allocator and no page tables: addresses are guest-physical.
 *
 * A program defines guest_main(). Its partition's memory begins at any multiple of 2 MiB and has 4 MiB or more; the program is
 * loaded 2 MiB into it and relocates itself. It must never use floating point: the code is built without it.
 */
#ifndef GUESTS_LIB_GUEST_H
#define GUESTS_LIB_GUEST_H

#include <abi/cleave.h>
#include <abi/state.h>
#include <abi/sbi.h>
#include <cleave/format.h>
#include <cleave/string.h>
#include <cleave/types.h>

#define GUEST_MAX_HARTS	 16U
#define GUEST_STACK_SIZE 16384U

/* The compiler is not told of Zicsr (its libgcc does not know it); the assembler is, where it is needed. */
#define GUEST_ZICSR(insn) ".option push\n.option arch, +zicsr\n" insn "\n.option pop"

#define csr_read(csr)                                                                     \
	({                                                                                \
		u64 csr_v_;                                                               \
		__asm__ volatile(GUEST_ZICSR("csrr %0, " #csr) : "=r"(csr_v_)::"memory"); \
		csr_v_;                                                                   \
	})
#define csr_write(csr, v) \
	__asm__ volatile(GUEST_ZICSR("csrw " #csr ", %0")::"rK"((u64)(v)) : "memory")
#define csr_set(csr, v) \
	__asm__ volatile(GUEST_ZICSR("csrs " #csr ", %0")::"rK"((u64)(v)) : "memory")
#define csr_clear(csr, v) \
	__asm__ volatile(GUEST_ZICSR("csrc " #csr ", %0")::"rK"((u64)(v)) : "memory")

/** guest_main() - the program; the boot hart's stack, interrupts off. Returning from it is as calling finish() */
void guest_main(unsigned long hartid, const void *fdt);

/* --- output and test results (str_format.c, print.c) ----------------------------------------------------------- */

/** guest_write() - print bytes as they are by SBI DBCN; any hart, but two at once may mix */
void guest_write(const char *text, size_t len);

/** say() - print one line (at most 255 bytes) by SBI DBCN in one piece; any hart */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** tell() - print one line (at most 255 bytes) of a driver: by say(), or as tell_by() has said; the drivers' hart */
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** tell_by() - have @line print what tell() is told, without a newline; before the first driver is started */
void tell_by(void (*line)(const char *text));

/** check() - note a test's result: prints `ok NAME` or `FAIL NAME`; the name is a format. Return: @ok */
bool check(bool ok, const char *name, ...) __attribute__((format(printf, 2, 3)));

/** check_eq() - check(), and on failure say what came and what should have: `FAIL NAME: got 0x.., want 0x..` */
bool check_eq(u64 got, u64 want, const char *name, ...) __attribute__((format(printf, 3, 4)));

/** finish() - print `done: N passed, N failed` and shut the partition down; never returns */
void finish(void) __attribute__((noreturn));

/* --- SBI (sbi.c) ------------------------------------------------------------------------------------------------- */

struct sbiret {
	long error;
	long value;
};

struct sbiret sbi_call(unsigned long eid, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);

/** sbi_shutdown(), sbi_reboot() - SRST of the partition; @failed: reason "system failure" instead of none */
void sbi_shutdown(bool failed) __attribute__((noreturn));
void sbi_reboot(void) __attribute__((noreturn));

/** sbi_set_timer() - timer interrupt at guest time @time; sbi_send_ipi() - software interrupt to hart @hartid */
void sbi_set_timer(u64 time);
long sbi_send_ipi(unsigned long hartid);

/** sbi_getchar() - a character that was typed, or -1 */
int sbi_getchar(void);

/** cleave_call() - hypercall @fn of include/abi/cleave.h */
static inline struct sbiret cleave_call(unsigned long fn, unsigned long a0, unsigned long a1,
					unsigned long a2, unsigned long a3, unsigned long a4,
					unsigned long a5)
{
	return sbi_call(CLEAVE_EID, fn, a0, a1, a2, a3, a4, a5);
}

/* A buffer's address as the ABI passes it: low and high word */
#define BUF_LO(p) ((unsigned long)(p))
#define BUF_HI	  0UL

/* Hypercalls as functions; each returns what docs/abi.md says. The address of @buf is guest-physical as it is. */
struct sbiret cleave_version(void);
u64 cleave_feature(u32 id);
struct sbiret cleave_vm_list(u32 *ids, unsigned long entries);
struct sbiret cleave_vm_info(u32 vm, struct cleave_vm_info *info);
struct sbiret cleave_vm_op(unsigned long fn, u32 vm); /* START, PAUSE, RESUME */
struct sbiret cleave_vm_steps(unsigned long fn,
			      u32 vm); /* RESET, DESTROY, CREATE until the cursor comes back as 0 */
struct sbiret cleave_vm_wait(u64 seq, struct cleave_event *event);
struct sbiret cleave_region_info(u32 vm, u32 region, struct cleave_region_info *info);
struct sbiret cleave_window_map(u32 vm, u64 gpa, u64 size, u64 own_gpa, u32 flags);
struct sbiret cleave_window_unmap(u64 own_gpa);
struct sbiret cleave_leaves(u32 vm, u32 region, struct cleave_leaves *leaves);
struct sbiret cleave_log_start(u32 vm, u32 region, u32 mode, u32 flags);
struct sbiret cleave_log_bits(unsigned long fn, u32 vm, u32 region, u64 first, u64 count,
			      u64 *bitmap);
struct sbiret cleave_log_stop(u32 vm, u32 region, u32 flags);
struct sbiret cleave_log_status(u32 vm, u32 region, struct cleave_log_status *status);
struct sbiret cleave_leaf(u32 vm, u64 gpa);
struct sbiret cleave_state_list(u32 vm, struct cleave_state_head *heads, unsigned long entries);
struct sbiret cleave_state_get(u32 vm, u32 kind, u32 instance, void *buf, size_t size);
struct sbiret cleave_state_set(u32 vm, const void *buf, size_t size);
struct sbiret cleave_state_check(u32 vm);
struct sbiret cleave_machine(u32 vm, struct cleave_machine *machine);
struct sbiret cleave_vm_note(u32 vm, u32 note, u64 id, bool run);
struct sbiret cleave_vm_brake(u32 vm, u32 percent);
struct sbiret cleave_stats(u32 vm, u64 *counters, unsigned long entries);

/* --- time -------------------------------------------------------------------------------------------------------- */

/** rdtime() - ticks of the guest's time; rdinstret() - instructions of this hart, where the machine lets a guest read them */
static inline u64 rdtime(void)
{
	u64 t;

	__asm__ volatile(GUEST_ZICSR("rdtime %0") : "=r"(t)::"memory");
	return t;
}

static inline u64 rdinstret(void)
{
	u64 n;

	__asm__ volatile(GUEST_ZICSR("rdinstret %0") : "=r"(n)::"memory");
	return n;
}

/** ticks_per_second() - ticks of time in a second, Hz, as the device tree says */
u64 ticks_per_second(void);

/** wait_us() - let @us microseconds of guest time pass, asleep in WFI where nothing else is pending */
void wait_us(u64 us);

/* --- traps (trap.c) ---------------------------------------------------------------------------------------------- */

#define TRAP_INTERRUPT	   (UINT64_C(1) << 63)
#define TRAP_FETCH_FAULT   1U
#define TRAP_ILLEGAL	   2U
#define TRAP_BREAKPOINT	   3U
#define TRAP_LOAD_MISALIGN 4U
#define TRAP_LOAD_FAULT	   5U
#define TRAP_STORE_FAULT   7U
#define TRAP_ECALL_U	   8U
#define TRAP_FETCH_PAGE	   12U
#define TRAP_LOAD_PAGE	   13U
#define TRAP_STORE_PAGE	   15U
#define TRAP_IRQ_SOFT	   (TRAP_INTERRUPT | 1U)
#define TRAP_IRQ_TIMER	   (TRAP_INTERRUPT | 5U)
#define TRAP_IRQ_EXT	   (TRAP_INTERRUPT | 9U)
#define TRAP_NONE	   UINT64_MAX

#define SSTATUS_SIE (UINT64_C(1) << 1)
#define SIE_SOFT    (UINT64_C(1) << 1)
#define SIE_TIMER   (UINT64_C(1) << 5)
#define SIE_EXT	    (UINT64_C(1) << 9)

/** struct trap - registers at a trap; start.S knows its layout. A hook may change them: they are what is restored */
struct trap {
	u64 x[32]; /* x[0] is not used */
	u64 sepc;
	u64 sstatus;
	u64 scause;
	u64 stval;
};

/** on_trap() - @hook sees every trap of every hart first. It returns true when it dealt with it; NULL: no hook */
void on_trap(bool (*hook)(struct trap *t));

/** trap_skip() - let the interrupted program go on behind the instruction that trapped */
void trap_skip(struct trap *t);

/**
 * trap_try() - call @fn, which is expected to trap; an exception ends the call
 * @out: registers at the exception, or NULL
 * Return: scause of the exception, TRAP_NONE when @fn returned.
 */
u64 trap_try(void (*fn)(void *arg), void *arg, struct trap *out);

/** probe_load(), probe_store() - one access of @size bytes (1, 2, 4, 8). Return: scause or TRAP_NONE */
u64 probe_load(u64 addr, u32 size, u64 *value);
u64 probe_store(u64 addr, u32 size, u64 value);

/* --- harts (harts.c) --------------------------------------------------------------------------------------------- */

/** start_hart() - run @fn(@arg) on hart @hartid with a stack of its own; the hart stops itself when @fn returns */
long start_hart(unsigned long hartid, void (*fn)(void *arg), void *arg);

/** this_hart() - Return: hartid of the calling hart */
unsigned long this_hart(void);

/** hart_status() - HSM state of @hartid as SBI reports it, negative on error; wait_hart_stopped() - until it is STOPPED */
long hart_status(unsigned long hartid);
void wait_hart_stopped(unsigned long hartid);

/** cpu_relax() - inside a busy loop */
static inline void cpu_relax(void)
{
	__asm__ volatile(".insn i 0x0F, 0, x0, x0, 0x010" ::: "memory");
}

/* --- device tree (fdt.c) ----------------------------------------------------------------------------------------- */

/** fdt_bootargs() - Return: /chosen/bootargs, "" when there is none */
const char *fdt_bootargs(const void *fdt);

/** bootarg() - value of the word `NAME` or `NAME=value` of the bootargs, copied to @value (or NULL). Return: it is there */
bool bootarg(const void *fdt, const char *name, char *value, size_t size);

/** bootarg_number() - Return: N of the word `NAME=N` of the bootargs, decimal, as far as its digits go; @otherwise when it is not there */
u64 bootarg_number(const void *fdt, const char *name, u64 otherwise);

/** fdt_memory() - first entry of the first memory node. Return: it is there */
bool fdt_memory(const void *fdt, u64 *base, u64 *size);

/** fdt_isa() - Return: `riscv,isa` of the first hart, "" when it is not there */
const char *fdt_isa(const void *fdt);

/** fdt_cpus() - Return: number of cpu nodes; fdt_timebase() - Hz, 0 when it is not there; fdt_size() - bytes */
u32 fdt_cpus(const void *fdt);
u64 fdt_timebase(const void *fdt);
u32 fdt_size(const void *fdt);

/* --- memory (memory.c) ------------------------------------------------------------------------- */

/* Symbols of guest.ld: the program's first byte, and the first byte behind its bss and stacks */
extern u8 guest_image_start[], guest_image_end[];

/**
 * free_memory() - the memory between the program with its stacks and the device tree (or the end of the first range)
 * Return: there is some; @base and @size in bytes, multiples of 4 KiB.
 */
bool free_memory(const void *fdt, u64 *base, u64 *size);

#endif
