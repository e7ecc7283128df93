/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware below, called by SBI.
 */
#include "arch/riscv/firmware.h"

#include <abi/sbi.h>
#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/probe/paging.h"

/*
 * Which extensions there are; firmware_init() writes it, and it is read-only afterwards. @legacy:
 * the legacy console.
 */
static struct {
	bool base, time, ipi, hsm, srst, dbcn, legacy;
} firmware_ext;

struct firmware_result firmware_call(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2)
{
	register u64 r0 __asm__("a0");
	register u64 r1 __asm__("a1");
	register u64 r2 __asm__("a2");
	register u64 r6 __asm__("a6");
	register u64 r7 __asm__("a7");

	r0 = a0;
	r1 = a1;
	r2 = a2;
	r6 = fid;
	r7 = eid;
	__asm__ volatile("ecall" : "+r"(r0), "+r"(r1) : "r"(r2), "r"(r6), "r"(r7) : "memory");
	return (struct firmware_result){ .error = (long)r0, .value = (long)r1 };
}

static bool firmware_probe(u64 eid)
{
	struct firmware_result r = firmware_call(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, eid, 0, 0);

	return r.error == 0 && r.value != 0;
}

void firmware_init(void)
{
	struct firmware_result spec =
		firmware_call(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0);

	/* SBI 0.1 has no BASE and answers "not supported": it has the legacy calls alone. */
	firmware_ext.base = spec.error == SBI_SUCCESS;
	if (firmware_ext.base) {
		firmware_ext.time = firmware_probe(SBI_EID_TIME);
		firmware_ext.ipi = firmware_probe(SBI_EID_IPI);
		firmware_ext.hsm = firmware_probe(SBI_EID_HSM);
		firmware_ext.srst = firmware_probe(SBI_EID_SRST);
		firmware_ext.dbcn = firmware_probe(SBI_EID_DBCN);
		firmware_ext.legacy = firmware_probe(SBI_EID_LEGACY_CONSOLE_PUTCHAR);
	} else {
		firmware_ext.legacy = true;
	}
}

bool firmware_has(u64 eid)
{
	return firmware_ext.base && firmware_probe(eid);
}

/* Implementation ids: SBI 2.0, chapter 4, table 4 */
static const char *firmware_impl_name(u64 id)
{
	static const char *const name[] = {
		"Berkeley Boot Loader",
		"OpenSBI",
		"Xvisor",
		"KVM",
		"RustSBI",
		"Diosix",
		"Coffer",
		"Xen",
		"PolarFire HSS",
		"coreboot",
		"oreboot",
		"bhyve",
	};

	return id < ARRAY_SIZE(name) ? name[id] : "unknown";
}

static u64 firmware_base_value(u64 fid)
{
	struct firmware_result r = firmware_call(SBI_EID_BASE, fid, 0, 0, 0);

	return r.error == 0 ? (u64)r.value : 0U;
}

void firmware_info(struct firmware_info *out)
{
	u64 spec = firmware_ext.base ? firmware_base_value(SBI_BASE_GET_SPEC_VERSION) : 1U;

	*out = (struct firmware_info){
		.spec_major = (u32)(spec >> SBI_SPEC_MAJOR_SHIFT) & SBI_SPEC_MAJOR_MASK,
		.spec_minor = (u32)spec & SBI_SPEC_MINOR_MASK,
		.impl_name = "unknown",
	};
	if (firmware_ext.base) {
		out->impl_id = firmware_base_value(SBI_BASE_GET_IMPL_ID);
		out->impl_version = firmware_base_value(SBI_BASE_GET_IMPL_VERSION);
		out->impl_name = firmware_impl_name(out->impl_id);
		out->mvendorid = firmware_base_value(SBI_BASE_GET_MVENDORID);
		out->marchid = firmware_base_value(SBI_BASE_GET_MARCHID);
		out->mimpid = firmware_base_value(SBI_BASE_GET_MIMPID);
	}
}

void firmware_console_putc(u8 c)
{
	if (firmware_ext.dbcn)
		(void)firmware_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, c, 0, 0);
	else if (firmware_ext.legacy)
		(void)firmware_call(SBI_EID_LEGACY_CONSOLE_PUTCHAR, 0, c, 0, 0);
}

