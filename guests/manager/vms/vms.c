/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's partitions: finding one by name or number, and watching what becomes of them. */
#include "guests/lib/migrate/migrate_stream.h"
#include "guests/manager/vms/vms_watch.h"
#include "lib/vm_state.h"

#define VMS_MAX 64U

/**
 * struct vms_known - what is known of a partition
 * @there: it exists
 * @state: the state that it was last seen in, or that is expected (vms_expect())
 */
struct vms_known {
	bool there;
	u32 state;
};

static struct {
	u32 self;
	u32 nr; /* ids are below this */
	struct vms_known known[VMS_MAX];
} vms;

/* Can @what never be done, because nothing is there to be loaded? */
static bool vms_lacks_kernel(const struct cleave_vm_info *vm, const char *what)
{
	return (vm->flags & CLEAVE_VM_FLAG_KERNEL) == 0 && vm->state != CLEAVE_VM_EMPTY &&
	       (strcmp(what, "reset") == 0 || strcmp(what, "start") == 0);
}

bool vms_failed(const struct cleave_vm_info *vm, const char *what, struct sbiret r)
{
	struct cleave_vm_info now;
	bool known;

	if (r.error == 0)
		return false;
	known = cleave_vm_info(vm->id, &now).error == 0;
	/* @vm may be out of date, and the state now is what a person wants to know. */
	if (r.error == SBI_ERR_INVALID_STATE && known && vms_lacks_kernel(&now, what))
		shell_error(
			"%s of partition %u \"%s\" failed: its configuration names no kernel to "
			"load",
			what, vm->id, vm->name);
	else if (known)
		shell_error("%s of partition %u \"%s\" failed: %s (it is %s)", what, vm->id,
			    vm->name, migrate_error_text(r.error), vm_state_name(now.state));
	else
		shell_error("%s of partition %u \"%s\" failed: %s", what, vm->id, vm->name,
			    migrate_error_text(r.error));
	return true;
}

u32 vms_self(void)
{
	return vms.self;
}

bool vms_next(u32 *id, struct cleave_vm_info *info)
{
	while (*id < vms.nr) {
		if (cleave_vm_info((*id)++, info).error == 0)
			return true;
	}
	return false;
}

bool vms_find(const char *word, struct cleave_vm_info *info)
{
	u64 number;
	u32 id;

	if (words_number(word, &number)) {
		if (number < vms.nr && cleave_vm_info((u32)number, info).error == 0)
			return true;
	} else {
		for (id = 0; vms_next(&id, info);) {
			if (strcmp(info->name, word) == 0)
				return true;
		}
	}
	shell_error("there is no partition \"%.32s\"; `list` shows all partitions", word);
	return false;
}

void vms_complete(struct complete *c, u32 states)
{
	struct cleave_vm_info info;
	u32 id;

	for (id = 0; vms_next(&id, &info);) {
		if (info.id != vms.self && (states >> info.state & 1U) != 0)
			complete_add(c, info.name);
	}
}

void vms_expect(u32 vm, u32 state)
{
	if (vm < vms.nr)
		vms.known[vm].state = state;
}

static bool vms_has_run(u32 vm)
{
	u64 stats[CLEAVE_STAT_COUNT];

	return cleave_stats(vm, stats, CLEAVE_STAT_COUNT).error == 0 &&
	       stats[CLEAVE_STAT_EXITS] != 0;
}

/*
 * Return: true when the partition has run and ended. A busy one is being changed, so it has not
 * ended.
 */
static bool vms_is_over(const struct cleave_vm_info *info)
{
	if ((info->flags & CLEAVE_VM_FLAG_BUSY) != 0)
		return false;
	switch (info->state) {
	case CLEAVE_VM_FAULTED:
		return true;
	case CLEAVE_VM_STOPPED:
		return vms_has_run(info->id);
	default:
		return false;
	}
}

void vms_init(void)
{
	struct cleave_vm_info info;
	u64 max = cleave_feature(CLEAVE_FEATURE_MAX_VMS);
	u32 i;

	vms.nr = max < VMS_MAX ? (u32)max : VMS_MAX;
	if (cleave_vm_info(CLEAVE_VM_SELF, &info).error == 0)
		vms.self = info.id;
	for (i = 0; i < vms.nr; i++) {
		struct vms_known *k = &vms.known[i];

		k->there = cleave_vm_info(i, &info).error == 0;
		if (!k->there)
			continue;
		/* A partition that ended before this first look is news too. */
		k->state = vms_is_over(&info) ? CLEAVE_VM_RUNNING : info.state;
	}
}

static void vms_tell_state(const struct cleave_vm_info *info)
{
	static const char *const became[] = {
		[CLEAVE_VM_EMPTY] = "was emptied",  [CLEAVE_VM_STOPPED] = "stopped",
		[CLEAVE_VM_RUNNING] = "is running", [CLEAVE_VM_PAUSED] = "was paused",
		[CLEAVE_VM_FAULTED] = "faulted",
	};

	if (shell_script())
		shell_say("event: vm=%u name=%s state=%s", info->id, info->name,
			  vm_state_name(info->state));
	else
		shell_say("partition %u \"%s\" %s", info->id, info->name,
			  info->state < ARRAY_SIZE(became) ? became[info->state] : "?");
}

void vms_watch(void)
{
	struct cleave_vm_info info;
	u32 i;

	for (i = 0; i < vms.nr; i++) {
		struct vms_known *k = &vms.known[i];

		if (i == vms.self || !k->there || cleave_vm_info(i, &info).error != 0)
			continue;
		if (info.state != k->state)
			vms_tell_state(&info);
		k->state = info.state;
	}
}

bool vms_over(void)
{
	struct cleave_vm_info info;
	u32 i;

	for (i = 0; i < vms.nr; i++) {
		const struct vms_known *k = &vms.known[i];

		if (i == vms.self || !k->there || cleave_vm_info(i, &info).error != 0)
			continue;
		/* vms_watch() has not yet reported a partition that ended after it looked. */
		if (!vms_is_over(&info) || info.state != k->state)
			return false;
	}
	return true;
}
