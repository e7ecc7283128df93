/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands on partitions and their lives, and those on the manager itself. */
#include "guests/manager/commands.h"
#include "lib/vm_state.h"

#define FLAGS_BYTES 64U

static const char *commands_vm_note_name(u32 note)
{
	static const char *const names[] = {
		[CLEAVE_NOTE_NONE] = "-",
		[CLEAVE_NOTE_GIVEN] = "given",
		[CLEAVE_NOTE_TAKEN] = "taken",
		[CLEAVE_NOTE_FILLING] = "filling",
	};

	return note < ARRAY_SIZE(names) ? names[note] : "?";
}

static void commands_vm_flag_words(const struct cleave_vm_info *info, char *buf, size_t size)
{
	static const struct {
		u32 flag;
		const char *word;
	} flags[] = {
		{ CLEAVE_VM_FLAG_MANAGER, "manager" },
		{ CLEAVE_VM_FLAG_MIGRATABLE, "migratable" },
		{ CLEAVE_VM_FLAG_INCOMING, "incoming" },
		{ CLEAVE_VM_FLAG_BUSY, "busy" },
	};
	u32 i;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if ((info->flags & flags[i].flag) != 0)
			report_words(buf, size, flags[i].word);
	}
}

/* Return: the log mode of all its regions in a word; "mixed" when they differ. */
static const char *commands_vm_log_of(const struct cleave_vm_info *info)
{
	struct cleave_region_info region;
	u32 i, mode = CLEAVE_LOG_OFF;

	for (i = 0; i < info->regions; i++) {
		if (cleave_region_info(info->id, i, &region).error != 0)
			return "?";
		if (i > 0 && region.log_mode != mode)
			return "mixed";
		mode = region.log_mode;
	}
	return commands_log_name(mode);
}

static void commands_vm_report(struct report *r, const struct cleave_vm_info *info)
{
	char flags[FLAGS_BYTES];

	report_number(r, "id", NULL, info->id);
	report_text(r, "name", info->name);
	report_text(r, "state", vm_state_name(info->state));
	report_number(r, "vcpus", NULL, info->vcpus);
	report_bytes(r, "memory", info->memory);
	report_text(r, "log", commands_vm_log_of(info));
	report_percent(r, "brake", info->brake);
	commands_vm_flag_words(info, flags, sizeof(flags));
	report_text(r, "flags", flags);
}

static enum command_result commands_vm_run_list(int argc, char **argv)
{
	struct report *r = commands_report();
	struct cleave_vm_info info;
	u32 id;

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	for (id = 0; vms_next(&id, &info);) {
		report_row(r);
		commands_vm_report(r, &info);
	}
	commands_say_table(r);
	return COMMAND_OK;
}

/* --- info ------------------------------------------------------------------------------------- */

/* Which guest it is, wherever it goes; of an empty slot, which one is made there. */
static void commands_vm_report_guest(struct report *r, const struct cleave_vm_info *info)
{
	char text[40] = "";
	size_t n = 0;

	for (u32 i = 0; i < sizeof(info->uuid); i++) {
		bool dash = i == 4U || i == 6U || i == 8U || i == 10U;

		n = str_append(text, sizeof(text), n, "%s%02x", dash ? "-" : "", info->uuid[i]);
	}
	report_text(r, "guest", info->guest);
	report_text(r, "uuid", text);
}

static void commands_vm_report_machine(struct report *r, const struct cleave_vm_info *info)
{
	static struct cleave_machine machine;
	char levels[16];

	if (cleave_machine(info->id, &machine).error != 0)
		return;
	/* An empty slot has no tables yet: the number is the most levels that it can have. */
	str_print(levels, sizeof(levels), "Sv%ux4", 12U + 9U * machine.gstage_levels);
	report_text(r, "gstage", levels);
	report_bytes(r, "overhead", info->overhead);
	report_text(r, "note", commands_vm_note_name(info->note));
	if (info->note != CLEAVE_NOTE_NONE)
		report_hex(r, "migration", info->note_id);
	report_number(r, "timebase", "Hz", machine.timebase);
	report_number(r, "devices", NULL, machine.devices);
	if (machine.devices != 0)
		report_text(r, "first device", machine.device);
	report_text(r, "isa", machine.isa);
}

