/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated machine of migrate_sim.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/guests/lib/migrate_sim.h"

#define PAGE	      4096U
#define OPTIONAL_KIND 0x7000U /* a state record that no destination knows */

uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t sim_pages(const struct sim *sim)
{
	return sim->config.pages[0] + sim->config.pages[1];
}

uint64_t sim_gpa(const struct sim *sim, uint32_t page)
{
	if (page < sim->config.pages[0])
		return SIM_BASE_0 + (uint64_t)page * PAGE;
	return SIM_BASE_1(sim) + (uint64_t)(page - sim->config.pages[0]) * PAGE;
}

static uint32_t page_of(const struct sim *sim, uint64_t gpa)
{
	return gpa < SIM_BASE_1(sim)
		       ? (uint32_t)((gpa - SIM_BASE_0) / PAGE)
		       : sim->config.pages[0] + (uint32_t)((gpa - SIM_BASE_1(sim)) / PAGE);
}

static uint32_t region_first(const struct sim *sim, uint32_t region)
{
	return region == 0U ? 0U : sim->config.pages[0];
}

static uint8_t *page_at(struct sim_vm *vm, uint32_t page)
{
	return vm->memory + (size_t)page * PAGE;
}

/* --- the guest -------------------------------------------------------------------------------- */

static struct sim_vm *running(struct sim *sim)
{
	for (uint32_t i = 0; i < 2U; i++) {
		if (sim->vm[i].state == CLEAVE_VM_RUNNING)
			return &sim->vm[i];
	}
	return NULL;
}

/* M1: the bit first, then the store. A page whose bit is set is writable and takes no fault. */
void sim_write(struct sim *sim, uint32_t page)
{
	struct sim_vm *vm = running(sim);
	uint32_t region = page >= sim->config.pages[0] ? 1U : 0U;
	uint32_t at = sim_below(sim, PAGE);
	uint8_t value = (uint8_t)sim_random(&sim->random);

	if (vm == NULL)
		return;
	if (vm->log[region] != CLEAVE_LOG_OFF)
		vm->dirty[page / 64U] |= UINT64_C(1) << (page % 64U);
	if (sim_below(sim, 16) == 0U) {
		memset(page_at(vm, page), 0, PAGE);
		memset(sim->guest + (size_t)page * PAGE, 0, PAGE);
	} else {
		page_at(vm, page)[at] = value;
		sim->guest[(size_t)page * PAGE + at] = value;
	}
	vm->regs[sim_below(sim, SIM_STATES)]++;
	memcpy(sim->guest_regs, vm->regs, sizeof(sim->guest_regs));
	sim->writes++;
	sim->window_writes += sim->in_window ? 1U : 0U;
}

/* Let a moment pass between two calls of an engine, in which the guest may write. */
void sim_tick(struct sim *sim)
{
	struct sim_vm *vm = running(sim);
	uint32_t page;

	sim->now += sim_below(sim, 1000);
	if (sim->vm[0].state == CLEAVE_VM_RUNNING && sim->vm[1].state == CLEAVE_VM_RUNNING) {
		fprintf(stderr, "seed %lu: the guest runs on both sides\n", sim->config.seed);
		abort();
	}
	if (vm == NULL)
		return;
	if (!vm->may_run) {
		fprintf(stderr, "seed %lu: the guest runs where it was given up\n",
			sim->config.seed);
		abort();
	}
	sim->ran[vm == &sim->vm[1]]++;
	if (sim->config.write_in == 0U || sim_below(sim, sim->config.write_in) != 0U ||
	    sim_below(sim, 100) < vm->brake)
		return;
	page = sim_below(sim, sim_below(sim, 2) == 0U ? sim_pages(sim) : 1U + sim_pages(sim) / 4U);
	if (page != sim->spare)
		sim_write(sim, page);
}

/* --- operations ------------------------------------------------------------------------------- */

