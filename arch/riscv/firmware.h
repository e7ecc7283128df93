/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to the firmware below: SBI 0.2 to 2.0, as a client. What guests see of SBI is core's, and has nothing to do with it.
 *
 * Extensions that the firmware lacks answer CLV_ERR_UNSUPPORTED; nothing here may be taken for granted but the call itself.
 */
#ifndef ARCH_RISCV_FIRMWARE_H
#define ARCH_RISCV_FIRMWARE_H

#include <cleave/types.h>

/* struct firmware_result - the two words that an SBI call returns; @error: SBI error code, 0: success */
struct firmware_result {
	long error;
	long value;
};

/** firmware_call() - the call itself: @eid in a7, @fid in a6 */
struct firmware_result firmware_call(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2);

/** firmware_init() - find out, once, which extensions there are; boot hart, before any other function here */
void firmware_init(void);

/** firmware_has() - Return: true when the firmware has extension @eid (BASE probe_extension) */
bool firmware_has(u64 eid);

/** struct firmware_info - what the firmware says of itself */
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

/** firmware_info() - ask the firmware and the boot hart who they are */
void firmware_info(struct firmware_info *out);

/** firmware_console_putc(), firmware_console_write() - the firmware's console: DBCN, else legacy putchar, else nothing.
 * @s may lie anywhere in the hypervisor's address space. Takes no lock. */
void firmware_console_putc(u8 c);
void firmware_console_write(const char *s, size_t len);

/** firmware_console_getc() - Return: a character that the firmware's console has received (legacy getchar), -1: none */
int firmware_console_getc(void);

/**
 * firmware_set_timer() - interrupt the calling hart at @deadline, ticks; withdraws an interrupt that is pending
 * UINT64_MAX: never.
 */
void firmware_set_timer(u64 deadline);

/** firmware_send_ipi() - raise the software interrupt of @hartid. Return: CLV_OK or CLV_ERR_UNSUPPORTED, CLV_ERR_INVAL */
int firmware_send_ipi(u64 hartid);

/** firmware_hart_start() - start @hartid at physical @address with a1 = @opaque. Return: SBI error code */
long firmware_hart_start(u64 hartid, u64 address, u64 opaque);

/** firmware_hart_stop() - give the calling hart back to the firmware; returns only when that failed */
void firmware_hart_stop(void);

/** firmware_error_name() - words for an SBI error code */
const char *firmware_error_name(long error);

/**
 * firmware_shutdown() - power the machine off; @failure: say to the firmware that something went wrong
 * firmware_reboot() - reset it
 * When the firmware cannot, the calling hart waits for ever with a line that says so.
 */
void firmware_shutdown(bool failure) __attribute__((noreturn));
void firmware_reboot(bool failure) __attribute__((noreturn));

#endif
