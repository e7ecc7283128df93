/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences on other harts: those of a VM's G-stage (flush_remote(), mm/flush.h), and those that a
 * guest asks for (SBI RFENCE).
 *
 * Both follow one protocol. The requester posts the request, executes a full barrier, and reads the
 * mode of each vCPU that is concerned. One that is IN gets an IPI, and the requester waits until it
 * has acknowledged or is OUT. One that is OUT does its fences before it next enters (rule M7).
 *
 * A vCPU's owner acknowledges at an IPI exit, on entry, and while it waits in spin_relax(), but
 * never inside a page-table walk (rule M4).
 */
#ifndef CORE_SHOOTDOWN_H
#define CORE_SHOOTDOWN_H

#include <cleave/types.h>
#include "mm/flush_request.h"

struct vcpu;

/**
 * shootdown_guest() - do a fence request on some vCPUs of a VM, and wait until it is done
 * @self: the calling vCPU, loaded here
 * @mask: bit n: vCPU number n of @self's VM, which exists; may name @self
 * @r: the request
 */
void shootdown_guest(struct vcpu *self, u64 mask, const struct flush_request *r);

/**
 * shootdown_serve() - do the fences that wait for the loaded vCPU @v, and acknowledge them
 *
 * Owner, not inside a walk.
 */
void shootdown_serve(struct vcpu *v);

/**
 * shootdown_serve_some() - as shootdown_serve(), from inside spin_relax()
 *
 * A guest's requests whose lock is taken stay for the next time.
 */
void shootdown_serve_some(struct vcpu *v);

#endif
