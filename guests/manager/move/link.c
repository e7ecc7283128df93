/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs over ports. The peer's port has one job at a time; while it has none, this listens there. A
 * job in doubt asks there again and again, and in between others may use the port.
 */
#include "guests/lib/virtio/virtio_serial.h"
#include "guests/manager/move/link.h"
#include "guests/manager/move/link_secure.h"
#include "guests/manager/wire/wire.h"

/*
 * How long the peer may take to answer an offer. Besides these seconds it needs time to zero the
 * slot's memory before it answers: 64 MiB a second is the slowest that is plausible.
 */
#define OFFER_SECONDS	     10U
#define OFFER_PAGES_A_SECOND 16384U

/*
 * How long the peer may take to acknowledge a pass whose last byte the port has taken. It has
 * nothing else to do, so this is for what is still on its way: half a MiB in the buffers of both
 * ports, over a slow link.
 */
#define PASS_SECONDS 30U

#define COMMIT_SECONDS 5U  /* how long the peer may take to say that it has the guest */
#define ASK_SECONDS    3U  /* how long it may take to answer a question; the pause between two */
#define BLOCK_SECONDS  30U /* how long the port may take nothing while something waits for it */

/*
 * How long nothing may come of a guest before that is said, and before the slot is emptied: a
 * source says something at least each time that a pass ends, and one that comes back asks.
 */
#define SILENT_SECONDS 20U
#define GONE_SECONDS   60U

/**
 * struct links - both links
 * @device: there is a device that has ports
 * @peer, @store: the two ports; NULL: the device has not announced it
 * @job: the job that uses the peer's wire; NULL: none
 * @state, @pass, @bytes: the state and pass of @job's source, and the bytes that the port had
 *	taken, when last looked at
 * @since: when one of these three last changed, ticks
 * @asked: when a job in doubt last asked, ticks
 * @silent: that nothing comes has been said
 * @known: the peer's port has been connected before
 * @lost: that the wire is lost has been said
 * @filed: the job that uses the store; NULL: none
 * @spoiled: the connection of the store in which a stream was left half read; 0: none
 */
static struct links {
	bool device;
	struct virtio_port *peer;
	struct virtio_port *store;
	struct wire wire;
	struct job *job;
	u64 since;
	enum migrate_source_state state;
	u32 pass;
	u64 bytes;
	u64 asked;
	bool silent;
	bool known;
	bool lost;
	struct job *filed;
	u32 spoiled;
} links;

static s64 link_port_send(void *ctx, const void *bytes, size_t size)
{
	return virtio_port_send(ctx, bytes, size);
}

static s64 link_port_recv(void *ctx, void *bytes, size_t size)
{
	return virtio_port_recv(ctx, bytes, size);
}

static void *link_port_room(void *ctx, size_t size)
{
	return virtio_port_room(ctx, size);
}

static s64 link_port_sent(void *ctx, size_t size)
{
	return virtio_port_sent(ctx, size);
}

static struct migrate_link link_of_port(struct virtio_port *port)
{
	return (struct migrate_link){ .send = link_port_send,
				      .recv = link_port_recv,
				      .room = link_port_room,
				      .sent = link_port_sent,
				      .ctx = port };
}

static s64 link_none_send(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	return -1;
}

static s64 link_none_recv(void *ctx, void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	return -1;
}

struct migrate_link link_none(void)
{
	return (struct migrate_link){ .send = link_none_send, .recv = link_none_recv };
}

static u64 link_now(void)
{
	return rdtime();
}

void link_init(const void *fdt)
{
	link_secure_init(fdt);
	links.device = virtio_serial_init(fdt);
	if (links.device)
		(void)virtio_serial_wake();
}

void link_stop(void)
{
	if (links.device)
		virtio_serial_stop();
}

/* --- the peer: connections -------------------------------------------------------------------- */

/*
 * Connect the peer's port. The device may announce its ports at any time, and the host's side
 * comes and goes.
 */
static void link_peer_connect(void)
{
	struct migrate_link link;

	if (links.peer == NULL) {
		links.peer = virtio_port_find(LINK_PEER);
		if (links.peer == NULL)
			return;
		link = link_of_port(links.peer);
		link = link_secure_over(&link);
		wire_init(&links.wire, &link, link_now, move.timebase);
	}
	if (links.wire.state != WIRE_DOWN || links.job != NULL || !link_secure_open(links.peer))
		return;
	wire_up(&links.wire);
	/* A session has nothing of an earlier life in it. */
	if (!links.known && !link_secure_wanted())
		wire_after_restart(&links.wire);
	links.known = true;
	links.lost = links.wire.lost;
}

