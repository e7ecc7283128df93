/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that begin jobs, show them and end them. */
#include "guests/manager/move/link.h"
#include "guests/manager/move/wall.h"
#include "lib/vm_state.h"

#define DOWNTIME_MS 300U
#define PASSES	    30U
#define PASSES_MAX  4095U
#define MILLIS_MAX  3600000U
#define SECONDS_MAX 3600000U
#define RATE_MAX    1000000U
#define BRAKE	    80U
#define BRAKE_MAX   99U
#define BOUND_NONE  UINT32_MAX
#define USELESS	    3U
#define NOT_GIVEN   UINT64_MAX
#define EPOCHS_MAX  1000000U

/* --- what may move, and where to -------------------------------------------------------------- */

/* A hypervisor may be built for more memory regions than a stream describes. */
static bool move_commands_regions_ok(const struct cleave_vm_info *info)
{
	if (info->regions <= MIGRATE_REGIONS_MAX)
		return true;
	shell_error(
		"partition %u \"%s\" has %u memory regions; a partition that moves has at most %u",
		info->id, info->name, info->regions, MIGRATE_REGIONS_MAX);
	return false;
}

/*
 * Find the partition that @word names, if it may leave.
 * Return: false: shell_error() has been told why not.
 */
static bool move_commands_find_guest(const char *word, struct cleave_vm_info *info)
{
	struct cleave_machine machine;

	if (!commands_find_other(word, info))
		return false;
	/* Check this first: it is why the configuration cannot make the partition migratable. */
	if (cleave_machine(info->id, &machine).error == 0 && machine.devices != 0) {
		shell_error(
			"partition %u \"%s\" has the passed-through device %s, which cannot move",
			info->id, info->name, machine.device);
		return false;
	}
	if ((info->flags & (CLEAVE_VM_FLAG_MIGRATABLE | CLEAVE_VM_FLAG_INCOMING)) == 0) {
		shell_error("partition %u \"%s\" is not migratable: its configuration lacks "
			    "`migratable`",
			    info->id, info->name);
		return false;
	}
	if (info->note == CLEAVE_NOTE_GIVEN) {
		shell_error("partition %u \"%s\" was given up by migration 0x%lx, which is still "
			    "in doubt",
			    info->id, info->name, info->note_id);
		return false;
	}
	if (info->note == CLEAVE_NOTE_FILLING) {
		shell_error("partition %u \"%s\" is still being filled by migration 0x%lx",
			    info->id, info->name, info->note_id);
		return false;
	}
	if (info->state != CLEAVE_VM_RUNNING && info->state != CLEAVE_VM_PAUSED) {
		shell_error("partition %u \"%s\" is %s; only a running or paused one can move",
			    info->id, info->name, vm_state_name(info->state));
		return false;
	}
	return move_commands_regions_ok(info);
}

/*
 * Find the slot that @word names, if it may be filled.
 * @guest: with what; NULL: that is not known
 * Return: false: shell_error() has been told why not.
 */
static bool move_commands_find_slot(const char *word, const struct cleave_vm_info *guest,
				    struct cleave_vm_info *info)
{
	bool home;

	if (!commands_find_other(word, info))
		return false;
	if (info->state != CLEAVE_VM_EMPTY) {
		shell_error("slot %u \"%s\" is not empty: its guest is %s", info->id, info->name,
			    vm_state_name(info->state));
		return false;
	}
	/*
	 * A guest may also go back to the slot that it was made in. Another one would be restarted
	 * from the files of that guest.
	 */
	home = guest == NULL || memcmp(guest->uuid, info->uuid, sizeof(info->uuid)) == 0;
	if ((info->flags & CLEAVE_VM_FLAG_INCOMING) == 0 &&
	    ((info->flags & CLEAVE_VM_FLAG_MIGRATABLE) == 0 || !home)) {
		shell_error("slot %u \"%s\" takes no %sguest: its configuration lacks `incoming`",
			    info->id, info->name,
			    (info->flags & CLEAVE_VM_FLAG_MIGRATABLE) != 0 ? "other " : "");
		return false;
	}
	return move_commands_regions_ok(info);
}