/* For each call of an engine: time passes, and the call may be the one that is to fail. */
static bool call_fails(struct sim_side *side, const char *name)
{
	sim_tick(side->sim);
	if (side->calls++ != side->fail_at)
		return false;
	side->failed = name;
	return true;
}

static int refuse(struct sim_side *side)
{
	side->sim->calls_out_of_order++;
	return SBI_ERR_INVALID_STATE;
}

static uint64_t op_time(void *ctx)
{
	struct sim_side *side = ctx;

	return side->sim->now;
}

static int op_vm_state(void *ctx)
{
	struct sim_side *side = ctx;

	sim_tick(side->sim);
	return side->vm->state;
}

static int op_describe(void *ctx, struct migrate_machine *machine)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "describe"))
		return SBI_ERR_FAILED;
	*machine = side->sim->machine[side == &side->sim->side[1]];
	return 0;
}

static int op_vm_resume(void *ctx)
{
	struct sim_side *side = ctx;

	if (side == &side->sim->side[1] && call_fails(side, "resume"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_PAUSED || !side->vm->may_run)
		return refuse(side);
	if (side == &side->sim->side[1] &&
	    memcmp(side->vm->regs, side->sim->guest_regs, sizeof(side->vm->regs)) != 0)
		side->sim->lost_state = true;
	side->vm->state = CLEAVE_VM_RUNNING;
	sim_tick(side->sim);
	return 0;
}

static int op_vm_pause(void *ctx)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "pause"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_RUNNING && side->vm->state != CLEAVE_VM_PAUSED)
		return refuse(side);
	side->vm->state = CLEAVE_VM_PAUSED;
	return 0;
}

static int op_vm_take(void *ctx, uint64_t id, bool run)
{
	struct sim_side *side = ctx;

	if (id != side->sim->source_config.id)
		return refuse(side);
	return run ? op_vm_resume(ctx) : 0;
}

static int op_vm_own(void *ctx, bool own)
{
	struct sim_side *side = ctx;

	if (!own && call_fails(side, "own"))
		return SBI_ERR_FAILED;
	side->vm->may_run = own;
	return 0;
}

static int op_vm_brake(void *ctx, uint32_t percent)
{
	struct sim_side *side = ctx;

	if (percent != 0U && call_fails(side, "brake"))
		return SBI_ERR_FAILED;
	side->vm->brake = percent;
	return 0;
}

/* As the hypervisor's it goes in steps, of which there are 2. */
static int op_vm_destroy(void *ctx, uint64_t *cursor)
{
	struct sim_side *side = ctx;

	sim_tick(side->sim);
	/* A creation that was abandoned half-way is undone in one step. */
	if (side->vm->creating) {
		side->vm->creating = false;
		*cursor = 0;
		return 0;
	}
	if (side->vm->state == CLEAVE_VM_RUNNING || side->vm->state == CLEAVE_VM_EMPTY)
		return refuse(side);
	*cursor = *cursor == 0U ? 1U : 0U;
	if (*cursor == 0U) {
		side->vm->state = CLEAVE_VM_EMPTY;
		side->vm->log[0] = CLEAVE_LOG_OFF;
		side->vm->log[1] = CLEAVE_LOG_OFF;
		side->vm->states_set = 0;
		side->vm->images = 0;
		side->vm->images_got = 0;
	}
	return 0;
}

static int op_vm_create(void *ctx, uint64_t *cursor)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "create"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_EMPTY || side->vm->creating != (*cursor != 0U))
		return refuse(side);
	*cursor = *cursor == 0U ? 1U : 0U;
	side->vm->creating = *cursor != 0U;
	if (side->vm->creating)
		return 0;
	side->vm->state = CLEAVE_VM_PAUSED;
	side->vm->huge = true;
	memset(side->vm->memory, 0, (size_t)sim_pages(side->sim) * PAGE);
	return 0;
}