/* Refuse what the peer offers. Return: false when something else has to be sent first. */
static bool link_peer_refuse(const struct migrate_hello *hello, const char *why)
{
	struct migrate_cancel cancel = { .reason = MIGRATE_REASON_REFUSED };
	struct migrate_line line;

	memcpy(cancel.text, why,
	       strlen(why) < sizeof(cancel.text) ? strlen(why) : sizeof(cancel.text) - 1U);
	if (!wire_reply(&links.wire, MIGRATE_REC_CANCEL, &cancel, sizeof(cancel)))
		return false;
	migrate_line_clear(&line);
	migrate_line_add(&line, "%.*s", (int)sizeof(hello->name), hello->name);
	shell_say("peer: refused %s: %s", line.text, why);
	return true;
}

/*
 * May the guest of @hello come into @slot, which is empty? A slot that is not for all that come is
 * for the guest that was made there.
 */
static bool link_slot_takes(const struct cleave_vm_info *slot, const struct migrate_hello *hello,
			    bool *home)
{
	*home = memcmp(slot->uuid, hello->uuid, sizeof(slot->uuid)) == 0;
	return slot->state == CLEAVE_VM_EMPTY && !move_uses(slot->id) &&
	       ((slot->flags & CLEAVE_VM_FLAG_INCOMING) != 0 ||
		((slot->flags & CLEAVE_VM_FLAG_MIGRATABLE) != 0 && *home));
}

/*
 * Find an empty slot that can be what @guest is: the one that the guest was made in, or else the
 * first. If there is none, take the first empty one: its engine then says what the slot lacks.
 * @guest: NULL: it is not known
 * Return: true when there is an empty slot.
 */
static bool link_find_slot(const struct migrate_hello *hello, const struct migrate_machine *guest,
			   struct cleave_vm_info *slot)
{
	struct cleave_vm_info info;
	bool found = false, fits = false, home;
	u32 id;

	for (id = 0; vms_next(&id, &info);) {
		bool good;

		if (!link_slot_takes(&info, hello, &home))
			continue;
		good = guest == NULL || hyper_fits(info.id, guest);
		if (!found || (good && (!fits || home)))
			*slot = info;
		found = true;
		fits = fits || good;
		if (good && home)
			break;
	}
	return found;
}

static bool link_peer_receive(void)
{
	static struct migrate_machine guest;
	struct migrate_hello hello;
	struct migrate_line line;
	struct migrate_link link;
	struct cleave_vm_info slot;
	struct job *job;

	wire_hello(&links.wire, &hello);
	migrate_line_clear(&line);
	if (!link_find_slot(&hello, wire_require(&links.wire, &guest, &line) ? &guest : NULL,
			    &slot))
		return link_peer_refuse(&hello, "no empty incoming slot");
	job = move_job_take(JOB_RECEIVE);
	if (job == NULL)
		return link_peer_refuse(&hello, "too many jobs are running");
	migrate_line_clear(&line);
	migrate_line_add(&line, "%.*s", (int)sizeof(hello.name), hello.name);
	shell_say("peer: receiving %s into slot %u \"%s\" as job %u", line.text, slot.id, slot.name,
		  job->number);
	hyper_init(&job->to, &slot, hello.id, move_view(job, 1));
	(void)move_recall(hello.id); /* the engine refuses an id that was used before */
	link = wire_accept(&links.wire);
	(void)job_begin_dest(job, &move.ledger, &link);
	links.job = job;
	return true;
}

static bool link_peer_answer(void)
{
	struct migrate_status query;

	wire_query(&links.wire, &query);
	query.outcome = move_recall(query.id);
	query.reserved = 0;
	if (!wire_reply(&links.wire, MIGRATE_REC_STATUS, &query, sizeof(query)))
		return false;
	shell_say("peer: it asked about migration 0x%lx and was told that %s", query.id,
		  query.outcome == MIGRATE_OUTCOME_RUNNING   ? "its guest came here"
		  : query.outcome == MIGRATE_OUTCOME_NONE    ? "its guest did not come here"
		  : query.outcome == MIGRATE_OUTCOME_PENDING ? "it is not decided yet"
							     : "it is not known here");
	return true;
}

