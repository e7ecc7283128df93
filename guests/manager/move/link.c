/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs over ports. The peer's port has one job at a time, and while it has none, this listens there. Who is in doubt asks
 * there again and again, in between others may use it.
 */
#include "guests/lib/virtio/virtio_serial.h"
#include "guests/manager/move/link.h"
#include "guests/manager/wire/wire.h"

#define OFFER_SECONDS  10U /* that the peer may take to answer an offer */
#define COMMIT_SECONDS 5U  /* that it may take to say that it has the guest */
#define ASK_SECONDS    3U  /* that it may take to answer a question, and between two */

/* And beside those 10 seconds: it answers when it has zeroed the slot's memory. 64 MiB/s are the least that is thinkable. */
#define OFFER_PAGES_A_SECOND 16384U

/*
 * That it may take to acknowledge a pass whose last byte the port took. It has nothing else to do: this is for what is still on its
 * way, half a MiB in buffers of both ports, over a slow link.
 */
#define PASS_SECONDS 30U

#define BLOCK_SECONDS 30U /* that the port may take nothing of what waits for it */

/**
 * struct links
 * @device: there is one
 * @peer, @store: their ports, NULL: not announced
 * @job: that the peer's wire has, NULL: none; @since: ticks when its source began to wait for what it waits for now
 * @state, @pass: that it waits in; @bytes: that the port had taken by then
 * @asked: ticks of the last question of one in doubt
 * @known: the peer's port was connected before; @lost: that its wire is lost was said
 * @filed: the job that the store has, NULL: none; @spoiled: the connection in which a stream was left half read
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
	bool known;
	bool lost;
	struct job *filed;
	u32 spoiled;
} links;

static s64 port_send(void *ctx, const void *bytes, size_t size)
{
	return virtio_port_send(ctx, bytes, size);
}

static s64 port_recv(void *ctx, void *bytes, size_t size)
{
	return virtio_port_recv(ctx, bytes, size);
}

static struct migrate_link port_link(struct virtio_port *port)
{
	return (struct migrate_link){ .send = port_send, .recv = port_recv, .ctx = port };
}

static s64 none_send(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	return -1;
}

static s64 none_recv(void *ctx, void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	return -1;
}

struct migrate_link link_none(void)
{
	return (struct migrate_link){ .send = none_send, .recv = none_recv };
}

static u64 now(void)
{
	return rdtime();
}

void link_init(const void *fdt)
{
	links.device = virtio_serial_init(fdt);
	if (links.device)
		(void)virtio_serial_wake();
}

void link_stop(void)
{
	if (links.device)
		virtio_serial_stop();
}

/* --- the peer: connections ------------------------------------------------------------------------------------------ */

/* The device announces its ports when it likes to, and the host's side comes and goes. */
static void peer_connect(void)
{
	struct migrate_link link;

	if (links.peer == NULL) {
		links.peer = virtio_port_find(LINK_PEER);
		if (links.peer == NULL)
			return;
		link = port_link(links.peer);
		wire_init(&links.wire, &link, now, move.timebase);
	}
	if (links.wire.state != WIRE_DOWN || links.job != NULL || !virtio_port_open(links.peer))
		return;
	wire_up(&links.wire);
	if (!links.known)
		wire_anew(&links.wire);
	links.known = true;
	links.lost = links.wire.lost;
}

/* Return: it was answered; else something else has to leave first */
static bool peer_refuse(const struct migrate_hello *hello, const char *why)
{
	struct migrate_cancel cancel = { .reason = MIGRATE_REASON_REFUSED };
	struct migrate_line line;

	memcpy(cancel.text, why,
	       strlen(why) < sizeof(cancel.text) ? strlen(why) : sizeof(cancel.text) - 1U);
	if (!wire_reply(&links.wire, MIGRATE_REC_CANCEL, &cancel, sizeof(cancel)))
		return false;
	migrate_line_clear(&line);
	migrate_line_bytes(&line, hello->name, sizeof(hello->name));
	shell_say("peer: refused %s: %s", line.text, why);
	return true;
}

/* The first empty slot that can be what the guest was given; else the first empty one, whose engine says what it lacks. */
static bool find_slot(const struct migrate_machine *guest, struct cleave_vm_info *slot)
{
	u64 id, max = cleave_feature(CLEAVE_FEATURE_MAX_VMS);
	struct cleave_vm_info info;
	bool found = false;

	for (id = 0; id < max; id++) {
		struct migrate_line line;

		if (cleave_vm_info((u32)id, &info).error != 0 ||
		    (info.flags & CLEAVE_VM_FLAG_INCOMING) == 0 || info.state != CLEAVE_VM_EMPTY ||
		    move_uses(info.id))
			continue;
		migrate_line_clear(&line);
		if (guest == NULL || hyper_fits(info.id, guest, &line)) {
			*slot = info;
			return true;
		}
		if (!found)
			*slot = info;
		found = true;
	}
	return found;
}

