/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry against fences: IN and OUT, the shootdown, the interrupt between harts, and why both stages
 * are fenced, the G-stage first.
 *
 * code: core/run/sched.c sched_run
 * code: core/run/shootdown.c flush_remote shootdown_gstage shootdown_serve_some
 * code: core/run/ipi.c ipi_send ipi_acknowledge
 * code: core/run/request.c request_serve spin_relax
 * row: `vm->run.tlb_gen`, `vcpu->tlb_seen`
 * row: `vcpu->mode`
 * row: `vcpu_hart.woken`, `ipi_hart.pending`
 *
 * Two harts have a vCPU each, which is loaded all the time. A manager on a third hart changes the
 * G-stage and flushes. vCPU 0 does so too, in a hypercall, so both want the space's lock. Each
 * change makes a new version of the tables; when its flush has returned, the version before is
 * freed. A hart may walk at any time, also ahead of any access and while its vCPU is OUT. A VS-stage
 * entry has the version of the G-stage entry that the walk went through. A guest may use what was
 * never freed alone.
 */
#define VCPUS  2

byte version = 1;	/* of the tables */
byte freed;		/* versions up to this one are somebody else's memory */
byte gen = 1, seen[VCPUS];
byte g_entry[VCPUS];	/* the version of a G-stage entry that the hart holds; 0: none */
byte vs_entry[VCPUS];	/* that of a VS-stage entry */
bool in[VCPUS];
bool guest[VCPUS];	/* the hart executes the guest, and may use what it holds */
bool lock;		/* space->lock */
bool pending[VCPUS], line[VCPUS];
bool done;

inline fence_g(me)
{
	g_entry[me] = 0
}

inline fence_vs(me)
{
	vs_entry[me] = 0
}

/* True at every instant: it is looked at in each step that could make it false. */
#define MAY_RUN(v) (!guest[v] || ((g_entry[v] == 0 || g_entry[v] > freed) && \
				  (vs_entry[v] == 0 || vs_entry[v] > freed)))

inline run_guest(me)
{
	atomic { guest[me] = true; assert(MAY_RUN(me)) }
}

/* shootdown_gstage() */
inline serve(me)
{
	if
	:: seen[me] != gen ->
		g = gen;
#ifdef VS_FIRST
		fence_vs(me);
		fence_g(me);
#else
		fence_g(me);
#ifndef NO_VS
		fence_vs(me);
#endif
#endif
		atomic { seen[me] = g; g = 0 }
	:: else
	fi
}

/* Walks of the hart: of the G-stage, and of the VS-stage through what it holds of the G-stage */
proctype hart(byte me)
{
	do
	:: atomic { g_entry[me] == 0 && !done -> g_entry[me] = version; assert(MAY_RUN(me)) }
	:: atomic {
		g_entry[me] != 0 && vs_entry[me] == 0 && !done ->
		vs_entry[me] = g_entry[me];
		assert(MAY_RUN(me))
	   }
	:: done -> break
	od
}

inline ipi_send(to)
{
	atomic { old = pending[to]; pending[to] = true };
	if
	:: !old -> line[to] = true
	:: else
	fi
}

inline ipi_acknowledge(me)
{
#ifdef PENDING_FIRST
	pending[me] = false;
	line[me] = false
#else
	line[me] = false;
	pending[me] = false
#endif
}

/*
 * A change, and flush_remote(); @me: the vCPU that makes it, VCPUS: the manager. Its two loops over
 * the vCPUs are one here, as a vCPU that is waited for does nothing for another.
 */
inline change(me)
{
	version++;
#ifdef MODES_FIRST
	was_in = in[other];
#endif
	gen++;
	want = gen;
	if
	:: me < VCPUS -> serve(me)
	:: else
	fi;
	for (i : 0 .. VCPUS - 1) {
		if
#ifdef MODES_FIRST
		:: i != me && (i != other || was_in) && in[i] && seen[i] < want ->
#else
		:: i != me && in[i] && seen[i] < want ->
#endif
			ipi_send(i);
#ifndef NO_WAIT
			!in[i] || seen[i] >= want
#endif
		:: else
		fi
	};
	atomic {
		want = 0;
		i = 0;
		old = false;
		freed = version - 1;
		assert(MAY_RUN(0) && MAY_RUN(1))
	}
}

proctype vcpu(byte me)
{
	byte g, n, i, want;
	byte turns = 1 + me;	/* how often it enters */
	byte other = 1 - me;
	bool old, was_in;

	do
	:: n == turns -> break
	:: n < turns ->
#ifdef LOOK_FIRST
		serve(me);
		in[me] = true;
#else
		in[me] = true;
		ipi_acknowledge(me);
		serve(me);
#endif
		run_guest(me);
		do
		:: line[me] ->
			guest[me] = false;
			ipi_acknowledge(me);
			serve(me);
			run_guest(me)
		:: done -> break
		/* A hypercall: wait for the lock, and serve meanwhile. */
		:: me == 0 && n == 0 ->
			guest[me] = false;
			do
			:: atomic { !lock -> lock = true } break
#ifndef NO_SERVICE
			:: lock && seen[me] != gen -> serve(me)
#endif
			od;
			change(me);
			lock = false;
			break
		/* An exit that leads OUT */
		:: n == 0 -> break
		od;
		guest[me] = false;
		in[me] = false;
		n++
	od
}

proctype manager()
{
	byte g, i, want;
	byte other = 1;
	bool old, was_in;

	atomic { !lock -> lock = true };
	change(VCPUS);
	lock = false;
	done = true
}

init
{
	atomic {
		run manager();
		run vcpu(0);
		run vcpu(1);
		run hart(0);
		run hart(1)
	}
}
