/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs over ports. A peer's port has one job at a time; while it has none, this listens there. A
 * job in doubt asks there again and again, and in between others may use the port.
 */
#include "guests/lib/virtio/virtio_serial.h"
#include "guests/manager/move/link.h"
#include "guests/manager/move/link_secure.h"
#include "guests/manager/move/link_slot.h"
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
 * struct peer - a link to another machine's manager
 * @name: what a person calls it; @port_name: of its port
 * @port: NULL: the device has not announced it
 * @job: the job that uses the wire; NULL: none
 * @state, @pass, @bytes: the state and pass of @job's source, and the bytes that the port had
 *	taken, when last looked at
 * @since: when one of these three last changed, ticks
 * @asked: when a job in doubt last asked, ticks
 * @silent: that nothing comes has been said
 * @known: the port has been connected before
 * @lost: that the wire is lost has been said
 */
struct peer {
	const char *name;
	const char *port_name;
	struct virtio_port *port;
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
};

/**
 * struct links - all links
 * @device: there is a device that has ports
 * @store: its port; NULL: the device has not announced it
 * @filed: the job that uses the store; NULL: none
 * @spoiled: the connection of the store in which a stream was left half read; 0: none
 */
static struct links {
	bool device;
	struct peer peer[LINK_PEERS];
	struct virtio_port *store;
	struct job *filed;
	u32 spoiled;
} links = {
	.peer = { { .name = "peer", .port_name = LINK_PEER },
		  { .name = "peer.2", .port_name = LINK_PEER ".2" },
		  { .name = "peer.3", .port_name = LINK_PEER ".3" } },
};

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

static size_t link_port_peek(void *ctx, size_t size, const u8 **bytes, bool *grows)
{
	return virtio_port_peek(ctx, size, bytes, grows);
}

static void link_port_drop(void *ctx, size_t size)
{
	virtio_port_read(ctx, size);
}

