/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences on other harts: of a VM's G-stage (flush_remote(), mm/flush.h) and those that a guest asks for (SBI RFENCE).
 *
 * Protocol, the same for both: post the request, full barrier, read the mode of each vCPU that it concerns; one that is IN
 * gets an IPI and is waited for until it has acknowledged or is OUT; one that is OUT does its fences before it next enters
 * (rule M7). Requests are acknowledged at an IPI exit, on entry, and by who waits in spin_relax(), never inside a page-table
 * walk (rule M4).
 */
#ifndef CORE_SHOOTDOWN_H
#define CORE_SHOOTDOWN_H

#include <cleave/types.h>
#include "mm/flush_request.h"

struct vcpu;
struct vm;

/**
 * shootdown_guest() - do @r on the vCPUs of @self's VM that @mask names, and wait until it is done
 * @self: the calling vCPU, loaded here
 * @mask: bit = vCPU number; all exist
 */
void shootdown_guest(struct vcpu *self, u64 mask, const struct flush_request *r);

/**
 * shootdown_serve() - do the fences that wait for the loaded vCPU @v and acknowledge them; owner, not inside a walk
 */
void shootdown_serve(struct vcpu *v);

/** shootdown_serve_some() - the same from inside spin_relax(): leaves those whose lock is taken for the next time */
void shootdown_serve_some(struct vcpu *v);

#endif
