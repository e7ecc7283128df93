/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of the RISC-V SBI specification: extension ids, function ids, arguments, error codes.
 *
 * Three sides use them: the hypervisor as a client of the firmware below it, the hypervisor as the
 * server of its guests, and the guests. Chapters and tables are those of SBI 2.0.
 *
 * This header must include nothing. Assembly includes it too, so a number has a suffix only where C
 * needs one.
 */
#ifndef ABI_SBI_H
#define ABI_SBI_H

/*
 * Calling convention (chapter 3): a7 = extension id, a6 = function id, a0 to a5 = arguments.
 * The answer is an error code in a0 and a value in a1. All other registers keep their values.
 */

/* --- error codes (chapter 3, table 1) --------------------------------------------------------- */

#define SBI_SUCCESS		  0
#define SBI_ERR_FAILED		  (-1)
#define SBI_ERR_NOT_SUPPORTED	  (-2)
#define SBI_ERR_INVALID_PARAM	  (-3)
#define SBI_ERR_DENIED		  (-4)
#define SBI_ERR_INVALID_ADDRESS	  (-5)
#define SBI_ERR_ALREADY_AVAILABLE (-6)
#define SBI_ERR_ALREADY_STARTED	  (-7)
#define SBI_ERR_ALREADY_STOPPED	  (-8)
#define SBI_ERR_NO_SHMEM	  (-9)

/* Since SBI 3.0 */
#define SBI_ERR_INVALID_STATE (-10)
#define SBI_ERR_BAD_RANGE     (-11)
#define SBI_ERR_TIMEOUT	      (-12)
#define SBI_ERR_IO	      (-13)
#define SBI_ERR_DENIED_LOCKED (-14)

/* --- extension ids (chapters 4 to 16) --------------------------------------------------------- */

#define SBI_EID_BASE   0x10
#define SBI_EID_TIME   0x54494D45
#define SBI_EID_IPI    0x735049
#define SBI_EID_RFENCE 0x52464E43
#define SBI_EID_HSM    0x48534D
#define SBI_EID_SRST   0x53525354
#define SBI_EID_PMU    0x504D55
#define SBI_EID_DBCN   0x4442434E
#define SBI_EID_SUSP   0x53555350
#define SBI_EID_CPPC   0x43505043
#define SBI_EID_NACL   0x4E41434C
#define SBI_EID_STA    0x535441

/* Since SBI 3.0 */
#define SBI_EID_SSE  0x535345
#define SBI_EID_FWFT 0x46574654

/* Legacy extensions (chapter 5): each is one call, which ignores a6 and answers in a0 alone */
#define SBI_EID_LEGACY_SET_TIMER	      0x0
#define SBI_EID_LEGACY_CONSOLE_PUTCHAR	      0x1
#define SBI_EID_LEGACY_CONSOLE_GETCHAR	      0x2
#define SBI_EID_LEGACY_CLEAR_IPI	      0x3
#define SBI_EID_LEGACY_SEND_IPI		      0x4
#define SBI_EID_LEGACY_REMOTE_FENCE_I	      0x5
#define SBI_EID_LEGACY_REMOTE_SFENCE_VMA      0x6
#define SBI_EID_LEGACY_REMOTE_SFENCE_VMA_ASID 0x7
#define SBI_EID_LEGACY_SHUTDOWN		      0x8

/* --- hart masks (chapter 3.1): arguments hart_mask and hart_mask_base of IPI and RFENCE ------- */

/* As hart_mask_base: all harts; hart_mask is ignored */
#define SBI_HART_MASK_BASE_ALL 0xffffffffffffffffU

/* --- BASE (chapter 4): which SBI this is, and what it has ------------------------------------- */

#define SBI_BASE_GET_SPEC_VERSION 0
#define SBI_BASE_GET_IMPL_ID	  1
#define SBI_BASE_GET_IMPL_VERSION 2
#define SBI_BASE_PROBE_EXTENSION  3
#define SBI_BASE_GET_MVENDORID	  4
#define SBI_BASE_GET_MARCHID	  5
#define SBI_BASE_GET_MIMPID	  6

/* The specification's version: major number in bits 30 to 24, minor number in bits 23 to 0 */
#define SBI_SPEC_MAJOR_SHIFT 24
#define SBI_SPEC_MAJOR_MASK  0x7f
#define SBI_SPEC_MINOR_MASK  0xffffff
#define SBI_SPEC_VERSION_2_0 0x02000000

/*
 * Cleave's implementation id. Ids 0 to 11 are registered (table 4); this one is not. It is the
 * number of Cleave's own extension (CLEAVE_EID). The implementation version that goes with it is
 * the version of the hypercall ABI, major << 16 | minor.
 */
#define SBI_IMPL_ID_CLEAVE 0x08434C56

/* --- TIME (chapter 6): the timer interrupt ---------------------------------------------------- */

#define SBI_TIME_SET_TIMER 0

/* --- IPI (chapter 7): software interrupts to other harts -------------------------------------- */

#define SBI_IPI_SEND_IPI 0

/* --- RFENCE (chapter 8): fences on other harts ------------------------------------------------ */

#define SBI_RFENCE_FENCE_I	    0
#define SBI_RFENCE_SFENCE_VMA	    1
#define SBI_RFENCE_SFENCE_VMA_ASID  2
#define SBI_RFENCE_HFENCE_GVMA_VMID 3
#define SBI_RFENCE_HFENCE_GVMA	    4
#define SBI_RFENCE_HFENCE_VVMA_ASID 5
#define SBI_RFENCE_HFENCE_VVMA	    6

/* --- HSM (chapter 9): starting, stopping and suspending harts --------------------------------- */

#define SBI_HSM_HART_START	0
#define SBI_HSM_HART_STOP	1
#define SBI_HSM_HART_GET_STATUS 2
#define SBI_HSM_HART_SUSPEND	3

/* States that hart_get_status reports */
#define SBI_HSM_STARTED		0
#define SBI_HSM_STOPPED		1
#define SBI_HSM_START_PENDING	2
#define SBI_HSM_STOP_PENDING	3
#define SBI_HSM_SUSPENDED	4
#define SBI_HSM_SUSPEND_PENDING 5
#define SBI_HSM_RESUME_PENDING	6

/* Types of hart_suspend */
#define SBI_SUSPEND_RETENTIVE	  0x00000000U
#define SBI_SUSPEND_NON_RETENTIVE 0x80000000U

/* --- SRST (chapter 10): system reset ---------------------------------------------------------- */

#define SBI_SRST_SYSTEM_RESET 0

/* Types */
#define SBI_RESET_SHUTDOWN    0
#define SBI_RESET_COLD_REBOOT 1
#define SBI_RESET_WARM_REBOOT 2

/* Reasons */
#define SBI_REASON_NONE	   0
#define SBI_REASON_FAILURE 1

/* --- DBCN (chapter 12): the debug console ----------------------------------------------------- */

#define SBI_DBCN_CONSOLE_WRITE	    0
#define SBI_DBCN_CONSOLE_READ	    1
#define SBI_DBCN_CONSOLE_WRITE_BYTE 2

/* --- FWFT (chapter 18): what the firmware may turn on and off --------------------------------- */

#define SBI_FWFT_SET 0

#define SBI_FWFT_PTE_AD_HW_UPDATING 4

/* --- SUSP (chapter 13): suspending the whole system ------------------------------------------- */

#define SBI_SUSP_SYSTEM_SUSPEND 0

/* Types */
#define SBI_SUSP_TO_RAM 0

#endif
