/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware below, called by SBI 0.1 to 2.0: the hypervisor is the client here. The SBI that its
 * guests see is served by core/guest, and has nothing to do with this.
 *
 * Nothing may be taken for granted but the call itself: the firmware may lack any extension.
 *
 * Locking: none. Any hart may call these functions at any time after firmware_init().
 */
#ifndef ARCH_RISCV_FIRMWARE_H
#define ARCH_RISCV_FIRMWARE_H

#include <cleave/types.h>

/**
 * struct firmware_result - the two words that an SBI call returns
 * @error: SBI error code; 0: success
 * @value: as the function defines it
 */
struct firmware_result {
	long error;
	long value;
};

/**
 * firmware_call() - make an SBI call
 * @eid: extension id (a7)
 * @fid: function id (a6)
 * @a0, @a1, @a2: arguments
 */
struct firmware_result firmware_call(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2);

/**
 * firmware_init() - find out which extensions the firmware has
 *
 * The boot hart calls it once, before any other function here but firmware_call().
 */
void firmware_init(void);

/** firmware_has() - Return: true when the firmware has extension @eid (BASE, probe_extension) */
bool firmware_has(u64 eid);

/**
 * struct firmware_info - what the firmware says of itself and of the hart that asks
 * @spec_major, @spec_minor: version of SBI
 * @impl_id, @impl_version: SBI implementation id, and the implementation's version
 * @impl_name: name of that implementation, or "unknown"
 * @mvendorid, @marchid, @mimpid: the machine-mode CSRs of these names
 */
struct firmware_info {
	u32 spec_major;
	u32 spec_minor;
	u64 impl_id;
	u64 impl_version;
	const char *impl_name;
	u64 mvendorid;
	u64 marchid;
	u64 mimpid;
};

/** firmware_info() - ask the firmware; what it does not say is 0 */
void firmware_info(struct firmware_info *out);

/**
 * firmware_console_putc() - write a character to the firmware's console
 * firmware_console_write() - write text to it
 * @s: text anywhere in the hypervisor's address space, @len bytes
 *
 * By DBCN, or by the legacy putchar where there is no DBCN; without either the text is lost.
 */
void firmware_console_putc(u8 c);
void firmware_console_write(const char *s, size_t len);

/**
 * firmware_console_getc() - read a character from the firmware's console (legacy getchar)
 *
 * Return: the character, or -1 when none has been received.
 */
int firmware_console_getc(void);

/**
 * firmware_set_timer() - interrupt the calling hart when time reaches @deadline
 * @deadline: host time, ticks; UINT64_MAX: never
 *
 * An interrupt that is pending is withdrawn.
 */
void firmware_set_timer(u64 deadline);

/**
 * firmware_send_ipi() - raise the software interrupt of the hart with mhartid @hartid
 *
 * Return: 0, CLV_ERR_UNSUPPORTED without the IPI extension, CLV_ERR_INVAL when the firmware
 * refuses.
 */
int firmware_send_ipi(u64 hartid);

/**
 * firmware_update_ad() - have the calling hart set A and D in page tables by itself, or not
 *
 * By FWFT, for S-mode and the G-stage (menvcfg.ADUE; privileged specification, "Svadu").
 *
 * Return: 0, CLV_ERR_UNSUPPORTED when the firmware or the hart cannot.
 */
int firmware_update_ad(bool on);

/**
 * firmware_hart_start() - start a hart
 * @hartid: its mhartid
 * @address: HPA where it begins, with satp = 0
 * @opaque: what it finds in a1
 *
 * Return: SBI error code; SBI_ERR_NOT_SUPPORTED without HSM.
 */
long firmware_hart_start(u64 hartid, u64 address, u64 opaque);

/**
 * firmware_hart_stop() - give the calling hart back to the firmware; returns only if that failed
 */
void firmware_hart_stop(void);

/**
 * firmware_flush_console() - call up, defined by core/console/console.c: the machine ends
 *
 * Have all that waits to be printed sent, if that has not been done before. Any locks may be held;
 * it waits for none for long, as the caller may be a hart that has trapped.
 */
void firmware_flush_console(void);

/** firmware_error_name() - Return: words for SBI error code @error */
const char *firmware_error_name(long error);

/**
 * firmware_shutdown() - power the machine off
 * firmware_reboot() - reset the machine; both call firmware_flush_console()
 * @failure: tell the firmware that a failure is the reason
 *
 * If the firmware cannot do it, the calling hart prints a line that says so, and waits for ever.
 */
void firmware_shutdown(bool failure) __attribute__((noreturn));
void firmware_reboot(bool failure) __attribute__((noreturn));

#endif
