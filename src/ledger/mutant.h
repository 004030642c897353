/* Deliberate faults, for the test that shows the checker can fail. Only in debug builds; 0 is none. */
#ifndef BYNAME_LEDGER_MUTANT_H
#define BYNAME_LEDGER_MUTANT_H

enum mutant {
	MUTANT_NONE,
	/* ledger/ */
	MUTANT_NO_GUARD,    /* internal accounts are not guarded */
	MUTANT_NO_TO_SIDE,  /* a move is not added where it goes */
	MUTANT_NO_APPEND,   /* balances change, the move is not written */
	MUTANT_TWICE,       /* the move is written twice */
	MUTANT_REPLAY_RUNS, /* a replayed key is taken for a new one */
	/* stock/ */
	MUTANT_HOLD_KEEPS,    /* a consumed hold keeps its units */
	MUTANT_HOLD_TWICE,    /* a hold is consumed without asking its state */
	MUTANT_EXPIRE_LOSES,  /* an expired hold gives nothing back */
	MUTANT_RETURN_PLACE,  /* a return is booked where nobody received it */
	MUTANT_TRANSFER_OVER, /* an overage is not booked */
	MUTANT_COUNT_STALE,   /* a count forgets what moved since */
	MUTANT_NO_TASK,       /* what was not there is not counted */
	MUTANT_WAIT_SKIPS,    /* whoever wants less is served first */
	MUTANT_STOCK_END,
	/* orders/ begin at 100 */
	MUTANT_ORDERS = 100
};

#ifdef NDEBUG
#define MUTANT(n) false
#else
extern enum mutant mutant_on; /* set by tests, before their threads start */
#define MUTANT(n) (mutant_on == (n))
#endif

#endif
