/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to the firmware below: SBI 0.2 to 2.0, as a client. What guests see of SBI is core's, and has nothing to do with it.
 *
 * Extensions that the firmware lacks answer CLV_ERR_UNSUPPORTED; nothing here may be taken for granted but the call itself.
 */
#ifndef ARCH_RISCV_SBI_H
#define ARCH_RISCV_SBI_H

#include <cleave/types.h>

/* Extension ids (SBI 2.0, chapters 4 to 17) */
#define SBI_EXT_BASE		 0x10U
#define SBI_EXT_TIME		 0x54494D45U
#define SBI_EXT_IPI		 0x735049U
#define SBI_EXT_HSM		 0x48534DU
#define SBI_EXT_SRST		 0x53525354U
#define SBI_EXT_DBCN		 0x4442434EU
#define SBI_EXT_LEGACY_SET_TIMER 0x0U
#define SBI_EXT_LEGACY_PUTCHAR	 0x1U
#define SBI_EXT_LEGACY_SEND_IPI	 0x4U
#define SBI_EXT_LEGACY_SHUTDOWN	 0x8U

/* struct sbi_result - the two words that an SBI call returns; @error: SBI error code, 0: success */
struct sbi_result {
	long error;
	long value;
};

/** sbi_call() - the call itself: @eid in a7, @fid in a6 */
struct sbi_result sbi_call(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2);

/** sbi_init() - find out, once, which extensions there are; boot hart, before any other function here */
void sbi_init(void);

/** sbi_has() - Return: true when the firmware has extension @eid (BASE probe_extension) */
bool sbi_has(u64 eid);

/** struct sbi_firmware - what the firmware says of itself */
struct sbi_firmware {
	u32 spec_major;
	u32 spec_minor;
	u64 impl_id;
	u64 impl_version;
	const char *impl_name;
	u64 mvendorid;
	u64 marchid;
	u64 mimpid;
};

/** sbi_firmware() - ask the firmware and the boot hart who they are */
void sbi_firmware(struct sbi_firmware *out);

/** sbi_console_putc(), sbi_console_write() - the firmware's console: DBCN, else legacy putchar, else nothing.
 * @s may lie anywhere in the hypervisor's address space. Takes no lock. */
void sbi_console_putc(u8 c);
void sbi_console_write(const char *s, size_t len);

/**
 * sbi_set_timer() - interrupt the calling hart at @deadline, ticks; withdraws an interrupt that is pending
 * UINT64_MAX: never.
 */
void sbi_set_timer(u64 deadline);

/** sbi_send_ipi() - raise the software interrupt of @hartid. Return: CLV_OK or CLV_ERR_UNSUPPORTED, CLV_ERR_INVAL */
int sbi_send_ipi(u64 hartid);

/** sbi_hart_start() - start @hartid at physical @address with a1 = @opaque. Return: SBI error code */
long sbi_hart_start(u64 hartid, u64 address, u64 opaque);

/** sbi_hart_stop() - give the calling hart back to the firmware; returns only when that failed */
void sbi_hart_stop(void);

/** sbi_error_name() - words for an SBI error code */
const char *sbi_error_name(long error);

/**
 * sbi_shutdown() - power the machine off; @failure: say to the firmware that something went wrong
 * sbi_reboot() - reset it
 * When the firmware cannot, the calling hart waits for ever with a line that says so.
 */
void sbi_shutdown(bool failure) __attribute__((noreturn));
void sbi_reboot(bool failure) __attribute__((noreturn));

#endif
