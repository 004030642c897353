/* Where an order's units are, and what stock is told of it. */
#include "orders/book.h"

static int64_t *line_count(struct book_line *l, enum unit_at at)
{
	switch (at) {
	case AT_WAITING:
		return &l->waiting;
	case AT_OPEN:
		return &l->open;
	case AT_PICKED:
	case AT_READY:
		return &l->picked;
	case AT_HANDED:
	case AT_SHIPPED:
		return &l->handed;
	default:
		return &l->cancelled;
	}
}

static int64_t *part_count(struct book_part *p, enum unit_at at)
{
	switch (at) {
	case AT_OPEN:
		return &p->open;
	case AT_PICKED:
		return &p->picked;
	case AT_READY:
		return &p->ready;
	case AT_HANDED:
		return &p->handed;
	case AT_SHIPPED:
		return &p->shipped;
	default:
		return NULL; /* waiting and cancelled units are nowhere */
	}
}

/* n units of the line take the way; part: where they are or come to, NULL for those that are nowhere. */
static enum result take_way(struct work *w, struct book_line *l, struct book_part *p, const struct unit_way *way,
                            int64_t n, int64_t hold, struct error *e)
{
	if (p && part_count(p, way->from) && !(MUTANT(MUTANT_PART_STALE) && way->kind == COMMAND_CANCEL) &&
	    !(MUTANT(MUTANT_READY_TWICE) && way->to == AT_READY))
		*part_count(p, way->from) -= n;
	if (p && part_count(p, way->to))
		*part_count(p, way->to) += n;
	*line_count(l, way->from) -= n;
	*line_count(l, way->to) += n;
	if (p)
		p->since = w->act.at;
	if (way->to == AT_CANCELLED)
		w->back[l->line - 1] += n;
	w->handed |= (way->to == AT_HANDED || way->to == AT_SHIPPED) && way->from != AT_SHIPPED;
	w->unit_total += n;
	if (!way->step || (MUTANT(MUTANT_CANCEL_KEEPS) && way->step == STEP_UNCOMMIT) ||
	    (MUTANT(MUTANT_HAND_OVER_STAYS) && way->step == STEP_HAND_OVER))
		return OK;
	struct unit_line u = {
		.sku = l->sku, .location = p->location, .qty = n, .order = w->b.order, .line = l->line, .hold = hold
	};
	return work_step(w, way->step, &u, e);
}

/* Units that wait come to a location. */
static enum result allocate(struct work *w, struct book_line *l, const struct order_unit_in *u,
                            const struct unit_way *way, int64_t *left, struct error *e)
{
	struct book_part *p;
	int64_t free = l->waiting - l->coming, n = *left < free ? *left : free;
	if (!(way->methods >> u->method & 1) || !n)
		return OK;
	TRY(work_part(w, l, u->location, u->method, &p, e));
	*left -= n;
	return take_way(w, l, p, way, n, u->hold, e);
}

/* Units that are at a location (those named, else any) take the way. */
static enum result from_parts(struct work *w, struct book_line *l, const struct order_unit_in *u,
                              const struct unit_way *way, int64_t *left, struct error *e)
{
	for (int i = 0; i < w->b.part_count && *left; i++) {
		struct book_part *p = &w->b.parts[i];
		if (p->line != l->line || (u->location && p->location != u->location) ||
		    (u->method && p->method != u->method) || !(way->methods >> p->method & 1))
			continue;
		int64_t n = *part_count(p, way->from);
		n = n < *left ? n : *left;
		if (!n)
			continue;
		*left -= n;
		TRY(take_way(w, l, p, way, n, 0, e));
	}
	return OK;
}

/* A change sends units from elsewhere: open ones that it needs wait first, those of the last location before others. */
static enum result call_in(struct work *w, struct book_line *l, const struct order_unit_in *u, struct error *e)
{
	int64_t free = l->waiting - l->coming, need = u->from ? u->qty : u->qty - free;
	for (int i = w->b.part_count - 1; i >= 0 && need > 0; i--) {
		struct book_part *p = &w->b.parts[i];
		int64_t n = p->open < need ? p->open : need;
		if (p->line != l->line || !n || (u->from && p->location != u->from) ||
		    (p->location == u->location && p->method == u->method))
			continue;
		need -= n;
		TRY(take_way(w, l, p, unit_way(COMMAND_RELEASE, 0), n, 0, e));
		w->unit_total -= n; /* counted when they are there */
	}
	return OK;
}

