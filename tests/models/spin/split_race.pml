/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The race of splits with one another, with a hart's walk and with a harvest: M3, M5, and the
 * harvest's half of M2 for an entry that becomes a table under it.
 *
 * code: mm/gstage_split.c gstage_split_with gstage_split
 * code: mm/space_fault.c space_fault_slow space_fault_logged space_fault_grant
 * code: mm/space_harvest.c space_harvest_seek space_harvest_protect_huge
 * row: page-table entries
 * row: `table_pool.head`
 *
 * One huge leaf has two pages, and a table two children. vCPU 0 stores to page 0, vCPU 1 to either.
 * A manager harvests page 0, and finds its entry before it takes the bit, as a harvest does whose
 * last span the same entry maps. A hart reads an entry and its child in two steps. Filling a table
 * takes a step for each child, and a table that comes from the pool holds anything.
 */
#define VCPUS  2
#define TABLES 3	/* one for each that may split at once (SPACE_SPLITTERS) */

/* An entry: what a huge leaf or child is, or which table it leads to */
#define ANYTHING 0	/* what a pool's table may hold: no hart may ever read it */
#define INVALID	 1
#define READ	 2
#define WRITE	 3
#define LINK	 4	/* + number of the table */

byte root = READ;
byte child[6];		/* of table t: 2 t and 2 t + 1 */
bool out_of_pool[TABLES];
bool marked[2];
bool tlb[4];		/* of vCPU v, page p: 2 v + p */
bool in[VCPUS];
byte gen, seen[VCPUS];
bool unreported, taken;	/* of page 0 */
byte ended;

#define SAFE (!unreported || marked[0] || taken)

inline serve(me)
{
	if
	:: seen[me] != gen ->
		g = gen;
		tlb[2 * me] = false;
		tlb[2 * me + 1] = false;
		seen[me] = g
	:: else
	fi
}

/* A walk, of a hart or of space_fault(): what, and where (6: the root) */
inline walk(page)
{
	what = root;
	where = 6;
	if
	:: what >= LINK ->
		where = (what - LINK) * 2 + page;
		what = child[where];
		assert(what == READ || what == WRITE)	/* M3: whole before it is linked */
	:: else ->
		assert(what != INVALID)			/* M3: no break before make */
	fi
}

inline split()
{
	atomic {
		t = 0;
		do
		:: out_of_pool[t] -> t++
		:: else -> break
		od;
		assert(t < TABLES);			/* M5 */
		out_of_pool[t] = true
	}
#ifdef LINK_FIRST
	if
	:: atomic { root == what -> root = LINK + t }
		child[2 * t] = what;
		child[2 * t + 1] = what
	:: root != what -> out_of_pool[t] = false
	fi
#else
	child[2 * t] = what;
	child[2 * t + 1] = what;
#ifdef BREAK_FIRST
	root = INVALID;
	root = LINK + t
#else
#ifdef NO_COMPARE
	root = LINK + t
#else
	if
	:: atomic { root == what -> root = LINK + t }
	:: root != what ->
#ifdef LOSER_KEEPS
		skip
#else
		/* Nobody has seen it: it goes back, whatever it holds. */
		child[2 * t] = ANYTHING;
		child[2 * t + 1] = ANYTHING;
		out_of_pool[t] = false
#endif
	fi
#endif
#endif
#endif
}

inline grant(page)
{
	marked[page] = true;					/* S1 */
	if
	:: atomic { child[where] == READ -> child[where] = WRITE }	/* S2 */
		marked[page] = true				/* S3 */
	:: child[where] != READ
	fi
}

proctype vcpu(byte me; byte page)
{
	byte g, t, what, where;

	in[me] = true;
	serve(me);
	do
	:: atomic {
		tlb[2 * me + page] ->
		if
		:: page == 0 -> unreported = true
		:: else
		fi;
		assert(SAFE)
	   }
	   break
	:: !tlb[2 * me + page] ->
		walk(page);
		if
		:: what == WRITE -> tlb[2 * me + page] = true
		:: what == READ && where == 6 -> split()
		:: what == READ && where < 6 -> grant(page)
		fi
	:: seen[me] != gen -> serve(me)
	od;
	in[me] = false;
	ended++
}

/* H2: take W where the walk has led to, and look again where that has become a table. */
inline protect()
{
	do
	:: where < 6 ->
		child[where] = READ;
		break
	:: where == 6 ->
		atomic {
			what = root;
			if
			:: what == WRITE -> root = READ
			:: else
			fi
		}
#ifdef NO_SECOND_LOOK
		break
#else
		if
		:: what < LINK -> break
		:: what >= LINK -> walk(0)
		fi
#endif
	od
}

inline harvest()
{
	walk(0);
	if
	:: marked[0] ->
		atomic { marked[0] = false; taken = true };	/* H1 */
		protect();					/* H2 */
		gen++;						/* H3 */
		!in[0] || seen[0] == gen;
		!in[1] || seen[1] == gen;
		atomic { taken = false; unreported = false }	/* H4 */
	:: !marked[0]
	fi
}

proctype manager()
{
	byte what, where, i, tables;

	harvest();
	ended == VCPUS;
	/* The tables that are out of the pool are those that the root leads to. */
	for (i : 0 .. TABLES - 1) {
		tables = tables + (out_of_pool[i] -> 1 : 0)
	}
	assert(tables == 1 && root >= LINK && out_of_pool[root - LINK]);
	harvest();
	assert(!unreported)
}

init
{
	byte other;

	if
	:: other = 0
	:: other = 1
	fi;
	atomic {
		run manager();
		run vcpu(0, 0);
		run vcpu(1, other)
	}
}