static int op_page_read(void *ctx, uint64_t gpa, void *page, uint64_t *digest)
{
	struct sim_side *side = ctx;
	uint8_t *from = page_at(side->vm, page_of(side->sim, gpa));

	if (call_fails(side, "page read"))
		return SBI_ERR_FAILED;
	/* The guest may write between the two halves: a copy is not taken in one instant. */
	memcpy(page, from, PAGE / 2U);
	sim_tick(side->sim);
	memcpy((uint8_t *)page + PAGE / 2U, from + PAGE / 2U, PAGE / 2U);
	*digest = migrate_digest_page(page, gpa);
	return migrate_page_is_zero(page);
}

static int op_page_write(void *ctx, uint64_t gpa, const void *page, uint64_t *digest)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "page write"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_PAUSED)
		return refuse(side);
	memcpy(page_at(side->vm, page_of(side->sim, gpa)), page, PAGE);
	if (digest != NULL)
		*digest = migrate_digest_page(page, gpa);
	return 0;
}

static int op_page_zero(void *ctx, uint64_t gpa, uint64_t pages)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "page zero"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_PAUSED || pages > MIGRATE_STEP_PAGES)
		return refuse(side);
	memset(page_at(side->vm, page_of(side->sim, gpa)), 0, (size_t)pages * PAGE);
	return 0;
}

static int op_log_status(void *ctx, uint32_t region, uint64_t *dirty)
{
	struct sim_side *side = ctx;
	uint32_t first = region_first(side->sim, region);

	sim_tick(side->sim);
	*dirty = 0;
	for (uint32_t i = first; i < first + side->sim->config.pages[region]; i++)
		*dirty += side->vm->dirty[i / 64U] >> (i % 64U) & 1U;
	return side->vm->log[region];
}

static int op_log_start(void *ctx, uint32_t region, uint64_t *cursor)
{
	struct sim_side *side = ctx;
	uint32_t first = region_first(side->sim, region);

	if (call_fails(side, "log start"))
		return SBI_ERR_FAILED;
	if (*cursor == 0U && side->vm->log[region] != CLEAVE_LOG_OFF)
		return refuse(side);
	side->vm->log[region] = CLEAVE_LOG_INITIALLY_SET;
	side->vm->huge = false;
	for (uint32_t i = first; i < first + side->sim->config.pages[region]; i++)
		side->vm->dirty[i / 64U] |= UINT64_C(1) << (i % 64U);
	*cursor = *cursor == 0U ? 1U : 0U;
	return 0;
}

static int op_log_stop(void *ctx, uint32_t region, uint64_t *cursor)
{
	struct sim_side *side = ctx;
	uint32_t first = region_first(side->sim, region);

	sim_tick(side->sim);
	if (side->vm->log[region] == CLEAVE_LOG_OFF && *cursor == 0U)
		return refuse(side);
	for (uint32_t i = first; i < first + side->sim->config.pages[region]; i++)
		side->vm->dirty[i / 64U] &= ~(UINT64_C(1) << (i % 64U));
	side->vm->log[region] = CLEAVE_LOG_OFF;
	*cursor = *cursor == 0U ? 1U : 0U;
	if (*cursor == 0U)
		side->vm->huge = true;
	return 0;
}

static bool chunk_ok(struct sim_side *side, uint32_t region, uint64_t first, uint64_t *count)
{
	uint64_t pages = side->sim->config.pages[region];

	if (side->vm->log[region] == CLEAVE_LOG_OFF || first % 64U != 0U || first >= pages ||
	    *count > pages - first || (*count % 64U != 0U && first + *count != pages))
		return false;
	if (*count > side->sim->config.step)
		*count = side->sim->config.step;
	return true;
}

static int64_t op_log_get(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			  uint64_t *bitmap)
{
	struct sim_side *side = ctx;
	uint32_t at = region_first(side->sim, region) + (uint32_t)first;

	if (call_fails(side, "log get"))
		return SBI_ERR_FAILED;
	if (!chunk_ok(side, region, first, &count))
		return refuse(side);
	for (uint64_t i = 0; i < count; i++) {
		if ((side->vm->dirty[(at + i) / 64U] >> ((at + i) % 64U) & 1U) != 0U)
			bitmap[i / 64U] |= UINT64_C(1) << (i % 64U);
	}
	side->sim->in_window = true;
	sim_tick(side->sim);
	return (int64_t)count;
}

