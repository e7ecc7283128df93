/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot report: what this machine is, in lines that a porter can paste into a bug report.
 */
#include <abi/sbi.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/paging.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/start.h"
#include "arch/riscv/timer.h"
#include "core/boot/boot_internal.h"
#include "lib/text.h"

static void boot_report_firmware(void)
{
	struct firmware_info fw;

	firmware_info(&fw);
	printk(PRINTK_INFO "firmware: SBI %u.%u, %s (id %lu) version 0x%lx%s%s%s%s%s%s",
	       fw.spec_major, fw.spec_minor, fw.impl_name, fw.impl_id, fw.impl_version,
	       firmware_has(SBI_EID_TIME) ? ", TIME" : "", firmware_has(SBI_EID_IPI) ? ", IPI" : "",
	       firmware_has(SBI_EID_HSM) ? ", HSM" : ", no HSM",
	       firmware_has(SBI_EID_SRST) ? ", SRST" : ", no SRST",
	       firmware_has(SBI_EID_DBCN) ? ", DBCN" : ", no DBCN",
	       firmware_has(SBI_EID_IPI) ? "" : ", no IPI");
	printk(PRINTK_INFO "hart: mvendorid 0x%lx, marchid 0x%lx, mimpid 0x%lx", fw.mvendorid,
	       fw.marchid, fw.mimpid);
}

static void boot_report_machine(void)
{
	int len = 0;
	const char *model = fdt_getprop(machine.tree, 0, "model", &len);
	const char *compatible = fdt_getprop(machine.tree, 0, "compatible", &len);
	char text[64];

	text_clean(text, sizeof(text), model != NULL ? model : "no model");
	printk(PRINTK_INFO "machine: %s (%.64s)", text,
	       compatible != NULL ? compatible : "no compatible");
}

static void boot_report_harts(u32 online)
{
	char line[200];
	size_t at = 0;

	for (u32 i = 0; i < hart_count(); i++) {
		const struct hart *h = hart_get(i);

		if (at > sizeof(line) - 32U) {
			printk(PRINTK_INFO "harts: %s", line);
			at = 0;
		}
		at += str_print(line + at, sizeof(line) - at, "%s%lu%s", at == 0U ? "" : " ",
				h->hartid,
				i == 0U				? " (boot)"
				: atomic_read(&h->online) == 0U ? " (offline)"
								: "");
	}
	printk(PRINTK_INFO "harts: %s: %u of %u online", line, online, hart_count());
}

static void boot_report_memory(void)
{
	char size[TEXT_SIZE_LEN];

	for (u32 n = 0; n < boot_info.ram.nr; n++)
		printk(PRINTK_INFO "memory: 0x%09lx to 0x%09lx, %s", boot_info.ram.range[n].base,
		       boot_info.ram.range[n].base + boot_info.ram.range[n].size,
		       text_size(boot_info.ram.range[n].size, size));
	printk(PRINTK_INFO "memory: hypervisor 0x%09lx to 0x%09lx, own tables %s",
	       boot_info.image.base, boot_info.image.base + boot_info.image.size,
	       paging_mode_name());
	if (boot_info.archive != NULL)
		printk(PRINTK_INFO "memory: boot archive 0x%09lx to 0x%09lx", boot_info.initrd.base,
		       boot_info.initrd.base + boot_info.initrd.size);
	printk(PRINTK_INFO "memory: %s for partitions, in %u ranges",
	       text_size(machine.frames.free, size), machine.frames.nr);
}

void boot_report(u32 harts_online)
{
	boot_report_machine();
	boot_report_firmware();
	boot_report_harts(harts_online);
	features_report();
	printk(PRINTK_INFO "time: %lu Hz", timer_frequency());
	boot_report_memory();
	if (boot_info.cmdline[0] != '\0')
		printk(PRINTK_INFO "boot arguments: %.200s", boot_info.cmdline);
}