static enum result unit_do(struct work *w, enum order_command_kind kind, const struct order_unit_in *u, struct error *e)
{
	struct book_line *l = work_line(w, u->line);
	const struct unit_way *way;
	int64_t left = u->qty;
	if (!l)
		return error_set(e, ERR_INVALID, "unit.line", "units.line", "no such line");
	if (w->c->kind == COMMAND_CHANGE)
		TRY(call_in(w, l, u, e));
	for (int i = 0; left && (way = unit_way(kind, i)); i++) {
		if (way->from != AT_WAITING) {
			TRY(from_parts(w, l, u, way, &left, e));
		} else if (kind == COMMAND_ALLOCATE) {
			TRY(allocate(w, l, u, way, &left, e));
		} else if (!u->location) {
			int64_t n = left < l->waiting ? left : l->waiting;
			left -= n;
			if (n)
				TRY(take_way(w, l, NULL, way, n, 0, e));
			coming_clamp(l);
		}
	}
	if (!left)
		return OK;
	return error_set(e, ERR_CONFLICT, "order.units", "units",
	                 "line %d: %lld of these units are not where %s takes them from", l->line, (long long)left,
	                 order_command_name(kind));
}

/* All that the command can take of what is at its store, or anywhere. */
static enum result units_all(struct work *w, enum order_command_kind kind, struct error *e)
{
	const struct unit_way *way;
	for (int i = 0; i < w->b.part_count; i++) {
		struct book_part *p = &w->b.parts[i];
		if (w->c->store && p->location != w->c->store)
			continue;
		for (int k = 0; (way = unit_way(kind, k)); k++) {
			const int64_t *n = part_count(p, way->from);
			if (n && *n && way->methods >> p->method & 1)
				TRY(take_way(w, work_line(w, p->line), p, way, *n, 0, e));
		}
	}
	if (w->unit_total)
		return OK;
	return error_set(e, ERR_CONFLICT, "order.units", "units", "there are no units to %s%s",
	                 order_command_name(kind) + strlen("order."), w->c->store ? " here" : "");
}

enum result units_do(struct work *w, enum order_command_kind kind, struct error *e)
{
	if (w->c->all)
		return units_all(w, kind, e);
	for (int i = 0; i < w->c->unit_count; i++)
		if (w->c->kind != COMMAND_EXCHANGE || w->c->units[i].line < 0)
			TRY(unit_do(w, kind, &w->c->units[i], e));
	return OK;
}

enum result units_cancel_all(struct work *w, struct error *e)
{
	for (int i = 0; i < w->b.line_count; i++) {
		const struct book_line *l = &w->b.lines[i];
		struct order_unit_in u = { .line = l->line, .qty = l->waiting + l->open + l->picked };
		if (u.qty)
			TRY(unit_do(w, COMMAND_CANCEL, &u, e));
	}
	return OK;
}

/* ---- Returns ---------------------------------------------------------------------------------------------------- */

enum unit_step unit_return_step(enum unit_condition c)
{
	return c == CONDITION_GOOD ? STEP_RETURN_SHELF : c == CONDITION_DAMAGED ? STEP_RETURN_DAMAGED : STEP_RETURN;
}

/* What comes back has arrived before: no more of the line is on its way than the customer may still wait for. */
static void arrived_back(struct work *w, const struct book_line *l)
{
	int64_t left = l->handed - l->returned;
	for (int i = 0; i < w->b.part_count; i++) {
		struct book_part *p = &w->b.parts[i];
		if (p->line != l->line || p->shipped <= left) {
			left -= p->line == l->line ? p->shipped : 0;
			continue;
		}
		p->handed += p->shipped - left;
		p->shipped = left;
		left = 0;
	}
}