void firmware_console_write(const char *s, size_t len)
{
	while (len > 0U) {
		size_t part = MIN(len, PAGE_SIZE - ((uintptr_t)s & PAGE_MASK));
		struct firmware_result r = { .error = -1 };
		hpa_t at;

		/*
		 * The firmware wants physical addresses, so it is given a page at a time. It may
		 * write less than it was given.
		 */
		if (firmware_ext.dbcn && paging_hpa(s, &at) == CLV_OK)
			r = firmware_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE, part, at.v, 0);
		if (r.error == 0 && r.value > 0 && (size_t)r.value <= part) {
			part = (size_t)r.value;
		} else {
			firmware_console_putc((u8)*s);
			part = 1U;
		}
		s += part;
		len -= part;
	}
}

int firmware_console_getc(void)
{
	if (!firmware_has(SBI_EID_LEGACY_CONSOLE_GETCHAR))
		return -1;
	return (int)firmware_call(SBI_EID_LEGACY_CONSOLE_GETCHAR, 0, 0, 0, 0).error;
}

void firmware_set_timer(u64 deadline)
{
	if (firmware_ext.time)
		(void)firmware_call(SBI_EID_TIME, SBI_TIME_SET_TIMER, deadline, 0, 0);
	else
		(void)firmware_call(SBI_EID_LEGACY_SET_TIMER, 0, deadline, 0, 0);
}

int firmware_send_ipi(u64 hartid)
{
	struct firmware_result r;

	if (!firmware_ext.ipi)
		return CLV_ERR_UNSUPPORTED;
	r = firmware_call(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1U, hartid, 0);
	return r.error == 0 ? CLV_OK : CLV_ERR_INVAL;
}

int firmware_update_ad(bool on)
{
	if (!firmware_has(SBI_EID_FWFT))
		return CLV_ERR_UNSUPPORTED;
	return firmware_call(SBI_EID_FWFT, SBI_FWFT_SET, SBI_FWFT_PTE_AD_HW_UPDATING, on, 0)
				       .error == SBI_SUCCESS
		       ? CLV_OK
		       : CLV_ERR_UNSUPPORTED;
}

long firmware_hart_start(u64 hartid, u64 address, u64 opaque)
{
	if (!firmware_ext.hsm)
		return SBI_ERR_NOT_SUPPORTED;
	return firmware_call(SBI_EID_HSM, SBI_HSM_HART_START, hartid, address, opaque).error;
}

void firmware_hart_stop(void)
{
	if (firmware_ext.hsm)
		(void)firmware_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0);
}

const char *firmware_error_name(long error)
{
	/* Error codes count down from 0: SBI 2.0, chapter 3, table 1. */
	static const char *const name[] = {
		"success",	   "failed",	       "not supported",	    "invalid parameter",
		"denied",	   "invalid address",  "already available", "already started",
		"already stopped", "no shared memory",
	};
	u64 n = 0U - (u64)error;

	return n < ARRAY_SIZE(name) ? name[n] : "unknown error";
}

static void firmware_reset(u64 type, u64 reason) __attribute__((noreturn));
static void firmware_reset(u64 type, u64 reason)
{
	static const char cannot[] =
		"\r\ncleave| the firmware has no system reset: this hart stays here\r\n";

	firmware_flush_console();
	if (firmware_ext.srst)
		(void)firmware_call(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, type, reason, 0);
	if (type == SBI_RESET_SHUTDOWN)
		(void)firmware_call(SBI_EID_LEGACY_SHUTDOWN, 0, 0, 0, 0);
	firmware_console_write(cannot, sizeof(cannot) - 1U);
	for (;;)
		__asm__ volatile("wfi");
}

void firmware_shutdown(bool failure)
{
	firmware_reset(SBI_RESET_SHUTDOWN, failure ? SBI_REASON_FAILURE : SBI_REASON_NONE);
}

void firmware_reboot(bool failure)
{
	firmware_reset(SBI_RESET_COLD_REBOOT, failure ? SBI_REASON_FAILURE : SBI_REASON_NONE);
}