/* --- commands --------------------------------------------------------------------------------- */

/*
 * What was not asked for. A person who names the passes, or --force, wants the guest to be stopped
 * after them in any case. Else it is not stopped for longer than it was said to be: the brake
 * helps, and passes that gain nothing end the attempt.
 */
static void move_commands_wants_rest(struct move_wants *w)
{
	bool kind = !w->force && w->passes == NOT_GIVEN;

	w->verify_apart = w->downtime == NOT_GIVEN;
	if (w->downtime == NOT_GIVEN)
		w->downtime = DOWNTIME_MS;
	if (w->bound == NOT_GIVEN)
		w->bound = kind ? w->downtime : BOUND_NONE;
	if (w->brake == NOT_GIVEN)
		w->brake = kind ? BRAKE : 0;
	if (w->passes == NOT_GIVEN)
		w->passes = PASSES;
	w->useless = kind ? USELESS : 0;
	if (w->epochs == NOT_GIVEN)
		w->epochs = w->every == NOT_GIVEN ? 1U : EPOCHS_MAX;
	w->in_epochs = w->every != NOT_GIVEN || w->epochs != 1U;
	if (w->every == NOT_GIVEN)
		w->every = 0;
}

/* Return: false: shell_error() has been told what is wrong with --pack. */
static bool move_commands_pack_ok(const char *pack)
{
	if (pack == NULL || strcmp(pack, "none") == 0)
		return true;
	if (strcmp(pack, "lz4") != 0)
		shell_error("--pack %.32s: only none and lz4 are allowed", pack);
	else if (move.takes == NULL)
		shell_error("--pack lz4: this manager was built without lz4 (make setup fetches "
			    "it), or has the boot argument pack=never");
	else
		return true;
	return false;
}

/* Return: false: @word is none of what --clock takes, and shell_error() has been told. */
static bool move_commands_clock_ok(const char *word, bool *runs)
{
	*runs = word != NULL && strcmp(word, "run") == 0;
	if (word == NULL || *runs || strcmp(word, "stand") == 0)
		return true;
	shell_error("--clock %.24s: stand (its time stands while it is away) and run (it goes on) "
		    "are allowed",
		    word);
	return false;
}

static bool move_commands_wants_read(int *argc, char **argv, struct move_wants *w)
{
	const struct option options[] = {
		{ .name = "--downtime", .unit = "MS", .number = &w->downtime, .max = MILLIS_MAX },
		{ .name = "--passes",
		  .unit = "N",
		  .number = &w->passes,
		  .min = 1,
		  .max = PASSES_MAX },
		{ .name = "--bound", .unit = "MS", .number = &w->bound, .max = MILLIS_MAX },
		{ .name = "--brake", .unit = "PERCENT", .number = &w->brake, .max = BRAKE_MAX },
		{ .name = "--verify", .given = &w->verify },
		{ .name = "--timeout", .unit = "S", .number = &w->timeout, .max = SECONDS_MAX },
		{ .name = "--rate", .unit = "MIB", .number = &w->rate, .max = RATE_MAX },
		{ .name = "--paused", .given = &w->paused },
		{ .name = "--force", .given = &w->force },
		{ .name = "--every", .unit = "MS", .number = &w->every, .max = MILLIS_MAX },
		{ .name = "--epochs",
		  .unit = "N",
		  .number = &w->epochs,
		  .min = 1,
		  .max = EPOCHS_MAX },
		{ .name = "--to", .unit = "LINK", .text = &w->to },
		{ .name = "--slot", .unit = "NAME", .text = &w->slot },
		{ .name = "--pack", .unit = "HOW", .text = &w->pack },
		{ .name = "--clock", .unit = "stand|run", .text = &w->clock },
	};
	char why[128];

	*w = (struct move_wants){
		.downtime = NOT_GIVEN,
		.passes = NOT_GIVEN,
		.bound = NOT_GIVEN,
		.brake = NOT_GIVEN,
		.every = NOT_GIVEN,
		.epochs = NOT_GIVEN,
	};
	if (!words_options(argc, argv, options, ARRAY_SIZE(options), why, sizeof(why))) {
		shell_error("%s", why);
		return false;
	}
	if (!move_commands_pack_ok(w->pack) || !move_commands_clock_ok(w->clock, &w->clock_runs))
		return false;
	move_commands_wants_rest(w);
	return true;
}