static struct migrate_link link_of_port(struct virtio_port *port)
{
	return (struct migrate_link){ .send = link_port_send,
				      .recv = link_port_recv,
				      .room = link_port_room,
				      .sent = link_port_sent,
				      .peek = link_port_peek,
				      .drop = link_port_drop,
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
static void link_peer_connect(struct peer *p)
{
	struct migrate_link link;

	if (p->port == NULL) {
		p->port = virtio_port_find(p->port_name);
		if (p->port == NULL)
			return;
		link = link_of_port(p->port);
		if (p == links.peer)
			link = link_secure_over(&link);
		wire_init(&p->wire, &link, link_now, move.timebase);
	}
	/* The keys are those of one peer, and beside a secured link there is no plain one. */
	if (p != links.peer && link_secure_wanted())
		return;
	if (p->wire.state != WIRE_DOWN || p->job != NULL ||
	    !(p == links.peer ? link_secure_open(p->port) : virtio_port_open(p->port)))
		return;
	wire_up(&p->wire);
	/* A session has nothing of an earlier life in it. */
	if (!p->known && !link_secure_wanted())
		wire_after_restart(&p->wire);
	p->known = true;
	p->lost = p->wire.lost;
}

/* Refuse what the peer offers. Return: false when something else has to be sent first. */
static bool link_peer_refuse(struct peer *p, const struct migrate_hello *hello, const char *why)
{
	struct migrate_cancel cancel = { .reason = MIGRATE_REASON_REFUSED };
	struct migrate_line line;

	memcpy(cancel.text, why,
	       strlen(why) < sizeof(cancel.text) ? strlen(why) : sizeof(cancel.text) - 1U);
	if (!wire_reply(&p->wire, MIGRATE_REC_CANCEL, &cancel, sizeof(cancel)))
		return false;
	migrate_line_clear(&line);
	migrate_line_add(&line, "%.*s", (int)sizeof(hello->name), hello->name);
	shell_say("%s: refused %s: %s", p->name, line.text, why);
	return true;
}

static bool link_peer_receive(struct peer *p)
{
	static struct migrate_machine guest;
	struct migrate_hello hello;
	struct migrate_line line;
	struct migrate_link link;
	struct cleave_vm_info slot;
	struct job *job;
	bool fits;

	wire_hello(&p->wire, &hello);
	migrate_line_clear(&line);
	fits = wire_require(&p->wire, &guest, &line);
	migrate_line_clear(&line);
	if (hello.slot[0] != '\0' ? !link_slot_named(&hello, &slot, &line)
				  : !link_slot_find(&hello, fits ? &guest : NULL, &slot, &line))
		return link_peer_refuse(p, &hello, line.text);
	job = move_job_take(JOB_RECEIVE);
	if (job == NULL)
		return link_peer_refuse(p, &hello, "too many jobs are running");
	migrate_line_clear(&line);
	migrate_line_add(&line, "%.*s", (int)sizeof(hello.name), hello.name);
	shell_say("%s: receiving %s into slot %u \"%s\" as job %u", p->name, line.text, slot.id,
		  slot.name, job->number);
	hyper_init(&job->to, &slot, hello.id, move_view(job, 1));
	job->to.home = hyper_home(&slot, hello.uuid);
	(void)move_recall(hello.id); /* the engine refuses an id that was used before */
	link = wire_accept(&p->wire);
	(void)job_begin_dest(job, &move.ledger, &link);
	p->job = job;
	return true;
}

static bool link_peer_answer(struct peer *p)
{
	struct migrate_status query;

	wire_query(&p->wire, &query);
	query.outcome = move_recall(query.id);
	query.reserved = 0;
	if (!wire_reply(&p->wire, MIGRATE_REC_STATUS, &query, sizeof(query)))
		return false;
	shell_say("%s: it asked about migration 0x%lx and was told that %s", p->name, query.id,
		  query.outcome == MIGRATE_OUTCOME_RUNNING   ? "its guest came here"
		  : query.outcome == MIGRATE_OUTCOME_NONE    ? "its guest did not come here"
		  : query.outcome == MIGRATE_OUTCOME_PENDING ? "it is not decided yet"
							     : "it is not known here");
	return true;
}

static bool link_peer_listen(struct peer *p)
{
	enum wire_call call = wire_serve(&p->wire);

	if (p->wire.lost != p->lost) {
		p->lost = p->wire.lost;
		if (p->lost)
			shell_say("%s: it sent bytes that are not a frame; all input is dropped "
				  "until the link is silent for a second",
				  p->name);
	}
	if (p->job != NULL || call == WIRE_NONE)
		return false;
	return call == WIRE_HELLO ? link_peer_receive(p) : link_peer_answer(p);
}

/* --- the peer: a source that waits ------------------------------------------------------------ */

/*
 * The peer began something at the same moment as @job. A question is answered, since the answer
 * ends a doubt. Of two migrations both sides go on with the one that has the smaller id; the other
 * is cancelled before it has done anything.
 * Return: true when something was done.
 */
static bool link_peer_crossed(struct peer *p, struct job *job, enum wire_call call)
{
	struct migrate_hello hello;

	if (migrate_tx_waiting(&job->source.tx) != 0)
		return false;
	if (call == WIRE_QUERY)
		return link_peer_answer(p);
	wire_hello(&p->wire, &hello);
	if (job->source.state != MIGRATE_SRC_ACCEPT)
		return link_peer_refuse(p, &hello,
					"in doubt about a guest sent earlier; try again");
	if (hello.id > job->from.id) {
		wire_drop(&p->wire);
	} else {
		shell_say("%s: it began a migration at the same moment, and that one goes first",
			  p->name);
		(void)job_cancel(job);
		wire_cut(&p->wire, 0);
	}
	return true;
}

/*
 * Does @job's source wait for the port to take something? It has bytes for it, or waits for room in
 * the port's own memory (a page is built there), and then it has none.
 */
static bool link_blocked(const struct job *job)
{
	return migrate_tx_waiting(&job->source.tx) != 0 || job->source_step == MIGRATE_WANT_SEND;
}

/*
 * Return: how many seconds the source may wait for what it waits for now; 0: it waits for nobody.
 */
static u64 link_patience(const struct job *job)
{
	const struct migrate_source *s = &job->source;

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
		return link_blocked(job) ? BLOCK_SECONDS : 0;
	}
}

static void link_say_patience(const struct peer *p, const struct job *job)
{
	/* A source in doubt asks again and again, and says that itself. */
	if (migrate_source_doubts(&job->source))
		return;
	shell_progress_end();
	if (link_blocked(job))
		shell_say("%s: the link has taken nothing for %lu seconds", p->name,
			  link_patience(job));
	else
		shell_say("%s: no answer for %lu seconds", p->name, link_patience(job));
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
static bool link_peer_watch(struct peer *p, struct job *job)
{
	struct migrate_source *s = &job->source;
	enum wire_call call = wire_crossed(&p->wire);

	if (call != WIRE_NONE && link_peer_crossed(p, job, call))
		return true;
	if (s->state != p->state || s->progress.pass != p->pass || s->tx.bytes != p->bytes) {
		p->state = s->state;
		p->pass = s->progress.pass;
		p->bytes = s->tx.bytes;
		p->since = rdtime();
	}
	if (link_patience(job) == 0 || rdtime() - p->since <= link_patience(job) * move.timebase)
		return false;
	p->since = rdtime();
	link_say_patience(p, job);
	if (migrate_tx_waiting(&s->tx) == 0 && link_peer_fills(s))
		wire_end(&p->wire);
	else
		wire_cut(&p->wire, migrate_tx_waiting(&s->tx));
	return true;
}

/*
 * Watch a destination that waits for the peer: say that nothing comes, and end a wait without end.
 * That is safe until COMMIT has been read: a source that has sent it asks, and hears that the guest
 * did not come.
 * Return: true when something was done.
 */
static bool link_peer_listens(struct peer *p, struct job *job)
{
	u64 silence;

	if (job->dest.rx.bytes != p->bytes || job->dest_step != MIGRATE_WANT_RECV) {
		p->bytes = job->dest.rx.bytes;
		p->since = rdtime();
		p->silent = false;
		return false;
	}
	silence = (rdtime() - p->since) / move.timebase;
	if (silence >= GONE_SECONDS && job_cancel(job)) {
		shell_say("%s: nothing came for %u seconds; job %u is given up", p->name,
			  GONE_SECONDS, job->number);
		p->since = rdtime();
		return true;
	}
	if (silence >= SILENT_SECONDS && !p->silent) {
		shell_progress_end();
		shell_say("%s: nothing has come for %u seconds; job %u waits, and is given up "
			  "after %u",
			  p->name, SILENT_SECONDS, job->number, GONE_SECONDS);
		p->silent = true;
	}
	return false;
}

static void link_peer_leave(struct peer *p, struct job *job)
{
	wire_close(&p->wire, job->sends ? &job->source.tx : &job->dest.tx);
	p->job = NULL;
	p->state = MIGRATE_SRC_CHECK;
}

/* --- the peer: doubt -------------------------------------------------------------------------- */

/* Say what a job in doubt waits for and what the peer has answered, if one of them has changed. */
static void link_doubt_say(struct peer *p, struct job *job)
{
	const char *line = job_line(job);
	u64 of = migrate_digest(line, strlen(line), 0);
	bool up = p->port != NULL && p->wire.state != WIRE_DOWN;
	const char *wait = p->port == NULL ? "there is no port"
			   : up		   ? "asking the"
					   : "waiting for port";
	const char *whom = up ? p->name : p->port_name;

	if (job->said == wait && job->said_whom == whom && job->said_of == of)
		return;
	job->said = wait;
	job->said_whom = whom;
	job->said_of = of;
	shell_progress_end();
	if (line[0] != '\0')
		shell_say("%s; %s %s", line, wait, whom);
	else
		shell_say("%s: in doubt; %s %s", job->from.name, wait, whom);
}

/* Return: true when nothing is under way on the wire, and the other side has begun nothing. */
static bool link_peer_quiet(const struct peer *p)
{
	return p->wire.state == WIRE_IDLE && !p->wire.lost && p->wire.keep_end == 0;
}

static bool link_doubt_ask(struct peer *p, struct job *job)
{
	struct migrate_link link;

	link_doubt_say(p, job);
	if (p->job != NULL || !link_peer_quiet(p) ||
	    rdtime() - job->asked < ASK_SECONDS * move.timebase)
		return false;
	job->asked = rdtime();
	link = wire_connect(&p->wire);
	if (!migrate_source_reconnect(&job->source, &link))
		return false;
	job->source_step = MIGRATE_PROGRESS;
	p->job = job;
	return true;
}

/* Return: the next link after @from that is up; @from when no other is */
static u32 link_next_up(u32 from)
{
	u32 i;

	for (i = 1; i < LINK_PEERS; i++) {
		u32 n = (from + i) % LINK_PEERS;

		if (links.peer[n].wire.state != WIRE_DOWN)
			return n;
	}
	return from;
}

/*
 * Ask for a job in doubt. After a restart nobody knows over which link its guest went: each is
 * asked in turn. That is safe, since a machine that had no part in it knows nothing of its id, and
 * never says "none".
 */
static bool link_doubt(struct job *job)
{
	struct peer *p = &links.peer[job->link];
	bool asked = p->job == job;

	if (asked)
		link_peer_leave(p, job);
	if (job->astray && (asked || p->wire.state == WIRE_DOWN))
		job->link = link_next_up(job->link);
	return link_doubt_ask(&links.peer[job->link], job);
}

/* --- both ------------------------------------------------------------------------------------- */

static bool link_peer_step(struct peer *p)
{
	bool any = link_peer_listen(p);

	if (p->job != NULL)
		any = (p->job->sends ? link_peer_watch(p, p->job) : link_peer_listens(p, p->job)) ||
		      any;
	return any;
}

bool link_step(void)
{
	bool any = false;
	u32 i;

	if (!links.device)
		return false;
	virtio_poll();
	any = links.peer[0].port != NULL && link_secure_step();
	for (i = 0; i < LINK_PEERS; i++)
		link_peer_connect(&links.peer[i]);
	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind == JOB_SEND && job->source_step == MIGRATE_DOUBT)
			any = link_doubt(job) || any;
	}
	for (i = 0; i < LINK_PEERS; i++) {
		if (links.peer[i].port != NULL)
			any = link_peer_step(&links.peer[i]) || any;
	}
	return any;
}

