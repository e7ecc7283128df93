/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mark and grant against start and harvest, for one page of a logged region: M1, M2, and no store
 * is lost.
 *
 * code: mm/space_fault.c space_fault_grant space_fault_restore
 * code: mm/space_harvest.c space_harvest_take_span space_harvest_end
 * code: mm/space_log.c space_log_start_begin space_log_start_protect
 * code: mm/dirty.h dirty_mark dirty_summary_take
 * row: bits and summary of a dirty log
 * row: `region.log.active`
 *
 * Two vCPUs store to the page. A manager starts the log, harvests the page, or another part of its
 * span, and harvests once more when the vCPUs have ended. A hart may keep the W that its walk has
 * read until it fences. A page-table entry is one bit here, W, as no other changes. Order between
 * harts is the business of tests/models/litmus: here everybody sees each step at once.
 */
#define VCPUS	 2
#define STORES	 2
#define HARVESTS 2

bool bit_set, summary;	/* of the page; of its span */
bool logged;		/* region.log.active */
bool w;			/* W in the page's entry; without, where a log has stopped before */
bool tlb[VCPUS];	/* the hart holds an entry with W */
bool in[VCPUS];
byte gen, seen[VCPUS];
bool on;		/* the last call of the start has returned */
bool taken;		/* a harvest has the bit, and has not answered */
bool unreported;	/* the page has changed since it was copied last */
byte ended;

/* M1: true at every instant. */
#define SAFE (!on || !unreported || bit_set || taken)

inline mark()
{
#ifdef SUMMARY_FIRST
	summary = true;
	bit_set = true;
#else
	bit_set = true;
	summary = true;
#endif
}

inline serve(me)
{
	if
	:: seen[me] != gen ->
		g = gen;
		tlb[me] = false;
		seen[me] = g
	:: else
	fi
}

/* space_fault(): the walk has read an entry without W. */
inline fault(me)
{
	if
	:: logged ->
#ifndef GRANT_FIRST
		mark();				/* S1 */
#endif
		if
		:: atomic { !w -> w = true }	/* S2 */
#ifdef GRANT_FIRST
			mark();
#endif
#ifndef NO_SECOND_MARK
			if			/* S3 */
			:: !bit_set -> mark()
			:: else
			fi
#endif
		:: w				/* lost: look again */
		fi
	:: !logged ->				/* not logged when it looked */
		w = true;
#ifndef NO_LOOK_AGAIN
		if
		:: logged -> mark()
		:: else
		fi
#endif
	fi
}

proctype vcpu(byte me)
{
	byte g, n;

	do
	:: n == STORES -> break
	:: n < STORES ->
		in[me] = true;
		serve(me);
		do
		:: atomic {
			tlb[me] -> unreported = true;
			assert(SAFE)
		   }
		   break
		:: !tlb[me] ->
			if
			:: w -> tlb[me] = true
			:: else -> fault(me)
			fi
		:: seen[me] != gen -> serve(me)
		od;
		in[me] = false;
		n++
	od;
	ended++
}

inline flush()
{
	gen++;
#ifndef NO_WAIT
	for (i : 0 .. VCPUS - 1) {
		!in[i] || seen[i] == gen
	}
#endif
}

/* Harvest the page's words, or those of another part of its span. */
inline harvest(mine)
{
	if
	:: summary ->
#ifndef WORDS_FIRST
		summary = false;
#endif
		if
		:: mine && bit_set ->
			atomic { bit_set = false; taken = true };	/* H1 */
#ifndef NO_PROTECT
			w = false;					/* H2 */
#endif
#ifndef UNCHANGED_UNFLUSHED
			flush();					/* H3 */
#endif
			/* H4, and the copy that the caller makes after the answer */
			atomic { taken = false; unreported = false }
		:: mine && !bit_set
#ifndef SUMMARY_FORGOTTEN
		:: !mine && bit_set -> summary = true
		:: !mine && !bit_set
#else
		:: !mine
#endif
		fi
#ifdef WORDS_FIRST
		;
		summary = false
#endif
	:: else
	fi
}

proctype manager()
{
	byte i, n;
	bool own;

	logged = true;
	w = false;
	flush();
	/* The first pass of a migration copies all of the memory. */
	atomic { on = true; unreported = false };
	do
	:: n < HARVESTS ->
		if
		:: own = true
		:: own = false
		fi;
		harvest(own);
		n++
	:: n == HARVESTS -> break
	od;
	ended == VCPUS;
	harvest(true);
	assert(!unreported)
}

active proctype monitor()
{
	assert(SAFE)
}

init
{
	if
	:: w = true
	:: w = false
	fi;
	atomic {
		run manager();
		run vcpu(0);
		run vcpu(1)
	}
}
