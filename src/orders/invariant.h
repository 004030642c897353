/* The nine invariants of DESIGN.md, as far as one order shows them: pure, over what was read of it. (1), (2) and the
 * replay of (6) are ledger/'s, for the order's money and for each SKU's units; (7) shows in no snapshot but that events
 * are numbered without a gap, and is tested by replaying. */
#ifndef BYNAME_ORDERS_INVARIANT_H
#define BYNAME_ORDERS_INVARIANT_H

#include "orders/command.h"

/* What an order's moves of units come to, line by line. */
struct line_units {
	const struct ledger_balance *nets;
	int count;
};
/* number: of the invariant; line: 0 when it is the order's. */
typedef void invariant_fn(void *arg, int number, int line, const char *what);

/* units: one for each line of the book. */
void order_invariants(const struct order_book *b, const struct line_units *units, invariant_fn *broken, void *arg);

#endif
