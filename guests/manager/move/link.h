/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The links that lead out of the machine: to peers, which are other machines' managers, and to the
 * store, which is a stream to or from a file.
 */
#ifndef GUESTS_MANAGER_LINK_H
#define GUESTS_MANAGER_LINK_H

#include "guests/manager/move/move_internal.h"

#define LINK_PEER  "cleave.peer" /* names of ports; further peers' have ".2" and ".3" after it */
#define LINK_STORE "cleave.store"
#define LINK_PEERS 3U

/** link_init() - look for the device that has the ports */
void link_init(const void *fdt);

/**
 * link_stop() - stop that device, so that it touches no memory any more: this program is about to
 * be replaced
 */
void link_stop(void);

/**
 * link_step() - serve both links: connections, what the peer begins, guests in doubt
 * Return: true when something was done.
 */
bool link_step(void);

/** link_over() - @job is over, and leaves its link */
void link_over(struct job *job);

/** link_find() - Return: true when @name is that of a link to a peer, whose number is then @peer */
bool link_find(const char *name, u32 *peer);

/** link_name() - Return: the name of the link to peer @peer */
const char *link_name(u32 peer);

/** link_send() - begin to move @vm to peer number @peer */
enum command_result link_send(const struct cleave_vm_info *vm, const struct move_wants *w,
			      u32 peer);

/** link_checkpoint() - begin to write @vm to the store */
enum command_result link_checkpoint(const struct cleave_vm_info *vm, const struct move_wants *w);

/**
 * link_restore() - begin to fill @slot from the store, with @epoch of what comes
 * @any: with whatever guest comes, even if the slot is not `incoming`
 * @clock: its time goes on by what has passed
 */
enum command_result link_restore(const struct cleave_vm_info *slot, u32 epoch, bool any,
				 bool clock);

/** link_run_links() - the command `links` */
enum command_result link_run_links(int argc, char **argv);

/** link_none() - Return: a link that is cut, for an engine that has none yet */
struct migrate_link link_none(void);

#endif