static bool peer_receive(void)
{
	static struct migrate_machine guest;
	struct migrate_hello hello;
	struct migrate_line line;
	struct migrate_link link;
	struct cleave_vm_info slot;
	struct job *job;

	wire_hello(&links.wire, &hello);
	migrate_line_clear(&line);
	if (!find_slot(wire_require(&links.wire, &guest, &line) ? &guest : NULL, &slot))
		return peer_refuse(&hello, "no empty incoming slot");
	job = move_job_take(JOB_RECEIVE);
	if (job == NULL)
		return peer_refuse(&hello, "too many jobs are running");
	migrate_line_clear(&line);
	migrate_line_bytes(&line, hello.name, sizeof(hello.name));
	shell_say("peer: receiving %s into slot %u \"%s\" as job %u", line.text, slot.id, slot.name,
		  job->number);
	hyper_init(&job->to, &slot, hello.id, move_view(job, 1));
	link = wire_accept(&links.wire);
	(void)job_begin_dest(job, &move.ledger, &link);
	links.job = job;
	return true;
}

static bool peer_answer(void)
{
	struct migrate_status query;

	wire_query(&links.wire, &query);
	query.outcome = migrate_ledger_find(&move.ledger, query.id);
	query.reserved = 0;
	if (!wire_reply(&links.wire, MIGRATE_REC_STATUS, &query, sizeof(query)))
		return false;
	shell_say("peer: it asked about migration 0x%lx and was told that %s", query.id,
		  query.outcome == MIGRATE_OUTCOME_RUNNING   ? "its guest is here"
		  : query.outcome == MIGRATE_OUTCOME_NONE    ? "its guest is not here"
		  : query.outcome == MIGRATE_OUTCOME_PENDING ? "it is not decided yet"
							     : "it is not known here");
	return true;
}

static bool peer_listen(void)
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
	return call == WIRE_HELLO ? peer_receive() : peer_answer();
}

/* --- the peer: a source that waits --------------------------------------------------------------------------------- */

/*
 * The peer began something at the same moment. A question is answered, for it ends a doubt. Of two migrations the one with the
 * smaller id goes on, on both sides: the other gives up before anything was done.
 */
static bool peer_crossed(struct job *job, enum wire_call call)
{
	struct migrate_hello hello;

	if (migrate_tx_waiting(&job->source.tx) != 0)
		return false;
	if (call == WIRE_QUERY)
		return peer_answer();
	wire_hello(&links.wire, &hello);
	if (job->source.state != MIGRATE_SRC_ACCEPT)
		return peer_refuse(&hello, "in doubt about a guest sent earlier; try again");
	if (hello.id > job->from.id) {
		wire_drop(&links.wire);
	} else {
		shell_say("peer: it began a migration at the same moment, and that one goes first");
		(void)job_cancel(job);
		wire_cut(&links.wire, 0);
	}
	return true;
}

/* Seconds that the source may wait where it is, while the port takes nothing; 0: it waits for nobody. */
static u64 patience(const struct migrate_source *s)
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

static void say_patience(const struct migrate_source *s)
{
	/* Who is in doubt asks again and again, and says so. */
	if (migrate_source_doubts(s))
		return;
	shell_progress_end();
	if (migrate_tx_waiting(&s->tx) != 0)
		shell_say("peer: the link has taken nothing for %lu seconds", patience(s));
	else
		shell_say("peer: no answer for %lu seconds", patience(s));
}

/* The other side has a slot that it fills, or is about to have one, and may wait for the next frame. */
static bool peer_fills(const struct migrate_source *s)
{
	return s->state == MIGRATE_SRC_ACCEPT || s->state == MIGRATE_SRC_PASS_ACK;
}

static bool peer_watch(struct job *job)
{
	struct migrate_source *s = &job->source;
	enum wire_call call = wire_crossed(&links.wire);

	if (call != WIRE_NONE && peer_crossed(job, call))
		return true;
	if (s->state != links.state || s->progress.pass != links.pass ||
	    s->tx.bytes != links.bytes) {
		links.state = s->state;
		links.pass = s->progress.pass;
		links.bytes = s->tx.bytes;
		links.since = rdtime();
	}
	if (patience(s) == 0 || rdtime() - links.since <= patience(s) * move.timebase)
		return false;
	links.since = rdtime();
	say_patience(s);
	if (migrate_tx_waiting(&s->tx) == 0 && peer_fills(s))
		wire_end(&links.wire);
	else
		wire_cut(&links.wire, migrate_tx_waiting(&s->tx));
	return true;
}

static void peer_leave(struct job *job)
{
	wire_close(&links.wire, job->sends ? &job->source.tx : &job->dest.tx);
	links.job = NULL;
	links.state = MIGRATE_SRC_CHECK;
}

/* --- the peer: doubt ------------------------------------------------------------------------------------------------ */

/* When it changes: what it waits for, or what the peer has answered, which may be that it does not know. */
static void doubt_say(struct job *job)
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

/* Nothing is under way on the wire, and the other side has begun nothing. */
static bool peer_quiet(void)
{
	return links.wire.state == WIRE_IDLE && !links.wire.lost && links.wire.keep_end == 0;
}