static int64_t op_log_clear(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			    const uint64_t *bitmap)
{
	struct sim_side *side = ctx;
	uint32_t at = region_first(side->sim, region) + (uint32_t)first;

	if (call_fails(side, "log clear"))
		return SBI_ERR_FAILED;
	if (!chunk_ok(side, region, first, &count))
		return refuse(side);
	side->sim->in_window = false;
	/* It may deal with fewer pages than it was asked to. */
	if (count > 64U && sim_below(side->sim, 4) == 0U)
		count = 64;
	for (uint64_t i = 0; i < count; i++) {
		if ((bitmap[i / 64U] >> (i % 64U) & 1U) != 0U)
			side->vm->dirty[(at + i) / 64U] &= ~(UINT64_C(1) << ((at + i) % 64U));
	}
	return (int64_t)count;
}

static int op_leaf(void *ctx, uint64_t gpa)
{
	(void)ctx;
	(void)gpa;
	return 0;
}

static int op_state_get(void *ctx, uint32_t index, struct cleave_state_head *head, void *data,
			size_t size)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "state get"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_PAUSED || size < sizeof(uint64_t))
		return refuse(side);
	if (index > SIM_STATES)
		return 0;
	*head = (struct cleave_state_head){ .kind = 1U + index / 2U,
					    .instance = index % 2U,
					    .version = 1,
					    .flags = CLEAVE_STATE_MANDATORY,
					    .length = sizeof(uint64_t) };
	if (index == SIM_STATES) {
		*head = (struct cleave_state_head){ .kind = OPTIONAL_KIND,
						    .version = 9,
						    .length = 0 };
		return 1;
	}
	memcpy(data, &side->vm->regs[index], sizeof(uint64_t));
	return 1;
}

static int op_state_set(void *ctx, const struct cleave_state_head *head, const void *data)
{
	struct sim_side *side = ctx;
	uint32_t index = (head->kind - 1U) * 2U + head->instance;

	if (call_fails(side, "state set"))
		return SBI_ERR_FAILED;
	if (head->kind == 0U || head->kind > SIM_STATES / 2U || head->instance > 1U ||
	    head->version != 1U)
		return SBI_ERR_NOT_SUPPORTED;
	if (head->length != sizeof(uint64_t))
		return SBI_ERR_INVALID_PARAM;
	memcpy(&side->vm->regs[index], data, sizeof(uint64_t));
	side->vm->states_set |= 1U << index;
	return 0;
}

static int op_state_check(void *ctx, struct migrate_line *line)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "state check")) {
		migrate_line_add(line, "state check failed");
		return SBI_ERR_FAILED;
	}
	if (side->vm->states_set == (1U << SIM_STATES) - 1U)
		return 0;
	migrate_line_add(line, "state records are missing");
	return SBI_ERR_INVALID_STATE;
}

/* --- what the guest reboots from: any bytes, which follow from their place --- */

uint8_t sim_image_byte(uint64_t at)
{
	return (uint8_t)(at * 7U + (at >> 9));
}

static int64_t op_images_get(void *ctx, uint64_t offset, void *bytes, size_t size)
{
	struct sim_side *side = ctx;
	uint64_t left = side->sim->config.images - offset;

	if (call_fails(side, "images get"))
		return SBI_ERR_FAILED;
	/* As the hypervisor it need not give all that there is room for. */
	if (size > left)
		size = (size_t)left;
	size -= sim_below(side->sim, size);
	for (size_t i = 0; i < size; i++)
		((uint8_t *)bytes)[i] = sim_image_byte(offset + i);
	return (int64_t)size;
}