/* Give @job, which sends or is for the store, its link. */
static struct migrate_link link_take(struct job *job)
{
	if (job->kind == JOB_SEND) {
		links.peer[job->link].job = job;
		return wire_connect(&links.peer[job->link].wire);
	}
	links.filed = job;
	return link_of_port(links.store);
}

/* @job leaves its link, if it has one. */
static void link_leave(struct job *job)
{
	u32 i;

	for (i = 0; i < LINK_PEERS; i++) {
		if (links.peer[i].job == job)
			link_peer_leave(&links.peer[i], job);
	}
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

static bool link_peer_free(struct peer *p)
{
	if (p->job != NULL && !job_doubts(p->job)) {
		shell_error("the link %s is in use by job %u (%s of %s)", p->name, p->job->number,
			    job_name(p->job), p->job->sends ? p->job->from.name : p->job->to.name);
		return false;
	}
	if (p->job == NULL && link_peer_quiet(p))
		return true;
	if (p->wire.state == WIRE_DOWN && link_secure_wanted())
		shell_error("port %s: %s", p->port_name,
			    p == links.peer ? "the peer has not proved its key: no guest goes there"
					    : "the keys secure port " LINK_PEER " alone, and no "
					      "other is used beside it");
	else
		shell_error("port %s is not ready; try again in a second", p->port_name);
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
					     const struct move_wants *w, u32 peer)
{
	struct migrate_source_config config;
	struct job *job = move_job_new(kind);
	struct migrate_link link;

	if (job == NULL)
		return COMMAND_FAILED;
	job->link = peer;
	job->link_name = links.peer[peer].name;
	if (w->slot != NULL)
		(void)str_print(job->slot, sizeof(job->slot), "%s", w->slot);
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

bool link_find(const char *name, u32 *peer)
{
	for (*peer = 0; *peer < LINK_PEERS; (*peer)++) {
		if (strcmp(name, links.peer[*peer].name) == 0)
			return true;
	}
	return false;
}

const char *link_name(u32 peer)
{
	return links.peer[peer].name;
}

enum command_result link_send(const struct cleave_vm_info *vm, const struct move_wants *w, u32 peer)
{
	struct peer *p = &links.peer[peer];

	if (!link_port_there(p->port, p->port_name) || !link_peer_free(p))
		return COMMAND_FAILED;
	return link_begin_source(JOB_SEND, vm, w, peer);
}

enum command_result link_checkpoint(const struct cleave_vm_info *vm, const struct move_wants *w)
{
	return link_store_free() ? link_begin_source(JOB_CHECKPOINT, vm, w, 0) : COMMAND_FAILED;
}

enum command_result link_restore(const struct cleave_vm_info *slot, u32 epoch, bool any, bool clock)
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
	job->to.restores = true;
	job->to.clock = clock;
	job->to.only = !any && (slot->flags & CLEAVE_VM_FLAG_INCOMING) == 0;
	link = link_take(job);
	if (job_begin_dest(job, &move.ledger, &link))
		return COMMAND_OK;
	shell_error("%s", job_line(job));
	link_leave(job);
	move_job_drop(job);
	return COMMAND_FAILED;
}

/* --- links ------------------------------------------------------------------------------------ */

static const char *link_peer_state(const struct peer *p)
{
	if (p->port == NULL)
		return "absent";
	if (!virtio_port_connected(p->port))
		return "closed";
	if (p->job != NULL)
		return "busy";
	return link_peer_quiet(p) ? "ready" : "not ready";
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
	u32 i;

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	link_store_find();
	for (i = 0; i < LINK_PEERS; i++) {
		const struct peer *p = &links.peer[i];

		/* The first is shown in any case, the others where they are. */
		if (i != 0 && p->port == NULL)
			continue;
		report_row(r);
		report_text(r, "port", p->port_name);
		report_text(r, "state", link_peer_state(p));
		report_text(r, "security",
			    i == 0		   ? link_secure_state(p->wire.state != WIRE_DOWN)
			    : link_secure_wanted() ? "refused"
						   : "plain");
	}
	report_row(r);
	report_text(r, "port", LINK_STORE);
	report_text(r, "state", link_store_state());
	report_text(r, "security", "plain");
	commands_say_table(r);
	return COMMAND_OK;
}
