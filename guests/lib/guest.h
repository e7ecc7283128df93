/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bare-metal guest of Cleave needs: an entry, lines of output, SBI and hypercalls, traps
 * that it expects, and other harts. There is no allocator, and there are no page tables: addresses
 * are guest-physical.
 *
 * A program defines guest_main(). Its partition's memory begins at any multiple of 2 MiB and has at
 * least 4 MiB; the program is loaded 2 MiB into it and relocates itself. It must never use floating
 * point: the code is built without it.
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

/*
 * The compiler is not told of Zicsr, because its libgcc does not know it. The assembler is told
 * wherever it is needed.
 */
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

/**
 * guest_main() - the program, which every program defines
 * @hartid: the boot hart, on which it runs
 * @fdt: the device tree
 *
 * Interrupts are off. When it returns, finish() is called.
 */
void guest_main(unsigned long hartid, const void *fdt);

/* --- output and test results (print.c) -------------------------------------------------------- */

/**
 * guest_write() - print bytes as they are, by SBI DBCN; any hart may call it, but the output of two
 * may mix
 */
void guest_write(const char *text, size_t len);

/** say() - print one line of at most 255 bytes in one piece, by SBI DBCN; any hart may call it */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * tell() - print one line of at most 255 bytes for a driver: by say(), or by what tell_by() was
 * given
 *
 * Only the hart on which the drivers run calls it.
 */
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * tell_by() - have @line print the lines of tell(), which have no newline; called before the first
 * driver starts
 */
void tell_by(void (*line)(const char *text));

/**
 * check() - count a test's result, and print `ok NAME` or `FAIL NAME`; @name is a format.
 * Return: @ok
 */
bool check(bool ok, const char *name, ...) __attribute__((format(printf, 2, 3)));

/**
 * check_eq() - check() that two values are equal; a failure prints both: `FAIL NAME: got 0x.., want
 * 0x..`
 */
bool check_eq(u64 got, u64 want, const char *name, ...) __attribute__((format(printf, 3, 4)));

/** finish() - print `done: N passed, N failed`, and shut the partition down. It never returns */
void finish(void) __attribute__((noreturn));

/* --- SBI (sbi.c) ------------------------------------------------------------------------------ */

/** struct sbiret - what an SBI call returns: an error code of <abi/sbi.h>, and a value */
struct sbiret {
	long error;
	long value;
};

/** sbi_call() - call function @fid of SBI extension @eid */
struct sbiret sbi_call(unsigned long eid, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);

/**
 * sbi_shutdown(), sbi_reboot() - end or reset the partition by SRST; @failed: give the reason
 * "system failure"
 */
void sbi_shutdown(bool failed) __attribute__((noreturn));
void sbi_reboot(void) __attribute__((noreturn));

/** sbi_set_timer() - have a timer interrupt at guest time @time, ticks; UINT64_MAX: have none */
void sbi_set_timer(u64 time);

/**
 * sbi_send_ipi() - raise the software interrupt of hart @hartid.
 * Return: an error code of <abi/sbi.h>
 */
long sbi_send_ipi(unsigned long hartid);

/** sbi_getchar() - Return: the next character that the user has typed, -1 when there is none */
int sbi_getchar(void);

/** cleave_call() - make hypercall @fn of <abi/cleave.h> */
static inline struct sbiret cleave_call(unsigned long fn, unsigned long a0, unsigned long a1,
					unsigned long a2, unsigned long a3, unsigned long a4,
					unsigned long a5)
{
	return sbi_call(CLEAVE_EID, fn, a0, a1, a2, a3, a4, a5);
}

/* The address of a buffer as the ABI passes it: a low and a high word */
#define BUF_LO(p) ((unsigned long)(p))
#define BUF_HI	  0UL

/*
 * The hypercalls as functions. Each returns what docs/abi.md says.
 *
 * cleave_vm_op() - START, PAUSE or RESUME, which take nothing but the VM
 * cleave_vm_steps() - RESET, DESTROY or CREATE; calls until the cursor comes back as 0
 * cleave_leaves(), cleave_log_start(), cleave_log_stop() - these too call until the cursor comes
 * back as 0
 * cleave_log_bits() - LOG_GET, LOG_GET_CLEAR or LOG_CLEAR
 */
struct sbiret cleave_version(void);
u64 cleave_feature(u32 id);
struct sbiret cleave_vm_list(u32 *ids, unsigned long entries);
struct sbiret cleave_vm_info(u32 vm, struct cleave_vm_info *info);
struct sbiret cleave_vm_op(unsigned long fn, u32 vm);
struct sbiret cleave_vm_steps(unsigned long fn, u32 vm);
struct sbiret cleave_vm_wait(u64 seq, struct cleave_event *event);
struct sbiret cleave_vm_fault(u32 vm, struct cleave_fault *fault);
struct sbiret cleave_vm_images(u32 vm, u64 offset, void *buf, size_t size);
struct sbiret cleave_vm_images_take(u32 vm, u32 from, u64 bytes);
struct sbiret cleave_vm_images_put(u32 vm, const void *buf, size_t size);
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
struct sbiret cleave_outcome(u64 id);
struct sbiret cleave_vm_brake(u32 vm, u32 percent);
struct sbiret cleave_stats(u32 vm, u64 *counters, unsigned long entries);
struct sbiret cleave_schedule_info(u32 plan, struct cleave_schedule *info);
struct sbiret cleave_schedule_set(u32 plan);
struct sbiret cleave_schedule_stats(u32 plan, u32 first, struct cleave_window *windows,
				    unsigned long entries);