static enum command_result move_commands_migrate_local(const struct cleave_vm_info *vm,
						       const struct cleave_vm_info *slot,
						       const struct move_wants *w)
{
	struct migrate_source_config config;
	struct job *job = move_job_new(JOB_MOVE);

	if (job == NULL)
		return COMMAND_FAILED;
	hyper_init(&job->from, vm, move_id() | MOVE_ID_LOCAL, move_view(job, 0));
	hyper_init(&job->to, slot, job->from.id, move_view(job, 1));
	job->to.home = hyper_home(slot, vm->uuid);
	job->to.shares = vm->id;
	job->to.leaves = &job->from;
	if (move_configure(job, w, &config)) {
		if (job_begin_move(job, &config, &move.ledger))
			return COMMAND_OK;
		shell_error("%s", job_line(job));
	}
	move_job_drop(job);
	return COMMAND_FAILED;
}

/* Only a peer is told the name of a slot. Return: false: shell_error() has been told why not. */
static bool move_commands_slot_ok(const struct move_wants *w, bool peer)
{
	if (w->slot == NULL)
		return true;
	if (!peer)
		shell_error("--slot names a slot of a peer: migrate VM --to LINK --slot NAME");
	else if (strlen(w->slot) >= HYPER_NAME_MAX - 1U)
		shell_error("--slot %.32s...: a slot's name has at most %u characters", w->slot,
			    HYPER_NAME_MAX - 2U);
	else
		return true;
	return false;
}

static enum command_result move_commands_run_migrate(int argc, char **argv)
{
	struct cleave_vm_info vm, slot;
	struct move_wants w;
	bool peer;
	u32 link;

	if (!move_commands_wants_read(&argc, argv, &w))
		return COMMAND_FAILED;
	if (w.to != NULL ? argc != 2 : argc != 4 || strcmp(argv[2], "to") != 0)
		return COMMAND_USAGE;
	if (w.in_epochs) {
		shell_error("migrate takes no --every and no --epochs: a guest moves once");
		return COMMAND_FAILED;
	}
	peer = link_find(w.to != NULL ? w.to : argv[3], &link);
	if (w.to != NULL && !peer) {
		shell_error("there is no link \"%.32s\"; the links are peer, peer.2, peer.3", w.to);
		return COMMAND_FAILED;
	}
	if (!move_commands_slot_ok(&w, peer) || !move_commands_find_guest(argv[1], &vm))
		return COMMAND_FAILED;
	if (peer)
		return link_send(&vm, &w, link);
	if (!move_commands_find_slot(argv[3], &vm, &slot))
		return COMMAND_FAILED;
	return move_commands_migrate_local(&vm, &slot, &w);
}

static enum command_result move_commands_run_checkpoint(int argc, char **argv)
{
	struct cleave_vm_info vm;
	struct move_wants w;

	if (!move_commands_wants_read(&argc, argv, &w))
		return COMMAND_FAILED;
	if (argc != 2 || w.to != NULL)
		return COMMAND_USAGE;
	if (!move_commands_slot_ok(&w, false))
		return COMMAND_FAILED;
	if (w.clock != NULL) {
		shell_error("a checkpoint takes no --clock: `restore` says what the time does");
		return COMMAND_FAILED;
	}
	if (w.verify) {
		shell_error("a checkpoint takes no --verify: nobody at the other end compares the "
			    "pages");
		return COMMAND_FAILED;
	}
	return move_commands_find_guest(argv[1], &vm) ? link_checkpoint(&vm, &w) : COMMAND_FAILED;
}