static bool doubt_ask(struct job *job)
{
	struct migrate_link link;

	if (links.job == job)
		peer_leave(job);
	doubt_say(job);
	if (links.job != NULL || !peer_quiet() ||
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

/* --- both ------------------------------------------------------------------------------------------------------------ */

bool link_step(void)
{
	bool any = false;
	u32 i;

	if (!links.device)
		return false;
	virtio_poll();
	peer_connect();
	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind == JOB_SEND && job->source_step == MIGRATE_DOUBT)
			any = doubt_ask(job) || any;
	}
	any = peer_listen() || any;
	if (links.job != NULL && links.job->sends)
		any = peer_watch(links.job) || any;
	return any;
}

void link_over(struct job *job)
{
	if (links.job == job)
		peer_leave(job);
	if (links.filed != job)
		return;
	if (job->kind == JOB_RESTORE && !job_ok(job))
		links.spoiled = virtio_port_generation(links.store);
	virtio_port_rest(links.store);
	links.filed = NULL;
}

static bool port_there(const struct virtio_port *port, const char *name)
{
	if (port == NULL)
		/* The device announces its ports when it likes to: what is not there may come. */
		shell_error("port %s is not there (yet): the manager's partition needs a "
			    "virtio console device with a port of that name",
			    name);
	else if (!virtio_port_connected(port))
		shell_error("port %s is not connected on the host's side", name);
	else
		return true;
	return false;
}

static bool peer_free(void)
{
	u32 i;

	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind != JOB_SEND && job->kind != JOB_RECEIVE)
			continue;
		shell_error("the peer's link is in use by job %u (%s of %s)", job->number,
			    job_name(job), job->sends ? job->from.name : job->to.name);
		return false;
	}
	if (peer_quiet())
		return true;
	shell_error("port " LINK_PEER " is not ready; try again in a second");
	return false;
}

enum command_result link_send(const struct cleave_vm_info *vm, const struct move_wants *w)
{
	struct migrate_source_config config;
	struct migrate_link link;
	struct job *job;

	if (!port_there(links.peer, LINK_PEER) || !peer_free())
		return COMMAND_FAILED;
	job = move_job_new(JOB_SEND);
	if (job == NULL)
		return COMMAND_FAILED;
	hyper_init(&job->from, vm, move_id(), move_view(job, 0));
	if (move_configure(job, w, &config)) {
		link = wire_connect(&links.wire);
		links.job = job;
		if (job_begin_source(job, &config, &link))
			return COMMAND_OK;
		shell_error("%s", job_line(job));
		peer_leave(job);
	}
	move_job_drop(job);
	return COMMAND_FAILED;
}

static bool store_free(void)
{
	if (links.store == NULL && links.device)
		links.store = virtio_port_find(LINK_STORE);
	if (!port_there(links.store, LINK_STORE))
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

enum command_result link_checkpoint(const struct cleave_vm_info *vm, const struct move_wants *w)
{
	struct migrate_source_config config;
	struct migrate_link link;
	struct job *job;

	if (!store_free())
		return COMMAND_FAILED;
	job = move_job_new(JOB_CHECKPOINT);
	if (job == NULL)
		return COMMAND_FAILED;
	hyper_init(&job->from, vm, move_id(), move_view(job, 0));
	if (move_configure(job, w, &config)) {
		config.kind = MIGRATE_KIND_CHECKPOINT;
		link = port_link(links.store);
		links.filed = job;
		if (job_begin_source(job, &config, &link))
			return COMMAND_OK;
		shell_error("%s", job_line(job));
		links.filed = NULL;
	}
	move_job_drop(job);
	return COMMAND_FAILED;
}

enum command_result link_restore(const struct cleave_vm_info *slot)
{
	struct migrate_link link;
	struct job *job;

	if (!store_free())
		return COMMAND_FAILED;
	if (links.spoiled != 0 && links.spoiled == virtio_port_generation(links.store)) {
		shell_error("port " LINK_STORE
			    " still holds the rest of a stream that failed: reconnect it");
		virtio_port_rest(links.store);
		return COMMAND_FAILED;
	}
	job = move_job_new(JOB_RESTORE);
	if (job == NULL)
		return COMMAND_FAILED;
	hyper_init(&job->to, slot, move_id(), move_view(job, 1));
	link = port_link(links.store);
	links.filed = job;
	if (job_begin_dest(job, &move.ledger, &link))
		return COMMAND_OK;
	shell_error("%s", job_line(job));
	links.filed = NULL;
	move_job_drop(job);
	return COMMAND_FAILED;
}

/* --- links ---------------------------------------------------------------------------------------------------------- */

static const char *peer_state(void)
{
	if (links.peer == NULL)
		return "absent";
	if (!virtio_port_connected(links.peer))
		return "closed";
	if (links.job != NULL)
		return "busy";
	return peer_quiet() ? "ready" : "not ready";
}

static const char *store_state(void)
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
	if (links.store == NULL && links.device)
		links.store = virtio_port_find(LINK_STORE);
	report_row(r);
	report_text(r, "port", LINK_PEER);
	report_text(r, "state", peer_state());
	report_row(r);
	report_text(r, "port", LINK_STORE);
	report_text(r, "state", store_state());
	commands_say_table(r);
	return COMMAND_OK;
}