static bool link_peer_listen(void)
{
	enum wire_call call = wire_serve(&links.wire);

	if (links.wire.lost != links.lost) {
		links.lost = links.wire.lost;
		if (links.lost)
			shell_say("peer: it sent bytes that are not a frame; all input is dropped "
				  "until the link is silent for a second");
	}
	if (links.job != NULL || call == WIRE_NONE)
		return false;
	return call == WIRE_HELLO ? link_peer_receive() : link_peer_answer();
}

/* --- the peer: a source that waits ------------------------------------------------------------ */

/*
 * The peer began something at the same moment as @job. A question is answered, since the answer
 * ends a doubt. Of two migrations both sides go on with the one that has the smaller id; the other
 * is cancelled before it has done anything.
 * Return: true when something was done.
 */
static bool link_peer_crossed(struct job *job, enum wire_call call)
{
	struct migrate_hello hello;

	if (migrate_tx_waiting(&job->source.tx) != 0)
		return false;
	if (call == WIRE_QUERY)
		return link_peer_answer();
	wire_hello(&links.wire, &hello);
	if (job->source.state != MIGRATE_SRC_ACCEPT)
		return link_peer_refuse(&hello, "in doubt about a guest sent earlier; try again");
	if (hello.id > job->from.id) {
		wire_drop(&links.wire);
	} else {
		shell_say("peer: it began a migration at the same moment, and that one goes first");
		(void)job_cancel(job);
		wire_cut(&links.wire, 0);
	}
	return true;
}

/*
 * Return: how many seconds the source may wait for what it waits for now; 0: it waits for nobody.
 */
static u64 link_patience(const struct migrate_source *s)
{
	switch (s->state) {
	case MIGRATE_SRC_ACCEPT:
		return OFFER_SECONDS + migrate_machine_pages(&s->machine) / OFFER_PAGES_A_SECOND;
	case MIGRATE_SRC_PASS_ACK:
		return PASS_SECONDS;
	case MIGRATE_SRC_RUNNING:
		return COMMIT_SECONDS;
	case MIGRATE_SRC_STATUS:
		return ASK_SECONDS;
	default:
		return migrate_tx_waiting(&s->tx) != 0 ? BLOCK_SECONDS : 0;
	}
}

static void link_say_patience(const struct migrate_source *s)
{
	/* A source in doubt asks again and again, and says that itself. */
	if (migrate_source_doubts(s))
		return;
	shell_progress_end();
	if (migrate_tx_waiting(&s->tx) != 0)
		shell_say("peer: the link has taken nothing for %lu seconds", link_patience(s));
	else
		shell_say("peer: no answer for %lu seconds", link_patience(s));
}

/*
 * Return: true when the peer has a slot that it fills, or is about to have one: it may wait for
 * the next frame.
 */
static bool link_peer_fills(const struct migrate_source *s)
{
	return s->state == MIGRATE_SRC_ACCEPT || s->state == MIGRATE_SRC_PASS_ACK;
}

/*
 * Watch a source that waits for the peer, and end a wait that is too long.
 * Return: true when something was done.
 */
static bool link_peer_watch(struct job *job)
{
	struct migrate_source *s = &job->source;
	enum wire_call call = wire_crossed(&links.wire);

	if (call != WIRE_NONE && link_peer_crossed(job, call))
		return true;
	if (s->state != links.state || s->progress.pass != links.pass ||
	    s->tx.bytes != links.bytes) {
		links.state = s->state;
		links.pass = s->progress.pass;
		links.bytes = s->tx.bytes;
		links.since = rdtime();
	}
	if (link_patience(s) == 0 || rdtime() - links.since <= link_patience(s) * move.timebase)
		return false;
	links.since = rdtime();
	link_say_patience(s);
	if (migrate_tx_waiting(&s->tx) == 0 && link_peer_fills(s))
		wire_end(&links.wire);
	else
		wire_cut(&links.wire, migrate_tx_waiting(&s->tx));
	return true;
}

/*
 * Watch a destination that waits for the peer: say that nothing comes, and end a wait without end.
 * That is safe until COMMIT has been read: a source that has sent it asks, and hears that the guest
 * did not come.
 * Return: true when something was done.
 */