static int op_images_take(void *ctx, uint64_t bytes)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "images take"))
		return SBI_ERR_FAILED;
	if (side->vm->state != CLEAVE_VM_PAUSED || bytes != side->sim->config.images ||
	    side->vm->images != 0U)
		return refuse(side);
	side->vm->images = bytes;
	if (side->sim->config.images_there)
		side->vm->images_got = bytes;
	return side->sim->config.images_there ? 0 : 1;
}

static int op_images_put(void *ctx, const void *bytes, size_t size)
{
	struct sim_side *side = ctx;

	if (call_fails(side, "images put"))
		return SBI_ERR_FAILED;
	if (size == 0U || size > side->vm->images - side->vm->images_got)
		return refuse(side);
	for (size_t i = 0; i < size; i++) {
		if (((const uint8_t *)bytes)[i] != sim_image_byte(side->vm->images_got + i))
			return refuse(side);
	}
	side->vm->images_got += size;
	return 0;
}

static const struct migrate_ops operations = {
	.time = op_time,
	.vm_state = op_vm_state,
	.describe = op_describe,
	.vm_resume = op_vm_resume,
	.vm_destroy = op_vm_destroy,
	.page_read = op_page_read,
	.vm_pause = op_vm_pause,
	.vm_own = op_vm_own,
	.vm_brake = op_vm_brake,
	.log_status = op_log_status,
	.log_start = op_log_start,
	.log_get = op_log_get,
	.log_clear = op_log_clear,
	.log_stop = op_log_stop,
	.leaf = op_leaf,
	.state_get = op_state_get,
	.images_get = op_images_get,
	.images_take = op_images_take,
	.images_put = op_images_put,
	.vm_create = op_vm_create,
	.vm_take = op_vm_take,
	.page_write = op_page_write,
	.page_zero = op_page_zero,
	.state_set = op_state_set,
	.state_check = op_state_check,
};

/* --- the simulation --------------------------------------------------------------------------- */

struct sim *sim_new(void)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	for (uint32_t i = 0; i < 2U; i++)
		sim->vm[i].memory = malloc((size_t)SIM_PAGES_MAX * PAGE);
	for (uint32_t i = 0; i < 4U; i++)
		sim->buffer[i] = malloc(MIGRATE_BUFFER_MIN);
	sim->guest = malloc((size_t)SIM_PAGES_MAX * PAGE);
	sim->history = malloc(SIM_PAGES_MAX * sizeof(uint32_t));
	return sim;
}

void sim_free(struct sim *sim)
{
	for (uint32_t i = 0; i < 2U; i++)
		free(sim->vm[i].memory);
	for (uint32_t i = 0; i < 4U; i++)
		free(sim->buffer[i]);
	free(sim->guest);
	free(sim->history);
	free(sim);
}

static void fill_machine(struct sim *sim)
{
	struct migrate_machine *m = &sim->machine[0];

	memset(m, 0, sizeof(*m));
	strcpy(m->isa, "rv64imafdc_zicsr_zifencei");
	m->vcpus = 2;
	m->gstage_levels = 3;
	m->timebase = SIM_TIMEBASE;
	m->cboz_block = 64;
	m->regions = sim->config.pages[1] != 0U ? 2U : 1U;
	m->region[0] = (struct migrate_region){ SIM_BASE_0, (uint64_t)sim->config.pages[0] * PAGE };
	if (m->regions == 2U)
		m->region[1] = (struct migrate_region){ SIM_BASE_1(sim),
							(uint64_t)sim->config.pages[1] * PAGE };
	sim->machine[1] = *m;
	m->more.images = sim->config.images;
	strcpy(sim->machine[1].isa, "rv64imafdcv_zicsr_zifencei_sstc");
	sim->machine[1].gstage_levels = 4;
	sim->machine[1].cbom_block = 64;
}

/* Fill the memory so that a third of its pages is zero. */
static void fill_memory(struct sim *sim)
{
	for (uint32_t i = 0; i < sim_pages(sim); i++) {
		uint8_t *page = page_at(&sim->vm[0], i);

		memset(page, 0, PAGE);
		for (uint32_t k = 0; sim_below(sim, 3) != 0U && k < 9U; k++)
			page[sim_below(sim, PAGE)] = (uint8_t)sim_random(&sim->random);
	}
	memcpy(sim->guest, sim->vm[0].memory, (size_t)sim_pages(sim) * PAGE);
}

