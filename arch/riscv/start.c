/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot hart's first C code with address translation on.
 */
#include "arch/riscv/start.h"

#include "arch/riscv/early.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/hart_start.h"
#include "arch/riscv/timer.h"
#include "arch/riscv/trap.h"

struct start_info start_info;

u64 start_instret(void)
{
	u64 v = 0;

	return csr_probe_read(CSR_INSTRET, v) == CLV_OK ? v : 0U;
}

void start_main(u64 hartid, u64 fdt, u64 image, u64 instret)
{
	start_info = (struct start_info){
		.fdt = fdt,
		.image = image,
		.image_size = (u64)(image_end - image_start),
		.archive = image + (u64)(image_archive_start - image_start),
		.archive_size = (u64)(image_archive_end - image_archive_start),
		.instret = instret,
		.time = timer_now(),
	};
	hart_init_boot(hartid);
	trap_init();
	firmware_init();
	boot_main();
}
