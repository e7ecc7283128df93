/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands log, leaves, stats and brake. */
#include "guests/manager/commands.h"

#define BRAKE_MAX 99U

/* --- log -------------------------------------------------------------------------------------- */

const char *commands_log_name(u32 mode)
{
	static const char *const names[] = {
		[CLEAVE_LOG_OFF] = "off",
		[CLEAVE_LOG_FAULT] = "fault",
		[CLEAVE_LOG_EAGER] = "eager",
		[CLEAVE_LOG_INITIALLY_SET] = "initially-set",
		[CLEAVE_LOG_DIRTY_BITS] = "dirty-bits",
	};

	return mode < ARRAY_SIZE(names) ? names[mode] : "?";
}

/* The modes that `log start` takes; commands_log_name() has their names. */
static const u32 commands_log_modes[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER,
					  CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_DIRTY_BITS };

/*
 * Stop the logs of the first @nr regions, and put back the huge leaves.
 * Return: true when all could be stopped.
 */
static bool commands_log_stop_regions(const struct cleave_vm_info *info, u32 nr)
{
	bool ok = true;
	u32 i;

	for (i = 0; i < nr; i++)
		ok = !vms_failed(info, "log stop",
				 cleave_log_stop(info->id, i, CLEAVE_LOG_FLAG_COLLAPSE)) &&
		     ok;
	return ok;
}

static enum command_result commands_log_start(const struct cleave_vm_info *info, u32 mode)
{
	static struct cleave_machine machine;
	u32 i;

	if (cleave_feature(CLEAVE_FEATURE_LOG_MODES) == 0) {
		shell_error("this machine cannot log dirty pages; the boot report says why");
		return COMMAND_FAILED;
	}
	if (cleave_machine(info->id, &machine).error == 0 && machine.devices != 0) {
		shell_error("partition %u \"%s\" has the passed-through device %s: no log "
			    "sees what a device writes",
			    info->id, info->name, machine.device);
		return COMMAND_FAILED;
	}
	for (i = 0; i < info->regions; i++) {
		if (vms_failed(info, "log start", cleave_log_start(info->id, i, mode, 0))) {
			/* Log all regions or none: a log on some of them only would mislead. */
			(void)commands_log_stop_regions(info, i);
			return COMMAND_FAILED;
		}
	}
	return COMMAND_OK;
}

static enum command_result commands_log_status(const struct cleave_vm_info *info)
{
	struct report *r = commands_report();
	struct cleave_log_status status;
	u32 i;

	for (i = 0; i < info->regions; i++) {
		if (vms_failed(info, "log status", cleave_log_status(info->id, i, &status)))
			return COMMAND_FAILED;
		report_row(r);
		report_number(r, "region", NULL, i);
		report_text(r, "log", commands_log_name(status.mode));
		report_text(r, "eager", status.eager != 0 ? "yes" : "no");
		report_number(r, "all", "pages", status.pages);
		report_number(r, "dirty", "pages", status.dirty);
		report_bytes(r, "dirty memory", status.dirty * PAGE_SIZE);
	}
	commands_say_table(r);
	return COMMAND_OK;
}

/* log start VM [MODE] */
static enum command_result commands_log_start_words(const struct cleave_vm_info *info, int argc,
						    char **argv)
{
	u32 i;

	if (argc == 3)
		return commands_log_start(info, CLEAVE_LOG_DEFAULT);
	for (i = 0; argc == 4 && i < ARRAY_SIZE(commands_log_modes); i++) {
		if (strcmp(argv[3], commands_log_name(commands_log_modes[i])) == 0)
			return commands_log_start(info, commands_log_modes[i]);
	}
	return COMMAND_USAGE;
}

static enum command_result commands_log_run_log(int argc, char **argv)
{
	struct cleave_vm_info info;

	if (argc < 3)
		return COMMAND_USAGE;
	if (strcmp(argv[1], "status") == 0) {
		if (argc != 3)
			return COMMAND_USAGE;
		return vms_find(argv[2], &info) ? commands_log_status(&info) : COMMAND_FAILED;
	}
	if (strcmp(argv[1], "start") != 0 && strcmp(argv[1], "stop") != 0)
		return COMMAND_USAGE;
	if (!commands_find_other(argv[2], &info))
		return COMMAND_FAILED;
	if (strcmp(argv[1], "start") == 0)
		return commands_log_start_words(&info, argc, argv);
	if (argc != 3)
		return COMMAND_USAGE;
	return commands_log_stop_regions(&info, info.regions) ? COMMAND_OK : COMMAND_FAILED;
}

static void commands_log_complete_log(struct complete *c, int argc, char **argv)
{
	u32 i;

	if (argc == 2) {
		complete_add(c, "start");
		complete_add(c, "status");
		complete_add(c, "stop");
	} else if (argc == 3) {
		vms_complete(c, ~COMMANDS_STATE(CLEAVE_VM_EMPTY));
	} else if (argc == 4 && strcmp(argv[1], "start") == 0) {
		for (i = 0; i < ARRAY_SIZE(commands_log_modes); i++)
			complete_add(c, commands_log_name(commands_log_modes[i]));
	}
}

/* --- leaves ----------------------------------------------------------------------------------- */