static void start_vm(struct sim *sim, uint32_t side, int state)
{
	struct sim_vm *vm = &sim->vm[side];
	uint8_t *memory = vm->memory;

	memset(vm, 0, sizeof(*vm));
	vm->memory = memory;
	vm->state = state;
	vm->may_run = true;
	vm->huge = true;
	sim->side[side] = (struct sim_side){ .sim = sim,
					     .vm = vm,
					     .out = &sim->pipe[side],
					     .in = &sim->pipe[1U - side],
					     .fail_at = SIM_NEVER };
	sim->ops[side] = operations;
	sim->ran[side] = 0;
	sim->steps[side] = 0;
}

void sim_start(struct sim *sim, const struct sim_config *config)
{
	sim->config = *config;
	/* Of links that hold a page half lend memory, whatever the test is about. */
	sim->config.lends = config->lends || (config->seed % 2U == 1U && config->room > 8192U);
	sim->random = config->seed * UINT64_C(0x2545f4914f6cdd1d) + 1U;
	sim->now = sim_below(sim, 1U << 30);
	sim->writes = 0;
	sim->window_writes = 0;
	sim->in_window = false;
	sim->calls_out_of_order = 0;
	sim->spare = SIM_PAGES_MAX;
	sim->cut_keeps = false;
	start_vm(sim, 0, config->start_paused ? CLEAVE_VM_PAUSED : CLEAVE_VM_RUNNING);
	start_vm(sim, 1, CLEAVE_VM_EMPTY);
	for (uint32_t i = 0; i < SIM_STATES; i++)
		sim->vm[0].regs[i] = sim_random(&sim->random);
	memcpy(sim->guest_regs, sim->vm[0].regs, sizeof(sim->guest_regs));
	sim->lost_state = false;
	fill_machine(sim);
	fill_memory(sim);
	sim_links(sim);
	memset(&sim->ledger, 0, sizeof(sim->ledger));
	sim->source_config = (struct migrate_source_config){
		.name = "linux",
		.guest = "linux",
		.id = sim_random(&sim->random) | 1U,
		.timebase = SIM_TIMEBASE,
		.downtime_ms = 5,
		.passes = 1U + sim_below(sim, 5),
		.bound_ms = UINT32_MAX,
		.stall_ms = 60000,
		.tx = sim->buffer[0],
		.tx_size = MIGRATE_BUFFER_MIN,
		.rx = sim->buffer[1],
		.rx_size = MIGRATE_BUFFER_MIN,
		.history = sim->history,
		.history_pages = SIM_PAGES_MAX,
	};
	sim->dest_config = (struct migrate_dest_config){
		.name = "slot",
		.timebase = SIM_TIMEBASE,
		.ledger = &sim->ledger,
		.nonce = 0x6e6f6e6365,
		.tx = sim->buffer[2],
		.tx_size = MIGRATE_BUFFER_MIN,
		.rx = sim->buffer[3],
		.rx_size = MIGRATE_BUFFER_MIN,
	};
}

bool sim_begin(struct sim *sim)
{
	struct migrate_link to = sim_link(sim, 0);
	struct migrate_link from = sim_link(sim, 1);
	bool ok = migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0], &to,
				      &sim->source_config);

	return migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &from,
				 &sim->dest_config) &&
	       ok;
}

static bool over(enum migrate_step step)
{
	return step == MIGRATE_DONE || step == MIGRATE_FAILED || step == MIGRATE_DOUBT;
}