static bool link_peer_listens(struct job *job)
{
	u64 silence;

	if (job->dest.rx.bytes != links.bytes || job->dest_step != MIGRATE_WANT_RECV) {
		links.bytes = job->dest.rx.bytes;
		links.since = rdtime();
		links.silent = false;
		return false;
	}
	silence = (rdtime() - links.since) / move.timebase;
	if (silence >= GONE_SECONDS && job_cancel(job)) {
		shell_say("peer: nothing came for %u seconds; job %u is given up", GONE_SECONDS,
			  job->number);
		links.since = rdtime();
		return true;
	}
	if (silence >= SILENT_SECONDS && !links.silent) {
		shell_progress_end();
		shell_say("peer: nothing has come for %u seconds; job %u waits, and is given up "
			  "after %u",
			  SILENT_SECONDS, job->number, GONE_SECONDS);
		links.silent = true;
	}
	return false;
}

static void link_peer_leave(struct job *job)
{
	wire_close(&links.wire, job->sends ? &job->source.tx : &job->dest.tx);
	links.job = NULL;
	links.state = MIGRATE_SRC_CHECK;
}

/* --- the peer: doubt -------------------------------------------------------------------------- */

/* Say what a job in doubt waits for and what the peer has answered, if one of them has changed. */
static void link_doubt_say(struct job *job)
{
	const char *line = job_line(job);
	u64 of = migrate_digest(line, strlen(line), 0);
	const char *wait = links.peer == NULL		   ? "; there is no port " LINK_PEER
			   : links.wire.state == WIRE_DOWN ? "; waiting for port " LINK_PEER
							   : "; asking the peer";

	if (job->said == wait && job->said_of == of)
		return;
	job->said = wait;
	job->said_of = of;
	shell_progress_end();
	if (line[0] != '\0')
		shell_say("%s%s", line, wait);
	else
		shell_say("%s: in doubt%s", job->from.name, wait);
}

/* Return: true when nothing is under way on the wire, and the other side has begun nothing. */
static bool link_peer_quiet(void)
{
	return links.wire.state == WIRE_IDLE && !links.wire.lost && links.wire.keep_end == 0;
}

static bool link_doubt_ask(struct job *job)
{
	struct migrate_link link;

	if (links.job == job)
		link_peer_leave(job);
	link_doubt_say(job);
	if (links.job != NULL || !link_peer_quiet() ||
	    rdtime() - links.asked < ASK_SECONDS * move.timebase)
		return false;
	links.asked = rdtime();
	link = wire_connect(&links.wire);
	if (!migrate_source_reconnect(&job->source, &link))
		return false;
	job->source_step = MIGRATE_PROGRESS;
	links.job = job;
	return true;
}

/* --- both ------------------------------------------------------------------------------------- */

bool link_step(void)
{
	bool any = false;
	u32 i;

	if (!links.device)
		return false;
	virtio_poll();
	any = links.peer != NULL && link_secure_step();
	link_peer_connect();
	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind == JOB_SEND && job->source_step == MIGRATE_DOUBT)
			any = link_doubt_ask(job) || any;
	}
	any = link_peer_listen() || any;
	if (links.job != NULL)
		any = (links.job->sends ? link_peer_watch(links.job)
					: link_peer_listens(links.job)) ||
		      any;
	return any;
}

/* Give @job, which sends or is for the store, its link. */
static struct migrate_link link_take(struct job *job)
{
	if (job->kind == JOB_SEND) {
		links.job = job;
		return wire_connect(&links.wire);
	}
	links.filed = job;
	return link_of_port(links.store);
}

/* @job leaves its link, if it has one. */
static void link_leave(struct job *job)
{
	if (links.job == job)
		link_peer_leave(job);
	if (links.filed == job)
		links.filed = NULL;
}

void link_over(struct job *job)
{
	if (links.filed == job) {
		/* More may follow an epoch, which is not the beginning of a stream either. */
		if (job->kind == JOB_RESTORE && (!job_ok(job) || job->epoch != MIGRATE_EPOCH_LAST))
			links.spoiled = virtio_port_generation(links.store);
		virtio_port_rest(links.store);
	}
	link_leave(job);
}

static bool link_port_there(const struct virtio_port *port, const char *name)
{
	if (port == NULL)
		/* The device may announce its ports at any time: the port may still come. */
		shell_error("port %s is not there (yet): the manager's partition needs a "
			    "virtio console device with a port of that name",
			    name);
	else if (!virtio_port_connected(port))
		shell_error("port %s is not connected on the host's side", name);
	else
		return true;
	return false;
}

