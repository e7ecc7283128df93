/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's error values (rule M9: errors are values).
 *
 * A function returns 0 or a positive count on success, and one of these negative values on failure.
 * They are internal: core/guest/sbi.c and core/guest/hypercall.c translate them to the SBI error
 * codes that a guest sees.
 */
#ifndef CLEAVE_ERRNO_H
#define CLEAVE_ERRNO_H

enum cleave_error {
	CLV_OK = 0,
	CLV_ERR_INVAL = -1,	  /* an argument does not have an allowed form */
	CLV_ERR_RANGE = -2,	  /* an address or a range is out of its bounds */
	CLV_ERR_NOMEM = -3,	  /* no frame, no table or no slot is left */
	CLV_ERR_NOTFOUND = -4,	  /* what was named does not exist */
	CLV_ERR_EXISTS = -5,	  /* what is to be made exists already */
	CLV_ERR_DENIED = -6,	  /* the caller may not do this */
	CLV_ERR_UNSUPPORTED = -7, /* this machine or this version cannot do this */
	CLV_ERR_STATE = -8,	  /* the object is in a state that does not allow this */
	CLV_ERR_BUSY = -9,    /* another operation on the same object is under way; call again */
	CLV_ERR_FAULT = -10,  /* an access to memory or a CSR trapped */
	CLV_ERR_FORMAT = -11, /* an archive, a device tree or a record is malformed */
};

#endif