static enum command_result commands_log_run_leaves(int argc, char **argv)
{
	struct report *r = commands_report();
	struct cleave_vm_info info;
	struct cleave_leaves leaves;
	u32 i;

	if (argc != 2)
		return COMMAND_USAGE;
	if (!vms_find(argv[1], &info))
		return COMMAND_FAILED;
	for (i = 0; i < info.regions; i++) {
		if (vms_failed(&info, "leaves", cleave_leaves(info.id, i, &leaves)))
			return COMMAND_FAILED;
		report_row(r);
		report_number(r, "region", NULL, i);
		report_number(r, "1 GiB", "leaves", leaves.leaves[2]);
		report_number(r, "2 MiB", "leaves", leaves.leaves[1]);
		report_number(r, "4 KiB", "leaves", leaves.leaves[0]);
	}
	commands_say_table(r);
	return COMMAND_OK;
}

/* --- stats ------------------------------------------------------------------------------------ */

static const char *const commands_log_stat_names[CLEAVE_STAT_COUNT] = {
	[CLEAVE_STAT_EXITS] = "exits",
	[CLEAVE_STAT_EXIT_SBI] = "exits sbi",
	[CLEAVE_STAT_EXIT_HYPERCALL] = "exits hypercall",
	[CLEAVE_STAT_EXIT_FAULT] = "exits fault",
	[CLEAVE_STAT_EXIT_MMIO] = "exits mmio",
	[CLEAVE_STAT_EXIT_IRQ] = "exits irq",
	[CLEAVE_STAT_EXIT_WFI] = "exits wfi",
	[CLEAVE_STAT_EXIT_OTHER] = "exits other",
	[CLEAVE_STAT_WRITE_FAULTS] = "write faults",
	[CLEAVE_STAT_FAULT_SPLITS] = "splits by fault",
	[CLEAVE_STAT_EAGER_SPLITS] = "splits eager",
	[CLEAVE_STAT_COARSE_GRANTS] = "coarse grants",
	[CLEAVE_STAT_SPURIOUS_FAULTS] = "spurious faults",
	[CLEAVE_STAT_COLLAPSES] = "collapses",
	[CLEAVE_STAT_FENCES] = "fences",
	[CLEAVE_STAT_FENCE_IPIS] = "fence ipis",
	[CLEAVE_STAT_PAGES_REPORTED] = "reported pages",
	[CLEAVE_STAT_BAD_ACCESSES] = "bad accesses",
};

static enum command_result commands_log_run_stats(int argc, char **argv)
{
	struct report *r = commands_report();
	u64 stats[CLEAVE_STAT_COUNT];
	struct cleave_vm_info info;
	u32 i;

	if (argc != 2)
		return COMMAND_USAGE;
	if (!vms_find(argv[1], &info))
		return COMMAND_FAILED;
	if (vms_failed(&info, "stats", cleave_stats(info.id, stats, CLEAVE_STAT_COUNT)))
		return COMMAND_FAILED;
	report_row(r);
	for (i = 0; i < CLEAVE_STAT_COUNT; i++)
		report_number(r, commands_log_stat_names[i], NULL, stats[i]);
	commands_say_list(r);
	return COMMAND_OK;
}

/* --- brake ------------------------------------------------------------------------------------ */

static enum command_result commands_log_run_brake(int argc, char **argv)
{
	struct cleave_vm_info info;
	u64 percent;

	if (argc != 3)
		return COMMAND_USAGE;
	if (!commands_find_other(argv[1], &info))
		return COMMAND_FAILED;
	if (!words_number(argv[2], &percent) || percent > BRAKE_MAX) {
		shell_error("brake %.32s: PERCENT must be a number from 0 to %u", argv[2],
			    BRAKE_MAX);
		return COMMAND_FAILED;
	}
	return vms_failed(&info, "brake", cleave_vm_brake(info.id, (u32)percent)) ? COMMAND_FAILED
										  : COMMAND_OK;
}

const struct command log_commands[] = {
	{ "log", "start|status|stop VM [fault|eager|initially-set|dirty-bits]",
	  "log which pages of a partition's memory are written\n"
	  "start: begin to log. The mode says how:\n"
	  "  fault: write-protect at once, split a huge leaf at the first write to it\n"
	  "  eager: write-protect and split at once\n"
	  "  initially-set: count all pages as dirty at first\n"
	  "  dirty-bits: the same, but write-protect nothing: the harts note who was written\n"
	  "  Without a mode the configuration of the partition or of the machine decides.\n"
	  "status: count the pages that are dirty now\n"
	  "stop: end the log and put the huge leaves back",
	  commands_log_run_log, commands_log_complete_log },
	{ "stats", "VM", "show a partition's counters since it was created", commands_log_run_stats,
	  commands_complete_vm },
	{ "leaves", "VM", "count the page-table leaves that map a partition's memory",
	  commands_log_run_leaves, commands_complete_made },
	{ "brake", "VM PERCENT",
	  "hold a partition's vCPUs for PERCENT of the time, 0 to 99\n"
	  "A migration brakes a partition that writes memory faster than the link carries it.",
	  commands_log_run_brake, commands_complete_made },
};
const u32 log_commands_nr = ARRAY_SIZE(log_commands);
