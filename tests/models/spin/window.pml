/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A writable window against pause and resume: nobody stores through one into a VM that runs, and a
 * vCPU never executes what its hart has fetched before such a store.
 *
 * code: core/vm/vm_window.c vm_window_map vm_window_check_from vm_window_remove vm_window_written
 * code: core/vm/vm_life.c vm_pause vm_resume
 * code: core/run/sched.c sched_run
 * code: core/run/shootdown.c shootdown_gstage
 * code: mm/space.c space_remove_window
 * row: `vm->run.state`
 * row: `vm->run.tlb_gen`, `vcpu->tlb_seen`
 *
 * A VM has two vCPUs. One manager pauses and resumes it. Another makes a writable window into it,
 * stores and removes the window, while the VM runs or not; what is refused is tried once more. The
 * holder is a guest too: its hart may keep the window's entry, and store through it, until it has
 * fenced. A hart fetches the code once, and keeps it until FENCE.I.
 */
#define VCPUS 2

bool vm_lock, window_lock;
bool running = true;
bool window;		/* in the table of windows */
bool mapped;		/* in the holder's page tables */
bool entry;		/* in the TLB of the holder's hart */
byte code = 1;		/* version of what the VM's memory holds */
byte fetched[VCPUS];	/* version that the vCPU's hart has fetched; 0: none */
bool in[VCPUS];
bool guest[VCPUS];	/* the hart executes the guest */
byte gen = 1, seen[VCPUS];
byte asked, answered;	/* flush_remote() for the holder */
bool done;

#define LOCK(l)	  atomic { !l -> l = true }
#define UNLOCK(l) l = false
#define ALL_OUT	  (!in[0] && !in[1])

/* A turn of the owner */
proctype vcpu(byte me)
{
	do
	:: done -> break
	:: running ->			/* chosen */
		in[me] = true;
		if
#ifdef LOOK_FIRST
		:: true ->
#else
		:: running ->
#endif
			if
			:: seen[me] != gen && seen[me] == 0 ->
				fetched[me] = 0;	/* FENCE.I */
				seen[me] = gen
			:: seen[me] != gen && seen[me] != 0 -> seen[me] = gen
			:: else
			fi;
			/* The guest fetches, or executes what was fetched. */
			atomic {
				guest[me] = true;
				assert(fetched[me] == 0 || fetched[me] == code);
				fetched[me] = code
			}
			atomic {
				assert(fetched[me] == code);
				guest[me] = false
			}
		:: else
		fi;
		in[me] = false
	od
}

/* The holder's hart: it may walk whenever the window is mapped, and store as long as it has W. */
proctype holder()
{
	do
	:: atomic { mapped && !entry -> entry = true }
	:: atomic {
		entry && code < 3 ->
		assert(!guest[0] && !guest[1]);
		code++
	   }
	:: asked != answered ->
		entry = false;
		answered = asked
	:: done -> break
	od
}

proctype life()
{
	byte n;

	do
	:: n == 2 -> break
	:: n < 2 ->
		/* vm_pause() */
		LOCK(vm_lock);
		running = false;
		UNLOCK(vm_lock);
		ALL_OUT;
		/* vm_resume(), until it is not refused */
		do
		:: running -> break
		:: !running ->
			LOCK(vm_lock);
#ifdef NO_LOOK
			running = true;
#else
			LOCK(window_lock);
			if
			:: !window ->
#ifdef STATE_UNLOCKED
				UNLOCK(window_lock);
				UNLOCK(vm_lock);
				running = true;
				LOCK(vm_lock)
#else
				UNLOCK(window_lock);
				running = true
#endif
			:: else -> UNLOCK(window_lock)
			fi;
#endif
			UNLOCK(vm_lock)
		od;
		n++
	od
}

proctype windows()
{
	byte n, i;

	do
	:: n == 2 -> break
	:: n < 2 ->
		LOCK(vm_lock);
		if
#ifdef NOT_ALL_OUT
		:: !running ->
#else
		:: !running && ALL_OUT ->
#endif
			LOCK(window_lock);
			mapped = true;
			window = true;
			UNLOCK(window_lock);
			UNLOCK(vm_lock);
			/* Remove it, at any later time. */
			LOCK(window_lock);
			mapped = false;
#ifndef NO_FLUSH
			asked++;
			answered == asked;
#endif
#ifdef WRITTEN_LATE
			window = false;
			UNLOCK(window_lock);
			for (i : 0 .. VCPUS - 1) {
				seen[i] = 0
			}
#else
#ifndef NOT_ANEW
			for (i : 0 .. VCPUS - 1) {
				seen[i] = 0
			}
#endif
			window = false;
			UNLOCK(window_lock)
#endif
		:: else -> UNLOCK(vm_lock)
		fi;
		n++
	od
}

init
{
	atomic {
		run vcpu(0);
		run vcpu(1);
		run holder();
		run life();
		run windows()
	}
	_nr_pr == 4;	/* life and windows have ended */
	done = true
}
