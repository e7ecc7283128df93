/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop and collapse against walkers: M4, and no mark comes to a bitmap that was wiped.
 *
 * code: mm/space_log.c space_log_deactivate space_log_stop_wipe space_log_stop_collapse
 * code: mm/gstage_split.c gstage_collapse gstage_collect_free
 * code: mm/space_fault.c space_fault_slow space_fault_restore
 * code: core/run/shootdown.c flush_remote shootdown_gstage
 * row: page-table entries
 * row: `region.log.active`
 *
 * A table of two children maps a block, and a log of it is on. Two vCPUs store to the block, one
 * page each: as harts, which walk in two steps and may keep the pointer to the table as well as the
 * leaf, and in their faults, whose walk takes two steps too. A manager stops the log: no marks, a
 * flush, the bitmap wiped, the table unlinked, a flush, the table freed. What is free is filled
 * with something else at once. A ranged fence takes leaves away and leaves pointers (privileged
 * specification, HFENCE.GVMA with rs1 not x0).
 */
#define VCPUS  2
#define STORES 2

#define TABLE	2	/* of root: it leads to the table */
#define READ	0	/* of root and of children */
#define WRITE	1
#define ANYTHING 3	/* the table is free and somebody else's */

byte root = TABLE;
byte child[VCPUS];	/* READ, WRITE or ANYTHING */
bool logged = true;
bool marked;		/* a bit of the bitmap */
bool tlb[VCPUS];	/* the hart holds its page's leaf, with W */
bool pointer[VCPUS];	/* the hart holds the root's entry that leads to the table */
bool in[VCPUS];
byte gen, seen[VCPUS];
bool all;		/* the batch of the last flush is "all" */

/* An acknowledgement: fence, then say so. */
inline serve(me)
{
	if
	:: seen[me] != gen ->
		g = gen;
		tlb[me] = false;
		if
		:: all -> pointer[me] = false
		:: else
		fi;
		seen[me] = g
	:: else
	fi
}

/* The hart's own walk */
inline hart_walks(me)
{
	if
	:: pointer[me] -> what = TABLE
	:: !pointer[me] ->
		what = root;
		if
		:: what == TABLE -> pointer[me] = true
		:: what == TABLE	/* a hart need not keep it */
		:: what != TABLE
		fi
	fi;
	if
	:: what == TABLE ->
		what = child[me];
		assert(what != ANYTHING)
	:: else
	fi;
	if
	:: what == WRITE -> tlb[me] = true
	:: else
	fi
}

/* space_fault(): it walks, and then changes the entry that it has found. */
inline fault(me)
{
	logging = logged;
	what = root;
#ifdef ANSWER_IN_WALK
	serve(me);
#endif
	if
	:: logging -> marked = true
	:: else
	fi;
	if
	:: what == TABLE ->
		atomic {
			assert(child[me] != ANYTHING);
			child[me] = WRITE
		}
	:: what == READ ->
		atomic {
			if
			:: root == READ -> root = WRITE
			:: else
			fi
		}
	:: what == WRITE
	fi
}

proctype vcpu(byte me)
{
	byte g, what, n;
	bool logging;

	do
	:: n == STORES -> break
	:: n < STORES ->
		in[me] = true;
		serve(me);
		do
		:: tlb[me] -> break
		:: !tlb[me] ->
			hart_walks(me);
			if
			:: what == READ -> fault(me)
			:: else
			fi
		:: seen[me] != gen -> serve(me)
		od;
		in[me] = false;
		n++
	od
}

inline flush(tables)
{
	all = tables;
	gen++;
	for (i : 0 .. VCPUS - 1) {
		!in[i] || seen[i] == gen
	}
}

proctype manager()
{
	byte i;

	logged = false;
#ifndef NO_WAIT
	flush(false);
#endif
	marked = false;		/* the wipe */
	/* Alike, where W may lack: two reads, at any distance. */
	child[0] != ANYTHING;
	child[1] != ANYTHING;
	root = WRITE;		/* the unlinking exchange */
#ifdef FREE_FIRST
	child[0] = ANYTHING;
	child[1] = ANYTHING;
#endif
#ifdef RANGED
	flush(false);
#else
	flush(true);
#endif
	child[0] = ANYTHING;	/* freed, and used by somebody else */
	child[1] = ANYTHING;
	assert(!marked)
}

active proctype monitor()
{
	/* Nothing takes W from the block any more. */
	(root != TABLE) -> assert(root == WRITE)
}

init
{
	/* The log may have taken W from either page. */
	if
	:: child[0] = WRITE
	:: skip
	fi;
	atomic {
		run manager();
		run vcpu(0);
		run vcpu(1)
	}
}