static enum result return_unit(struct work *w, const struct order_unit_in *u, struct error *e)
{
	struct book_line *l = work_line(w, u->line);
	struct book_return *t;
	int64_t location = u->location ? u->location : w->c->store;
	if (!l)
		return error_set(e, ERR_INVALID, "unit.line", "units.line", "no such line");
	if (!location)
		return error_set(e, ERR_INVALID, "unit.location", "units.location", "a return is received somewhere");
	if (u->qty > l->handed - l->returned)
		return error_set(e, ERR_CONFLICT, "order.units", "units", "line %d: the customer has only %lld",
		                 l->line, (long long)(l->handed - l->returned));
	TRY(work_return_add(w, &t, e));
	t->line = l->line;
	t->sku = l->sku;
	t->qty = u->qty;
	t->location = location;
	t->condition = u->condition;
	t->uninspected = u->condition == CONDITION_UNKNOWN ? u->qty : 0;
	l->returned += u->qty;
	arrived_back(w, l);
	w->back[l->line - 1] += u->qty;
	w->unit_total += u->qty;
	struct unit_line s = {
		.sku = l->sku, .location = location, .qty = u->qty, .order = w->b.order, .line = l->line
	};
	return work_step(w, unit_return_step(u->condition), &s, e);
}

/* What a line gave is noted by its entries in this return, in slices of their quantity. */
static void note_amounts(struct work *w)
{
	for (int i = 0; i < w->was.line_count; i++) {
		const struct book_line *is = &w->b.lines[i], *was = &w->was.lines[i];
		int64_t net = is->returned_net - was->returned_net, tax = is->returned_tax - was->returned_tax,
		        left = 0;
		for (int j = 0; j < w->b.return_count; j++)
			if (w->b.return_lines[j].n == w->returned && w->b.return_lines[j].line == is->line)
				left += w->b.return_lines[j].qty;
		for (int j = 0; j < w->b.return_count; j++) {
			struct book_return *t = &w->b.return_lines[j];
			if (t->n != w->returned || t->line != is->line)
				continue;
			t->net = net * t->qty / left;
			t->tax = tax * t->qty / left;
			net -= t->net;
			tax -= t->tax;
			left -= t->qty;
		}
	}
}

enum result units_return(struct work *w, struct error *e)
{
	for (int i = 0; i < w->c->unit_count; i++)
		if (w->c->units[i].line > 0)
			TRY(return_unit(w, &w->c->units[i], e));
	if (!w->returned)
		return error_set(e, ERR_INVALID, "order.units", "units", "nothing is brought back");
	TRY(basket_back(w, false, e));
	note_amounts(w);
	for (int i = 0; i < w->was.line_count && MUTANT(MUTANT_RETURN_UNCOUNTED); i++)
		w->b.lines[i].returned = w->was.lines[i].returned;
	return OK;
}

static enum unit_step inspect_step(enum unit_condition c)
{
	return c == CONDITION_GOOD      ? STEP_INSPECT_GOOD
	       : c == CONDITION_DAMAGED ? STEP_INSPECT_DAMAGED
	                                : STEP_INSPECT_SCRAP;
}

enum result units_inspect(struct work *w, struct error *e)
{
	for (int i = 0; i < w->c->unit_count; i++) {
		const struct order_unit_in *u = &w->c->units[i];
		int64_t left = u->qty, location = u->location ? u->location : w->c->store;
		if (u->condition == CONDITION_UNKNOWN)
			return error_set(e, ERR_INVALID, "unit.condition", "units.condition", "what was found?");
		for (int j = 0; j < w->b.return_count && left; j++) {
			struct book_return *t = &w->b.return_lines[j];
			if (t->line != u->line || t->location != location || !t->uninspected)
				continue;
			int64_t n = left < t->uninspected ? left : t->uninspected;
			struct unit_line s = {
				.sku = t->sku, .location = location, .qty = n, .order = w->b.order, .line = t->line
			};
			t->uninspected -= n;
			left -= n;
			w->unit_total += n;
			TRY(work_step(w, inspect_step(u->condition), &s, e));
		}
		if (left)
			return error_set(e, ERR_CONFLICT, "order.units", "units",
			                 "%lld of these are not to be inspected there", (long long)left);
	}
	return OK;
}
