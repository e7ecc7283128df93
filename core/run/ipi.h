/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt by which a hart makes another look at its requests (core/run/request.h).
 *
 * The interrupt says only that there is something. What is asked for is kept where it belongs: a
 * vCPU's fences and interrupts with the vCPU, a VM's state with the VM, the wish that a hart choose
 * again with the hart.
 */
#ifndef CORE_IPI_H
#define CORE_IPI_H

#include <cleave/types.h>

/**
 * ipi_send() - make hart @index come into the hypervisor and look at its requests
 *
 * Orders the request before the interrupt. Costs an exchange when one is already on its way.
 */
void ipi_send(u32 index);

/**
 * ipi_acknowledge() - withdraw this hart's interrupt
 *
 * A full barrier: what was asked for before the interrupt is seen by a look after this.
 */
void ipi_acknowledge(void);

#endif
