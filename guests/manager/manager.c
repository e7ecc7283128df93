/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's main loop: it serves the shell, steps the jobs, watches the other partitions, and
 * sleeps in between. The manager ends when all other partitions have ended and no job is running.
 *
 * Boot arguments: `demo` runs the demonstration first; `script` begins in script mode.
 */
#include "guests/manager/commands.h"
#include "guests/manager/demo/demo.h"
#include "guests/manager/input.h"
#include "guests/manager/move/move.h"
#include "guests/manager/shell/shell_port.h"
#include "guests/manager/vms/vms_watch.h"

#define WATCHES_A_SECOND 5U

static bool manager_quits;

static u64 manager_now(void)
{
	return rdtime();
}

void manager_quit(void)
{
	manager_quits = true;
}

/* Serve until there is nothing left to do. */
static void manager_serve(void)
{
	u64 gap = ticks_per_second() / WATCHES_A_SECOND, next = 0;

	while (!manager_quits) {
		bool busy = shell_serve();

		busy = move_step() || busy;
		if (rdtime() >= next) {
			vms_watch();
			if (!busy && !move_busy() && vms_over())
				break;
			next = rdtime() + gap;
		}
		if (!busy && !manager_quits)
			input_sleep(next);
	}
	shell_close();
	if (!manager_quits)
		shell_say("all other partitions have ended");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	static struct shell_port port = { guest_write, input_read, manager_now, 0 };
	static struct shell_table tables[4];

	(void)hartid;
	if (cleave_feature(CLEAVE_FEATURE_MANAGER) != 1) {
		say("FAIL this partition is not a manager: its configuration lacks `manager`");
		sbi_shutdown(true);
	}
	tables[0] = (struct shell_table){ vm_commands, vm_commands_nr };
	tables[1] = (struct shell_table){ log_commands, log_commands_nr };
	tables[2] = (struct shell_table){ move_commands, move_commands_nr };
	tables[3] = (struct shell_table){ demo_commands, demo_commands_nr };
	port.second = ticks_per_second();
	input_init(fdt);
	shell_init(&port, tables, ARRAY_SIZE(tables), bootarg(fdt, "script", NULL, 0));
	tell_by(shell_tell);
	vms_init();
	demo_init(fdt);
	move_init(fdt);
	if (bootarg(fdt, "demo", NULL, 0))
		shell_run("demo");
	shell_open();
	manager_serve();
	sbi_shutdown(false);
}
