/* SPDX-License-Identifier: BSD-2-Clause */
/* The links that lead out of the machine: the peer, another machine's manager, and the store, a stream to or from a file. */
#ifndef GUESTS_MANAGER_LINK_H
#define GUESTS_MANAGER_LINK_H

#include "guests/manager/move/move_internal.h"

#define LINK_PEER  "cleave.peer" /* names of the ports */
#define LINK_STORE "cleave.store"

/** link_init() - look for the device that has the ports */
void link_init(const void *fdt);

/** link_stop() - put that device out of use: this program's memory is about to be another's */
void link_stop(void);

/** link_step() - serve both links: connections, what the peer begins, who is in doubt. Return: something was done */
bool link_step(void);

/** link_over() - @job is over, and leaves its link */
void link_over(struct job *job);

/** link_send() - begin to move @vm to the peer; link_checkpoint() - to write it to the store */
enum command_result link_send(const struct cleave_vm_info *vm, const struct move_wants *w);
enum command_result link_checkpoint(const struct cleave_vm_info *vm, const struct move_wants *w);

/** link_restore() - begin to fill @slot from the store */
enum command_result link_restore(const struct cleave_vm_info *slot);

/** link_run_links() - the command */
enum command_result link_run_links(int argc, char **argv);

/** link_none() - Return: a link for an engine that has none yet: it is cut */
struct migrate_link link_none(void);

#endif