bool sim_run(struct sim *sim, enum migrate_step *source, enum migrate_step *dest)
{
	uint32_t idle = 0;

	*source = MIGRATE_PROGRESS;
	*dest = MIGRATE_PROGRESS;
	while (!over(*source) || !over(*dest)) {
		uint64_t moved = sim->pipe[0].in + sim->pipe[1].in;

		if (sim_below(sim, 2) == 0U) {
			*source = migrate_source_step(&sim->source);
			sim->steps[0]++;
		} else {
			*dest = migrate_dest_step(&sim->dest);
			sim->steps[1]++;
		}
		/* The engine that is over cannot close its end of the link. A manager does that. */
		if ((over(*source) || over(*dest)) && idle > 64U)
			sim->cut = true;
		if (*source == MIGRATE_PROGRESS || *dest == MIGRATE_PROGRESS ||
		    moved != sim->pipe[0].in + sim->pipe[1].in)
			idle = 0;
		else if (++idle > 100000U)
			return false;
	}
	sim_tick(sim);
	return true;
}

const char *sim_finish(struct sim *sim, enum migrate_step *source, enum migrate_step *dest)
{
	enum migrate_step again;

	if (!sim_run(sim, source, dest))
		return "the engines wait for each other";
	for (uint32_t i = 0; *source == MIGRATE_DOUBT; i++) {
		struct migrate_link to = sim_link(sim, 0);
		struct migrate_link from = sim_link(sim, 1);

		if (sim->vm[0].state != CLEAVE_VM_PAUSED || sim->vm[0].may_run)
			return "a guest in doubt could run";
		if (i == 16U)
			return "doubt that does not end";
		sim_links(sim);
		if (!migrate_source_reconnect(&sim->source, &to) ||
		    !migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &from,
				       &sim->dest_config))
			return "it could not be asked again";
		if (!sim_run(sim, source, &again))
			return "the engines wait for each other after a reconnect";
	}
	return NULL;
}

bool sim_memory_whole(const struct sim *sim, uint32_t side)
{
	return memcmp(sim->vm[side].memory, sim->guest, (size_t)sim_pages(sim) * PAGE) == 0;
}

static const char *clean(const struct sim *sim, const struct sim_vm *vm)
{
	for (uint32_t i = 0; i < sim_pages(sim); i++) {
		if ((vm->dirty[i / 64U] >> (i % 64U) & 1U) != 0U)
			return "a dirty bit is left";
	}
	if (vm->log[0] != CLEAVE_LOG_OFF || vm->log[1] != CLEAVE_LOG_OFF)
		return "a log is left running";
	if (!vm->huge)
		return "huge leaves were not put back";
	if (vm->brake != 0U)
		return "the brake is left on";
	if (!vm->may_run)
		return "it may not run";
	return sim->calls_out_of_order != 0U ? "a call came out of order" : NULL;
}

const char *sim_moved(const struct sim *sim)
{
	const struct sim_vm *vm = &sim->vm[1];

	if (sim->vm[0].state != CLEAVE_VM_EMPTY)
		return "the source's slot is not empty";
	if (vm->state != (sim->config.start_paused ? CLEAVE_VM_PAUSED : CLEAVE_VM_RUNNING))
		return "the guest is not as it was at the destination";
	if (!sim_memory_whole(sim, 1))
		return "a write was lost";
	if (vm->states_set != (1U << SIM_STATES) - 1U || sim->lost_state)
		return "state is missing or old";
	if (vm->images_got != sim->config.images)
		return "what the guest reboots from is missing";
	return clean(sim, vm);
}

const char *sim_stayed(const struct sim *sim)
{
	const struct sim_vm *vm = &sim->vm[0];

	if (sim->vm[1].state != CLEAVE_VM_EMPTY || sim->vm[1].creating)
		return "the destination's slot is not empty";
	if (sim->ran[1] != 0U)
		return "the guest ran at the destination";
	if (vm->state != (sim->config.start_paused ? CLEAVE_VM_PAUSED : CLEAVE_VM_RUNNING))
		return "the guest is not as it was at the source";
	if (!sim_memory_whole(sim, 0))
		return "a write was lost";
	return clean(sim, vm);
}