static enum command_result move_commands_run_restore(int argc, char **argv)
{
	u64 epoch = MIGRATE_EPOCH_LAST;
	const char *clock = NULL;
	bool force = false, clock_runs;
	const struct option options[] = {
		{ .name = "--at", .unit = "N", .number = &epoch, .max = EPOCHS_MAX - 1U },
		{ .name = "--clock", .unit = "stand|run", .text = &clock },
		{ .name = "--force", .given = &force },
	};
	struct cleave_vm_info slot;
	char why[128];

	if (!words_options(&argc, argv, options, ARRAY_SIZE(options), why, sizeof(why))) {
		shell_error("%s", why);
		return COMMAND_FAILED;
	}
	if (argc != 2)
		return COMMAND_USAGE;
	if (!move_commands_clock_ok(clock, &clock_runs))
		return COMMAND_FAILED;
	if (clock_runs && wall_now() == 0) {
		shell_error(
			"--clock run: nobody knows how much time has passed: the manager drives "
			"no real-time clock (google,goldfish-rtc)");
		return COMMAND_FAILED;
	}
	return move_commands_find_slot(argv[1], NULL, &slot)
		       ? link_restore(&slot, (u32)epoch, force, clock_runs)
		       : COMMAND_FAILED;
}

/* Say what a person who decides must know. */
static void move_commands_say_doubt(struct job *job)
{
	struct report *r = commands_report();
	const char *answer = job_line(job);

	report_row(r);
	report_text(r, "vm", job->from.name);
	report_hex(r, "id", job->from.id);
	report_text(r, "answer", answer[0] != '\0' ? answer : "none");
	report_text(r, "here", "it runs on here: if the other side has it, it runs twice");
	report_text(r, "gone", "it is forgotten here: if the other side has it not, it is lost");
	commands_say_list(r);
}

/* A person answers in place of the peer. The id says that it is about this migration. */
static enum command_result move_commands_decide(struct job *job, const char *what, const char *id)
{
	u64 typed = 0;

	if (!words_number(id, &typed) || typed != job->from.id) {
		shell_error("%s is in doubt about migration 0x%lx, not about \"%.24s\"",
			    job->from.name, job->from.id, id);
		return COMMAND_FAILED;
	}
	link_over(job);
	(void)ledger_put(&move.ledger, job->from.id,
			 what[0] == 'h' ? MIGRATE_OUTCOME_NONE : MIGRATE_OUTCOME_RUNNING);
	return job_ask_self(job, &move.ledger) ? COMMAND_OK : COMMAND_FAILED;
}

static enum command_result move_commands_run_decide(int argc, char **argv)
{
	struct cleave_vm_info vm;
	struct job *job = NULL;
	u32 i;

	if ((argc != 2 && argc != 4) ||
	    (argc == 4 && strcmp(argv[2], "here") != 0 && strcmp(argv[2], "gone") != 0))
		return COMMAND_USAGE;
	if (!vms_find(argv[1], &vm))
		return COMMAND_FAILED;
	for (i = 0; i < MOVE_JOBS; i++) {
		if (job_uses(&move.job[i], vm.id) && job_doubts(&move.job[i]))
			job = &move.job[i];
	}
	if (job == NULL) {
		shell_error("partition %u \"%s\" is not in doubt", vm.id, vm.name);
		return COMMAND_FAILED;
	}
	if (argc == 4)
		return move_commands_decide(job, argv[2], argv[3]);
	move_commands_say_doubt(job);
	return COMMAND_OK;
}

/*
 * Find the job that a person means: by its number, by the name of its partition or slot, or,
 * without a word, the only job.
 * Return: NULL: shell_error() has been told.
 */
static struct job *move_commands_find_job(int argc, char **argv)
{
	struct job *found = NULL;
	u64 number = 0;
	u32 i, n = 0;

	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind == JOB_NONE)
			continue;
		if (argc == 1 || (words_number(argv[1], &number) && number == job->number) ||
		    strcmp(argv[1], job->from.name) == 0 || strcmp(argv[1], job->to.name) == 0) {
			found = job;
			n++;
		}
	}
	if (n == 1)
		return found;
	if (n > 1)
		shell_error("%u jobs match: name one by its number; `jobs` shows them", n);
	else
		shell_error(argc == 1 ? "there is no job"
				      : "there is no such job; `jobs` shows all");
	return NULL;
}

