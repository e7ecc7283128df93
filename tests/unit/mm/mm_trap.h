/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doing something at the one moment at which it matters: right before the next store to a page.
 */
#ifndef TESTS_UNIT_MM_TRAP_H
#define TESTS_UNIT_MM_TRAP_H

/**
 * mm_trap_set() - have the next store to the page at @address run @action first
 *
 * @action may itself store to the page.
 */
void mm_trap_set(void *address, void (*action)(void));

/** mm_trap_set_read() - as mm_trap_set(), before the next load or store */
void mm_trap_set_read(void *address, void (*action)(void));

/** mm_trap_end() - check that there was such an access */
void mm_trap_end(void);

#endif