/* What its vCPU held when it has faulted; an older hypervisor has no such call. */
static void commands_vm_report_fault(struct report *r, const struct cleave_vm_info *info)
{
	static const char *const names[] = { "ra", "sp", "s0", "a0", "a1" };
	static const u8 regs[] = { 1, 2, 8, 10, 11 };
	struct cleave_fault fault;
	char from[192] = "";
	size_t at = 0;
	u32 i;

	if (cleave_vm_fault(info->id, &fault).error != 0 || fault.count == 0)
		return;
	report_number(r, "faults", NULL, fault.count);
	report_number(r, "last by vcpu", NULL, fault.vcpu);
	report_hex(r, "pc", fault.pc);
	report_hex(r, "instruction", fault.insn);
	report_hex(r, "scause", fault.scause);
	report_hex(r, "address", fault.gpa);
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		report_hex(r, names[i], fault.x[regs[i]]);
	for (i = 0; i < fault.frames; i++)
		at = str_append(from, sizeof(from), at, "%s0x%lx", at == 0 ? "" : " ",
				fault.frame[i]);
	if (at != 0)
		report_text(r, "called from", from);
}

static void commands_vm_report_regions(struct report *r, const struct cleave_vm_info *info)
{
	struct cleave_region_info region;
	u32 i;

	for (i = 0; i < info->regions; i++) {
		if (cleave_region_info(info->id, i, &region).error != 0)
			continue;
		report_row(r);
		report_number(r, "region", NULL, i);
		report_hex(r, "gpa", region.gpa);
		report_bytes(r, "size", region.size);
		report_text(r, "log", commands_log_name(region.log_mode));
	}
}

static enum command_result commands_vm_run_info(int argc, char **argv)
{
	struct report *r = commands_report();
	struct cleave_vm_info info;

	if (argc != 2)
		return COMMAND_USAGE;
	if (!vms_find(argv[1], &info))
		return COMMAND_FAILED;
	report_row(r);
	commands_vm_report(r, &info);
	commands_vm_report_guest(r, &info);
	commands_vm_report_machine(r, &info);
	commands_vm_report_fault(r, &info);
	commands_say_list(r);
	r = commands_report();
	commands_vm_report_regions(r, &info);
	commands_say_table(r);
	return COMMAND_OK;
}

static void commands_vm_complete_any(struct complete *c, int argc, char **argv)
{
	struct cleave_vm_info self;

	commands_complete_vm(c, argc, argv);
	if (argc == 2 && cleave_vm_info(CLEAVE_VM_SELF, &self).error == 0)
		complete_add(c, self.name);
}

/* --- lives ------------------------------------------------------------------------------------ */

/*
 * Do one operation on one partition.
 * @fn: the hypercall; @steps: it is called again until it is done
 * @state: what the partition is in afterwards
 */
static enum command_result commands_vm_run_op(int argc, char **argv, unsigned long fn, bool steps,
					      u32 state)
{
	struct cleave_vm_info info;

	if (argc != 2)
		return COMMAND_USAGE;
	if (!commands_find_other(argv[1], &info))
		return COMMAND_FAILED;
	if (vms_failed(&info, argv[0],
		       steps ? cleave_vm_steps(fn, info.id) : cleave_vm_op(fn, info.id)))
		return COMMAND_FAILED;
	vms_expect(info.id, state);
	return COMMAND_OK;
}

static enum command_result commands_vm_run_pause(int argc, char **argv)
{
	return commands_vm_run_op(argc, argv, CLEAVE_FN_VM_PAUSE, false, CLEAVE_VM_PAUSED);
}

static enum command_result commands_vm_run_resume(int argc, char **argv)
{
	return commands_vm_run_op(argc, argv, CLEAVE_FN_VM_RESUME, false, CLEAVE_VM_RUNNING);
}

static enum command_result commands_vm_run_reset(int argc, char **argv)
{
	return commands_vm_run_op(argc, argv, CLEAVE_FN_VM_RESET, true, CLEAVE_VM_RUNNING);
}

static enum command_result commands_vm_run_destroy(int argc, char **argv)
{
	return commands_vm_run_op(argc, argv, CLEAVE_FN_VM_DESTROY, true, CLEAVE_VM_EMPTY);
}

static enum command_result commands_vm_run_create(int argc, char **argv)
{
	return commands_vm_run_op(argc, argv, CLEAVE_FN_VM_CREATE, true, CLEAVE_VM_PAUSED);
}

static enum command_result commands_vm_run_start(int argc, char **argv)
{
	return commands_vm_run_op(argc, argv, CLEAVE_FN_VM_START, true, CLEAVE_VM_RUNNING);
}

/* The first argument is another partition in one of @states. */
static void commands_vm_complete_states(struct complete *c, int argc, u32 states)
{
	if (argc == 2)
		vms_complete(c, states);
}

static void commands_vm_complete_running(struct complete *c, int argc, char **argv)
{
	(void)argv;
	commands_vm_complete_states(c, argc, COMMANDS_STATE(CLEAVE_VM_RUNNING));
}

static void commands_vm_complete_paused(struct complete *c, int argc, char **argv)
{
	(void)argv;
	commands_vm_complete_states(c, argc, COMMANDS_STATE(CLEAVE_VM_PAUSED));
}

