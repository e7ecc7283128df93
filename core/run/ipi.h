/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests between harts. core/run/ipi.c also defines spin_relax(), which serves them while a hart waits.
 */
#ifndef CORE_IPI_H
#define CORE_IPI_H

#include <cleave/types.h>

/** ipi_send() - make hart @index come into the hypervisor and serve its requests; cheap when it is on its way already */
void ipi_send(u32 index);

/**
 * ipi_serve() - serve what other harts asked of this one: fences of the loaded vCPU, pause, stop, new interrupts
 * Context: not inside a page-table walk (M4). Return: true when the loaded vCPU must leave the hart.
 */
bool ipi_serve(void);

/** ipi_acknowledge() - withdraw this hart's interrupt; what was asked for before is seen by who looks after this */
void ipi_acknowledge(void);

#endif
