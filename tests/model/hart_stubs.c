/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the hypervisor is not there in the world of harts: firmware, console, devices, restarts,
 * F, D and V registers. What may not happen there ends the test.
 */
#include <stdio.h>
#include <string.h>
#include <cleave/printk.h>
#include "arch/riscv/aia.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"
#include "core/console/console.h"
#include "core/machine/irq.h"
#include "core/vm/event.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"
#include "tests/model/hart_world_internal.h"

void guest_fp_save(struct guest_fp *fp);
void guest_fp_restore(const struct guest_fp *fp);
void guest_vector_save(struct guest_vector *vec);
void guest_vector_restore(const struct guest_vector *vec);

/* The hypervisor says something: nothing here is worth a line but a broken rule. */
void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	MUST(!"the hypervisor is silent");
}

int firmware_send_ipi(u64 hartid)
{
	hart_model_interrupt((u32)hartid);
	return 0;
}

#ifdef CONFIG_AIA
/* No hart has an interrupt file: a call goes by the firmware. */
bool imsic_here(void)
{
	return false;
}
#endif

void hart_pause(void)
{
	hart_world_pause();
}

void firmware_set_timer(u64 deadline)
{
	(void)deadline;
	MUST(!"there is Sstc");
}

void firmware_flush_console(void)
{
}

void firmware_shutdown(bool failure)
{
	(void)failure;
	MUST(!"the machine goes on");
	abort();
}

void firmware_reboot(bool failure)
{
	firmware_shutdown(failure);
}

u64 console_serve(void)
{
	return UINT64_MAX;
}

void console_tty_flush(struct console_tty *t)
{
	(void)t;
}

void console_tty_say(struct console_tty *t, const char *fmt, ...)
{
	(void)t;
	(void)fmt;
}

void irq_handle(u32 hart)
{
	(void)hart;
	MUST(!"there are no devices");
}

void event_post(u32 type, u32 vm, u64 arg)
{
	(void)type;
	(void)vm;
	(void)arg;
}

void vm_pass_start(struct vm *vm)
{
	(void)vm;
}

void vm_pass_stop(struct vm *vm)
{
	(void)vm;
}

void vm_op_begin_unattended(struct vm *vm, enum vm_op op)
{
	(void)vm;
	(void)op;
	MUST(!"no VM ends by itself");
}

bool vm_restart_ask(struct vm *vm)
{
	(void)vm;
	return false;
}

void vm_restart_refuse(const struct vm *vm)
{
	(void)vm;
}

void vm_restart_step(const struct vcpu *v)
{
	(void)v;
	MUST(!"no VM restarts");
}

bool vm_records_allow_run(const struct vm *vm)
{
	(void)vm;
	return true;
}

void vm_records_settle(struct vm *vm)
{
	(void)vm;
}

void guest_fp_save(struct guest_fp *fp)
{
	(void)fp;
}

void guest_fp_restore(const struct guest_fp *fp)
{
	(void)fp;
}

void guest_vector_save(struct guest_vector *vec)
{
	(void)vec;
}

void guest_vector_restore(const struct guest_vector *vec)
{
	(void)vec;
}
