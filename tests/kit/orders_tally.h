/* What random commands on orders came to, counted: every transition with every outcome that it can have. */
#ifndef BYNAME_TESTS_ORDERS_TALLY_H
#define BYNAME_TESTS_ORDERS_TALLY_H

#include "kit/orders_kit.h"
#include "orders/book.h"

enum sim_outcome { SIM_DONE, SIM_REPLAYED, SIM_REFUSED, SIM_INVALID, SIM_CRASHED, SIM_OUTCOMES };

/* Numbers only: kept and added as such. State 0: no such order, or not yet. */
struct sim_stats {
	int64_t order[BOOK_STATES][COMMANDS][SIM_OUTCOMES]; /* by the state that the order was in */
	int64_t turn[BOOK_STATES][BOOK_STATES];             /* done commands, by the states before and after */
	int64_t way[COMMANDS][AT_COUNT][AT_COUNT];          /* done commands that brought units from here to there */
	int64_t stock[STOCK_KINDS][SIM_OUTCOMES];
	int64_t reported[SIM_OUTCOMES], returned, parked, unmatched;
	int64_t swept, mismatched, steps;
};
#define SIM_NUMBERS (sizeof(struct sim_stats) / sizeof(int64_t))

static inline void tally_add(struct sim_stats *sum, const struct sim_stats *s)
{
	int64_t *to = (int64_t *)sum;
	const int64_t *from = (const int64_t *)s;

	for (size_t i = 0; i < SIM_NUMBERS; i++)
		to[i] += from[i];
}

/* ---- Units ------------------------------------------------------------------------------------------------------ */

/* How many units of an order are where. */
static inline void tally_units(const struct order_book *b, int64_t at[AT_COUNT])
{
	memset(at, 0, AT_COUNT * sizeof(*at));
	for (int i = 0; i < b->line_count; i++) {
		at[AT_WAITING] += b->lines[i].waiting;
		at[AT_CANCELLED] += b->lines[i].cancelled;
	}
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		at[AT_OPEN] += p->open;
		at[AT_PICKED] += p->picked;
		at[AT_READY] += p->ready;
		at[AT_HANDED] += p->handed;
		at[AT_SHIPPED] += p->shipped;
	}
}

/* Where there are fewer, they came from; where there are more, they went. */
static inline void tally_ways(struct sim_stats *s, enum order_command_kind k, const int64_t was[AT_COUNT],
                              const int64_t is[AT_COUNT])
{
	const struct unit_way *w;

	for (int i = 0; (w = unit_way(k, i)); i++)
		s->way[k][w->from][w->to] += is[w->from] < was[w->from] && is[w->to] > was[w->to];
}

/* ---- What can be ------------------------------------------------------------------------------------------------ */

static inline bool tally_allowed(int state, int k)
{
	return state ? book_allows((enum book_state)state, (enum order_command_kind)k)
	             : k == COMMAND_QUOTE || k == COMMAND_PLACE;
}

/* A draft is cancelled as a whole, and nothing stands in the way of that. Of a closed order nothing is to be inspected:
 * that stands in the way of closing it, and what comes back later opens it again. */
static inline bool tally_possible(int state, int k, int outcome)
{
	switch (outcome) {
	case SIM_DONE:
	case SIM_REPLAYED:
		return tally_allowed(state, k) && (state != BOOK_CLOSED || k != COMMAND_INSPECT);
	case SIM_REFUSED:
		return state != BOOK_DRAFT || k != COMMAND_CANCEL;
	default:
		return true;
	}
}

/* Whether some command's result turns an order of this state into that one. Inspecting, asking for a transfer and a
 * parcel's arrival turn nothing. */
static inline bool tally_turns(int state, int next)
{
	if (state && state == next &&
	    (tally_possible(state, COMMAND_INSPECT, SIM_DONE) || tally_possible(state, COMMAND_TRANSFER, SIM_DONE) ||
	     tally_possible(state, COMMAND_DELIVER, SIM_DONE)))
		return true;
	for (int t = 1; t < TURNS; t++)
		if (book_next((enum book_state)state, (enum book_turn)t) == (enum book_state)next)
			return true;
	return false;
}

/* ---- Telling ---------------------------------------------------------------------------------------------------- */

struct tally_gap {
	int64_t least; /* of each that can be */
	int rare;      /* how many are fewer */
	int never;     /* how many happened that cannot be */
};

static inline void tally_judge(struct tally_gap *g, bool possible, int64_t n, const char *a, const char *b,
                               const char *c)
{
	if (possible ? n >= g->least : !n)
		return;
	*(possible ? &g->rare : &g->never) += 1;
	print_message("%s: %s %s %s %lld\n", possible ? "rare" : "cannot be", a, b, c, (long long)n);
}