/* --- time ------------------------------------------------------------------------------------- */

/** rdtime() - Return: the guest's time, ticks */
static inline u64 rdtime(void)
{
	u64 t;

	__asm__ volatile(GUEST_ZICSR("rdtime %0") : "=r"(t)::"memory");
	return t;
}

/**
 * rdinstret() - Return: instructions that this hart has executed; it traps where the machine does
 * not let guests read it
 */
static inline u64 rdinstret(void)
{
	u64 n;

	__asm__ volatile(GUEST_ZICSR("rdinstret %0") : "=r"(n)::"memory");
	return n;
}

/** ticks_per_second() - Return: ticks of the guest's time in a second, Hz, from the device tree */
u64 ticks_per_second(void);

/** wait_us() - wait for @us microseconds of guest time, in WFI while no interrupt is pending */
void wait_us(u64 us);

/* --- traps (trap.c) --------------------------------------------------------------------------- */

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

/**
 * struct trap - the registers at a trap, which are restored after it; start.S knows the layout
 *
 * A hook may change them.
 */
struct trap {
	u64 x[32]; /* x[0] is not used */
	u64 sepc;
	u64 sstatus;
	u64 scause;
	u64 stval;
};

/**
 * on_trap() - show every trap of every hart to @hook first; NULL: to no hook
 *
 * The hook returns true when it has dealt with the trap.
 */
void on_trap(bool (*hook)(struct trap *t));

/**
 * trap_try() - call @fn, which is expected to trap; an exception ends the call
 * @out: gets the registers at the exception, or NULL
 * Return: scause of the exception, TRAP_NONE when @fn returned
 */
u64 trap_try(void (*fn)(void *arg), void *arg, struct trap *out);

/**
 * probe_load(), probe_store() - make one access of @size bytes: 1, 2, 4 or 8.
 * Return: as trap_try()
 */
u64 probe_load(u64 addr, u32 size, u64 *value);
u64 probe_store(u64 addr, u32 size, u64 value);

/* --- harts (harts.c) -------------------------------------------------------------------------- */

/**
 * start_hart() - run @fn(@arg) on hart @hartid, which has a stack of its own; it stops itself when
 * @fn returns
 * Return: an error code of <abi/sbi.h>
 */
long start_hart(unsigned long hartid, void (*fn)(void *arg), void *arg);

/** this_hart() - Return: the hart id of the calling hart */
unsigned long this_hart(void);

/**
 * hart_status() - Return: the HSM state of hart @hartid, or a negative error code, both of
 * <abi/sbi.h>
 */
long hart_status(unsigned long hartid);

/** wait_hart_stopped() - wait until the HSM state of hart @hartid is STOPPED */
void wait_hart_stopped(unsigned long hartid);

/** cpu_relax() - tell the hart that it stands in a busy loop */
static inline void cpu_relax(void)
{
	__asm__ volatile(".insn i 0x0F, 0, x0, x0, 0x010" ::: "memory");
}

/* --- device tree (fdt/fdt.c) ------------------------------------------------------------------ */

/** fdt_bootargs() - Return: /chosen/bootargs, "" when there is none */
const char *fdt_bootargs(const void *fdt);

/**
 * bootarg() - find the word `NAME` or `NAME=value` in the bootargs
 * @name: NAME
 * @value: gets the value, cut to fit; NULL: it is not wanted
 * @size: bytes of @value
 * Return: true when the word is there
 */
bool bootarg(const void *fdt, const char *name, char *value, size_t size);

/**
 * bootarg_number() - find the word `NAME=N` in the bootargs
 * Return: N, decimal, as far as its digits go; @otherwise when the word is not there
 */
u64 bootarg_number(const void *fdt, const char *name, u64 otherwise);

/**
 * fdt_memory() - get the first entry of the first memory node, in bytes.
 * Return: true when there is one
 */
bool fdt_memory(const void *fdt, u64 *base, u64 *size);

/** fdt_isa() - Return: `riscv,isa` of the first hart that has it, "" when none has */
const char *fdt_isa(const void *fdt);

/** fdt_cpus() - Return: how many cpu nodes there are */
u32 fdt_cpus(const void *fdt);

/** fdt_timebase() - Return: /cpus/timebase-frequency, Hz, 0 when it is not there */
u64 fdt_timebase(const void *fdt);

/* --- memory (memory.c) ------------------------------------------------------------------------ */

/* Symbols of guest.ld: the program's first byte, and the first byte after its bss and stacks */
extern u8 guest_image_start[], guest_image_end[];

/**
 * free_memory() - find the memory that the program may use
 * @base, @size: get it, in bytes, both multiples of 4 KiB
 *
 * It lies between the end of the program's stacks and the end of the first memory range: the larger
 * part of what the device tree leaves there.
 *
 * Return: true when there is some
 */
bool free_memory(const void *fdt, u64 *base, u64 *size);

#endif