static enum command_result move_commands_run_cancel(int argc, char **argv)
{
	struct job *job;

	if (argc > 2)
		return COMMAND_USAGE;
	job = move_commands_find_job(argc, argv);
	if (job == NULL)
		return COMMAND_FAILED;
	if (job_cancel(job))
		return COMMAND_OK;
	if (job_doubts(job))
		shell_error(
			"job %u is in doubt: the peer's answer ends it, or `decide` if the peer "
			"is lost for good",
			job->number);
	else
		shell_error("it is too late to cancel job %u", job->number);
	return COMMAND_FAILED;
}

static enum command_result move_commands_run_jobs(int argc, char **argv)
{
	struct report *r = commands_report();
	u32 i;

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];
		const struct migrate_progress *p;

		if (job->kind == JOB_NONE)
			continue;
		p = job->sends ? migrate_source_progress(&job->source)
			       : migrate_dest_progress(&job->dest);
		report_row(r);
		report_number(r, "job", NULL, job->number);
		report_text(r, "kind", job_name(job));
		report_text(r, "vm", job->sends ? job->from.name : "-");
		report_text(r, "to", job_target(job));
		report_text(r, "phase", p->phase);
		report_number(r, "pass", NULL, p->pass);
		report_hex(r, "id", job->sends ? job->from.id : job->dest.hello.id);
	}
	if (r->rows == 0 && !shell_script())
		shell_say("no job is running");
	else
		commands_say_table(r);
	return COMMAND_OK;
}

static enum command_result move_commands_run_reboot(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	link_stop();
	sbi_reboot();
}

/* --- completion ------------------------------------------------------------------------------- */

#define CAN_MOVE (COMMANDS_STATE(CLEAVE_VM_RUNNING) | COMMANDS_STATE(CLEAVE_VM_PAUSED))

static void move_commands_complete_options(struct complete *c)
{
	complete_add(c, "--downtime");
	complete_add(c, "--passes");
	complete_add(c, "--bound");
	complete_add(c, "--brake");
	complete_add(c, "--verify");
	complete_add(c, "--slot");
	complete_add(c, "--pack");
	complete_add(c, "--clock");
}

static void move_commands_complete_places(struct complete *c)
{
	u32 i;

	vms_complete(c, COMMANDS_STATE(CLEAVE_VM_EMPTY));
	for (i = 0; i < LINK_PEERS; i++)
		complete_add(c, link_name(i));
}

static void move_commands_complete_migrate(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		vms_complete(c, CAN_MOVE);
	else if (argc == 3)
		complete_add(c, "to");
	else if (argc == 4)
		move_commands_complete_places(c);
	else
		move_commands_complete_options(c);
}

static void move_commands_complete_checkpoint(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2) {
		vms_complete(c, CAN_MOVE);
		return;
	}
	move_commands_complete_options(c);
	complete_add(c, "--every");
	complete_add(c, "--epochs");
}

static void move_commands_complete_restore(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		vms_complete(c, COMMANDS_STATE(CLEAVE_VM_EMPTY));
	else {
		complete_add(c, "--at");
		complete_add(c, "--clock");
	}
}

static void move_commands_complete_decide(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		vms_complete(c, COMMANDS_STATE(CLEAVE_VM_PAUSED));
	if (argc != 3)
		return;
	complete_add(c, "here");
	complete_add(c, "gone");
}

static void move_commands_complete_jobs(struct complete *c, int argc, char **argv)
{
	u32 i;

	(void)argv;
	for (i = 0; i < MOVE_JOBS && argc == 2; i++) {
		char number[12];

		str_print(number, sizeof(number), "%u", move.job[i].number);
		if (move.job[i].kind != JOB_NONE)
			complete_add(c, number);
	}
}