static inline void tally_orders(const struct sim_stats *s, struct tally_gap *g)
{
	static const char *const outcomes[SIM_OUTCOMES] = { "done", "replayed", "refused", "invalid", "crashed" };

	print_message("%-10s %-20s %10s %10s %10s %10s %10s\n", "order is", "command", outcomes[0], outcomes[1],
	              outcomes[2], outcomes[3], outcomes[4]);
	for (int st = 0; st < BOOK_STATES; st++)
		for (int k = 1; k < COMMANDS; k++) {
			const int64_t *n = s->order[st][k];
			print_message("%-10s %-20s %10lld %10lld %10lld %10lld %10lld\n",
			              st ? book_state_name((enum book_state)st) : "-",
			              order_command_name((enum order_command_kind)k), (long long)n[0], (long long)n[1],
			              (long long)n[2], (long long)n[3], (long long)n[4]);
		}
	for (int st = 0; st < BOOK_STATES; st++)
		for (int k = 1; k < COMMANDS; k++)
			for (int o = 0; o < SIM_OUTCOMES; o++)
				tally_judge(g, tally_possible(st, k, o), s->order[st][k][o],
				            st ? book_state_name((enum book_state)st) : "-",
				            order_command_name((enum order_command_kind)k), outcomes[o]);
}

static inline void tally_ways_told(const struct sim_stats *s, struct tally_gap *g)
{
	const struct unit_way *w;

	for (int st = 0; st < BOOK_STATES; st++)
		for (int next = 1; next < BOOK_STATES; next++) {
			const char *from = st ? book_state_name((enum book_state)st) : "-",
			           *to = book_state_name((enum book_state)next);
			if (s->turn[st][next])
				print_message("%-10s becomes %-12s %10lld\n", from, to, (long long)s->turn[st][next]);
			tally_judge(g, tally_turns(st, next), s->turn[st][next], from, "becomes", to);
		}
	for (int k = 1; k < COMMANDS; k++)
		for (int i = 0; (w = unit_way((enum order_command_kind)k, i)); i++) {
			int64_t n = s->way[k][w->from][w->to];
			print_message("%-20s %-8s to %-10s %10lld\n", order_command_name(w->kind),
			              unit_at_name(w->from), unit_at_name(w->to), (long long)n);
			tally_judge(g, true, n, order_command_name(w->kind), unit_at_name(w->from),
			            unit_at_name(w->to));
		}
}

/* What clients side by side came to: which state the order was in when a command reached it nobody knows. */
static inline void tally_crowd(const struct sim_stats *s)
{
	print_message("%lld steps of clients side by side\n", (long long)s->steps);
	for (int k = 1; k < COMMANDS && s->steps; k++) {
		int64_t n[SIM_OUTCOMES] = { 0 };
		for (int st = 0; st < BOOK_STATES; st++)
			for (int o = 0; o < SIM_OUTCOMES; o++)
				n[o] += s->order[st][k][o];
		print_message("%-31s %10lld %10lld %10lld %10lld %10lld\n",
		              order_command_name((enum order_command_kind)k), (long long)n[0], (long long)n[1],
		              (long long)n[2], (long long)n[3], (long long)n[4]);
	}
}

/* Prints all of it. */
static inline void tally_tell(const struct sim_stats *s, struct tally_gap *g)
{
	print_message("%lld steps\n", (long long)s->steps);
	tally_orders(s, g);
	tally_ways_told(s, g);
	for (int k = 1; k < STOCK_KINDS; k++) {
		const int64_t *n = s->stock[k];
		if (n[SIM_DONE] + n[SIM_REFUSED] + n[SIM_INVALID])
			print_message("%-31s %10lld %10s %10lld %10lld %10lld\n", stock_kind_name((enum stock_kind)k),
			              (long long)n[SIM_DONE], "", (long long)n[SIM_REFUSED], (long long)n[SIM_INVALID],
			              (long long)n[SIM_CRASHED]);
	}
	print_message("reported returns: %lld, crashed %lld; units: %lld of orders, %lld parked; unmatched %lld\n",
	              (long long)s->reported[SIM_DONE], (long long)s->reported[SIM_CRASHED], (long long)s->returned,
	              (long long)s->parked, (long long)s->unmatched);
	print_message("%lld holds lapsed; %lld keys came again with another command\n", (long long)s->swept,
	              (long long)s->mismatched);
}

#endif