static bool link_peer_free(void)
{
	u32 i;

	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind != JOB_SEND && job->kind != JOB_RECEIVE)
			continue;
		/* A job in doubt asks in between. */
		if (job_doubts(job) && links.job != job)
			continue;
		shell_error("the peer's link is in use by job %u (%s of %s)", job->number,
			    job_name(job), job->sends ? job->from.name : job->to.name);
		return false;
	}
	if (link_peer_quiet())
		return true;
	if (links.wire.state == WIRE_DOWN && link_secure_wanted())
		shell_error("port " LINK_PEER ": the peer has not proved its key: no guest goes "
			    "there");
	else
		shell_error("port " LINK_PEER " is not ready; try again in a second");
	return false;
}

/*
 * Look for the store's port, if it has not been found yet: the device may announce it at any time.
 */
static void link_store_find(void)
{
	if (links.store == NULL && links.device)
		links.store = virtio_port_find(LINK_STORE);
}

static bool link_store_free(void)
{
	link_store_find();
	if (!link_port_there(links.store, LINK_STORE))
		return false;
	if (links.filed != NULL) {
		shell_error("the store is in use by job %u (%s)", links.filed->number,
			    job_name(links.filed));
		return false;
	}
	if (virtio_port_open(links.store))
		return true;
	shell_error("port " LINK_STORE " is not ready; try again");
	return false;
}

/*
 * Begin a job of @kind, which moves @vm to the peer or writes it to the store: that has been seen
 * to be free.
 */
static enum command_result link_begin_source(enum job_kind kind, const struct cleave_vm_info *vm,
					     const struct move_wants *w)
{
	struct migrate_source_config config;
	struct job *job = move_job_new(kind);
	struct migrate_link link;

	if (job == NULL)
		return COMMAND_FAILED;
	hyper_init(&job->from, vm, move_id(), move_view(job, 0));
	if (move_configure(job, w, &config)) {
		link = link_take(job);
		if (job_begin_source(job, &config, &link))
			return COMMAND_OK;
		shell_error("%s", job_line(job));
		link_leave(job);
	}
	move_job_drop(job);
	return COMMAND_FAILED;
}

enum command_result link_send(const struct cleave_vm_info *vm, const struct move_wants *w)
{
	if (!link_port_there(links.peer, LINK_PEER) || !link_peer_free())
		return COMMAND_FAILED;
	return link_begin_source(JOB_SEND, vm, w);
}

enum command_result link_checkpoint(const struct cleave_vm_info *vm, const struct move_wants *w)
{
	return link_store_free() ? link_begin_source(JOB_CHECKPOINT, vm, w) : COMMAND_FAILED;
}

enum command_result link_restore(const struct cleave_vm_info *slot, u32 epoch)
{
	struct migrate_link link;
	struct job *job;

	if (!link_store_free())
		return COMMAND_FAILED;
	if (links.spoiled != 0 && links.spoiled == virtio_port_generation(links.store)) {
		shell_error("port " LINK_STORE " still holds the rest of a stream: reconnect it");
		virtio_port_rest(links.store);
		return COMMAND_FAILED;
	}
	job = move_job_new(JOB_RESTORE);
	if (job == NULL)
		return COMMAND_FAILED;
	job->epoch = epoch;
	hyper_init(&job->to, slot, move_id(), move_view(job, 1));
	link = link_take(job);
	if (job_begin_dest(job, &move.ledger, &link))
		return COMMAND_OK;
	shell_error("%s", job_line(job));
	link_leave(job);
	move_job_drop(job);
	return COMMAND_FAILED;
}

/* --- links ------------------------------------------------------------------------------------ */

static const char *link_peer_state(void)
{
	if (links.peer == NULL)
		return "absent";
	if (!virtio_port_connected(links.peer))
		return "closed";
	if (links.job != NULL)
		return "busy";
	return link_peer_quiet() ? "ready" : "not ready";
}

static const char *link_store_state(void)
{
	if (links.store == NULL)
		return "absent";
	if (!virtio_port_connected(links.store))
		return "closed";
	return links.filed != NULL ? "busy" : "ready";
}

enum command_result link_run_links(int argc, char **argv)
{
	struct report *r = commands_report();

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	link_store_find();
	report_row(r);
	report_text(r, "port", LINK_PEER);
	report_text(r, "state", link_peer_state());
	report_text(r, "security", link_secure_state(links.wire.state != WIRE_DOWN));
	report_row(r);
	report_text(r, "port", LINK_STORE);
	report_text(r, "state", link_store_state());
	report_text(r, "security", "plain");
	commands_say_table(r);
	return COMMAND_OK;
}