const struct command move_commands[] = {
	{ "migrate",
	  "VM to SLOT|LINK [--slot NAME] [--downtime MS] [--passes N] [--bound MS] [--brake "
	  "PERCENT] [--verify]\n"
	  "  [--timeout S] [--rate MIB] [--paused] [--force] [--pack none|lz4]\n"
	  "  [--clock stand|run]",
	  "move a partition while it runs\n"
	  "SLOT is an empty slot of this machine. LINK is peer, peer.2 or peer.3: the manager at\n"
	  "the other end of port cleave.peer, cleave.peer.2, ..., which chooses one of its own "
	  "empty\n"
	  "slots. `migrate VM --to LINK` is the same.\n"
	  "--slot NAME: move it into that slot of the peer, and into no other\n"
	  "--downtime MS: stop the guest when it is expected to stand still for MS or less (300);\n"
	  "  it is not stopped for longer, and three passes that gain less than 10 % end the\n"
	  "  migration\n"
	  "--passes N: copy the running guest at most N times (30), then stop it in any case\n"
	  "--bound MS: if it would then stand still for longer than MS, cancel the migration\n"
	  "--force: stop it after 30 passes in any case, and set no brake\n"
	  "--brake PERCENT: hold the guest for up to PERCENT of the time if it writes faster\n"
	  "  than the link carries (80; 0 with --passes or --force)\n"
	  "--timeout S: cancel the migration if the guest is not stopped after S seconds\n"
	  "--rate MIB: send at most MIB MiB a second while the guest runs\n"
	  "--paused: the guest is paused when it arrives\n"
	  "--pack lz4: compress pages, if the link's other end takes that; none: do not\n"
	  "--clock run: the guest's time goes on while it stands still; else it stands, too\n"
	  "--verify: compare every page on both sides before the guest is handed over",
	  move_commands_run_migrate, move_commands_complete_migrate },
	{ "checkpoint",
	  "VM [--downtime MS] [--passes N] [--bound MS] [--brake PERCENT]\n"
	  "  [--every MS] [--epochs N] [--pack none|lz4]",
	  "write a partition to port cleave.store while it runs; it runs on\n"
	  "--every MS: go on: write what it has changed MS after the last time, and again, until\n"
	  "  `cancel`; `restore --at N` restores any of these epochs\n"
	  "--epochs N: end after N epochs\n"
	  "--pack lz4: compress pages; none: do not",
	  move_commands_run_checkpoint, move_commands_complete_checkpoint },
	{ "restore", "SLOT [--at N] [--force] [--clock stand|run]",
	  "fill an empty slot with what comes from port cleave.store\n"
	  "--at N: with epoch N, from 0, of a checkpoint of several; else with the last\n"
	  "--clock run: its time goes on by what has passed since it was written, as real-time "
	  "clocks\n"
	  "  say; else it goes on from where it stood\n"
	  "--force: with any guest, though the slot is not `incoming`: it takes the one that was\n"
	  "  made there",
	  move_commands_run_restore, move_commands_complete_restore },
	{ "cancel", "[JOB]", "end a job; its guest runs on where it was", move_commands_run_cancel,
	  move_commands_complete_jobs },
	{ "jobs", "", "list the jobs that are running", move_commands_run_jobs, NULL },
	{ "links", "", "show the state of the ports to the peer and to the store", link_run_links,
	  NULL },
	{ "decide", "VM [here|gone ID]",
	  "end a doubt if the peer is lost for good\n"
	  "A guest that was handed over without an answer stands still here until the peer says\n"
	  "whether it has the guest. `here` lets the guest run here again: make sure that it\n"
	  "never runs anywhere else. `gone` forgets the guest: make sure that the peer has it.\n"
	  "ID is the migration's. Without it: what the peer has answered, and the ID.",
	  move_commands_run_decide, move_commands_complete_decide },
	{ "reboot", "",
	  "restart this manager, even in the middle of a job\n"
	  "The manager ends as if it had crashed. After its restart it cleans up: guests that a\n"
	  "job had paused run on, slots that are half filled are emptied, and the peer is asked\n"
	  "about guests in doubt.",
	  move_commands_run_reboot, NULL },
};
const u32 move_commands_nr = ARRAY_SIZE(move_commands);