static void commands_vm_complete_empty(struct complete *c, int argc, char **argv)
{
	(void)argv;
	commands_vm_complete_states(c, argc, COMMANDS_STATE(CLEAVE_VM_EMPTY));
}

static void commands_vm_complete_still(struct complete *c, int argc, char **argv)
{
	(void)argv;
	commands_vm_complete_states(c, argc,
				    COMMANDS_STATE(CLEAVE_VM_STOPPED) |
					    COMMANDS_STATE(CLEAVE_VM_FAULTED) |
					    COMMANDS_STATE(CLEAVE_VM_PAUSED));
}

/* --- the manager ------------------------------------------------------------------------------ */

static void commands_vm_log_modes(char *buf, size_t size)
{
	u64 have = cleave_feature(CLEAVE_FEATURE_LOG_MODES);
	u32 mode;

	buf[0] = '\0';
	for (mode = CLEAVE_LOG_FAULT; mode <= CLEAVE_LOG_DIRTY_BITS; mode++) {
		if ((have >> mode & 1U) != 0)
			report_words(buf, size, commands_log_name(mode));
	}
}

static void commands_vm_gstage_modes(char *buf, size_t size)
{
	u64 have = cleave_feature(CLEAVE_FEATURE_GSTAGE_MODES);
	char mode[16];
	u32 levels;

	buf[0] = '\0';
	for (levels = 3; levels <= 5U; levels++) {
		str_print(mode, sizeof(mode), "Sv%ux4", 12U + 9U * levels);
		if ((have >> levels & 1U) != 0)
			report_words(buf, size, mode);
	}
}

static enum command_result commands_vm_run_version(int argc, char **argv)
{
	struct report *r = commands_report();
	u64 abi = (u64)cleave_version().value;
	char text[64];

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	report_row(r);
	str_print(text, sizeof(text), "%lu.%lu", abi >> 16, abi & 0xffffU);
	report_text(r, "hypervisor abi", text);
	str_print(text, sizeof(text), "%u.%u", CLEAVE_ABI_MAJOR, CLEAVE_ABI_MINOR);
	report_text(r, "manager abi", text);
	commands_vm_log_modes(text, sizeof(text));
	report_text(r, "log modes", text);
	report_text(r, "eager split",
		    cleave_feature(CLEAVE_FEATURE_EAGER_SPLIT) != 0 ? "on" : "off");
	commands_vm_gstage_modes(text, sizeof(text));
	report_text(r, "gstage modes", text);
	report_number(r, "step", "pages", cleave_feature(CLEAVE_FEATURE_STEP_PAGES));
	report_number(r, "timebase", "Hz", cleave_feature(CLEAVE_FEATURE_TIMEBASE));
	commands_say_list(r);
	return COMMAND_OK;
}

static enum command_result commands_vm_run_quit(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	if (commands_refuse_busy())
		return COMMAND_FAILED;
	manager_quit();
	return COMMAND_OK;
}

const struct command vm_commands[] = {
	{ "list", "", "list all partitions", commands_vm_run_list, NULL },
	{ "info", "VM",
	  "show all that is known about a partition\n"
	  "In every command VM is a partition's number or its name.",
	  commands_vm_run_info, commands_vm_complete_any },
	{ "pause", "VM", "hold a running partition's vCPUs where they are", commands_vm_run_pause,
	  commands_vm_complete_running },
	{ "resume", "VM", "let a paused partition go on", commands_vm_run_resume,
	  commands_vm_complete_paused },
	{ "reset", "VM",
	  "stop a partition, and start it from the beginning\n"
	  "Its memory is zeroed, then loaded from the boot archive.",
	  commands_vm_run_reset, commands_complete_made },
	{ "destroy", "VM",
	  "stop a partition, and give its memory back\n"
	  "Its contents are lost. Its slot stays, empty: `create` gives it memory again, and a "
	  "partition can be moved into it.",
	  commands_vm_run_destroy, commands_complete_made },
	{ "create", "VM",
	  "give an empty slot its memory, zeroed\n"
	  "The slot is paused after that; `start` loads and starts it.",
	  commands_vm_run_create, commands_vm_complete_empty },
	{ "start", "VM",
	  "load a partition from the boot archive, and start it\n"
	  "It must be stopped, faulted, or fresh from `create`.",
	  commands_vm_run_start, commands_vm_complete_still },
	{ "version", "", "show the version of the ABI, and what this machine can do",
	  commands_vm_run_version, NULL },
	{ "quit", "",
	  "end the manager; other partitions go on\n"
	  "The machine shuts down when no partition runs any more.",
	  commands_vm_run_quit, NULL },
};
const u32 vm_commands_nr = ARRAY_SIZE(vm_commands);
