/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the image's entry to the first guest: the sequence, on the boot hart.
 *
 * A partition that is wrong is said and left out. Only a machine that cannot run any partition is
 * shut down, with a line that says why.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <generated/version.h>
#include <libfdt.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/probe/features_probe.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/hart_start.h"
#include "arch/riscv/model/hart_out.h"
#include "arch/riscv/model/hart_tree.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/start.h"
#include "core/config/archive.h"
#include "core/boot/boot_internal.h"
#include "core/config/config.h"
#include "core/console/console.h"
#include "core/machine/boot_args.h"
#include "core/machine/probe/driver.h"
#include "core/guest/sbi.h"
#include "core/run/sched.h"
#include "core/run/schedule.h"
#include "lib/fdt_read.h"

struct boot_info boot_info;

/* Kept for as long as the machine runs: a restart loads a partition from them again. */
static struct archive boot_archive;
static struct config boot_config;

void boot_fail(const char *fmt, ...)
{
	char line[CONFIG_LINE_LEN];
	va_list ap;

	va_start(ap, fmt);
	(void)str_format(line, sizeof(line), fmt, ap);
	va_end(ap);
	printk("%s", line);
	firmware_shutdown(true);
}

static void boot_say_argument(const char *line)
{
	printk(PRINTK_WARNING "%s", line);
}

static void boot_take_cmdline(void)
{
	int len = 0;
	const char *p = fdt_read_chosen(machine.tree, "bootargs", &len);

	/* A property need not end in a NUL. */
	boot_info.cmdline = "";
	if (len > 0 && strnlen(p, (size_t)len) < (size_t)len)
		boot_info.cmdline = p;
	boot_args_parse(boot_info.cmdline, &boot_args, boot_say_argument);
}

static void boot_probe_boot_hart(void)
{
	(void)features_probe_this();
	if (features.gstage_modes == 0U)
		boot_fail("this hart takes no G-stage mode in hgatp (Sv39x4, Sv48x4, Sv57x4): no "
			  "guest can run");
	if (!features.htval)
		boot_fail("this hart does not say in htval which guest-physical address has "
			  "faulted (Shtvala): no guest can run");
}

static void boot_open_archive(void)
{
	char error[ARCHIVE_ERROR_LEN];

	if (boot_info.archive == NULL)
		boot_fail("no boot archive: pass one as the initrd (QEMU: -initrd FILE.cpio; "
			  "U-Boot: booti KERNEL INITRD:SIZE FDT); tools/cleave-archive makes it");
	if (archive_open(&boot_archive, boot_info.archive, boot_info.initrd.size, error) != CLV_OK)
		boot_fail("%s", error);
}

static void boot_say_config(void *ctx, enum config_said what, const char *line)
{
	(void)ctx;
	if (what == CONFIG_ERROR)
		printk("error: %s", line);
	else if (what == CONFIG_WARNING)
		printk(PRINTK_WARNING "warning: %s", line);
	else
		printk(PRINTK_INFO "note: %s", line);
}

/*
 * List the harts that have started: their ids, as the configuration names them, and their indexes.
 * From now on they take interrupts.
 */
static u32 boot_list_harts(u64 id[CONFIG_MAX_HARTS], u32 index[CONFIG_MAX_HARTS])
{
	u64 running = 0;
	u32 n = 0;

	for (u32 i = 0; i < hart_count(); i++) {
		const struct hart *h = hart_get(i);

		if (atomic_read(&h->online) != 0U) {
			id[n] = h->hartid;
			index[n] = i;
			n++;
			running |= BIT64(i);
		}
	}
	irq_set_harts(running);
	return n;
}

static void boot_load_config(void)
{
	static u64 id[CONFIG_MAX_HARTS];
	static u32 index[CONFIG_MAX_HARTS];
	struct config_machine has = {
		.nr_harts = boot_list_harts(id, index),
		.harts = id,
		.hart_index = index,
		.hart_out = hart_out_why,
		.memory = machine.frames.free,
		.largest = frames_largest(&machine.frames, PAGE_SIZE),
		.gstage_modes = features.gstage_modes,
		.no_zicbom = !features.zicbom,
		.no_aia = !features.aia,
		.tree = machine.tree,
		.nr_ram = boot_info.ram.nr,
		.ram = boot_info.ram.range,
		.nr_free = machine.frames.nr,
		.free = machine.frames.range,
	};

	for (u32 n = 0; irq_controller(n) != NULL; n++)
		has.plic[n] = irq_controller(n)->phandle;
	if (config_load(&boot_archive, &has, boot_say_config, NULL, &boot_config) != CLV_OK)
		boot_fail("the configuration has errors: no partition is started");
	schedule_init(&boot_config);
}

void boot_main(void)
{
	u32 online;

	printk(PRINTK_INFO "Cleave %s, a hypervisor for RISC-V, loaded at 0x%lx", CLEAVE_VERSION,
	       start_info.image);
	boot_fdt_take();
	boot_take_cmdline();
	if (hart_tree_read(machine.tree) != CLV_OK)
		boot_fail("device tree: it does not say which harts the machine has");
	boot_memory_map();
	if (driver_probe_all(machine.tree) == 0U)
		printk(PRINTK_WARNING
		       "no driver for any device of this machine: the console is the firmware's");
	boot_probe_boot_hart();
	online = hart_start_all();
	boot_report(online);
	if (sbi_ext_init() != CLV_OK)
		boot_fail("two SBI extensions claim one id: this build cannot run");
	boot_open_archive();
	boot_load_config();
	if (boot_vms(&boot_config, &boot_archive) == 0U)
		boot_fail("no partition could be made");
	console_start();
	sched_start();
	hart_main(hart_this());
}
