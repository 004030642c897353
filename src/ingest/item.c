#include "ingest/room.h"
#include "insight/insight.h"

#define TITLE_ITEMS_MAX 64
#define FEWER 4 /* a batch for which there was no time is tried again in parts this much smaller */

void item_dead(struct item *it, const struct error *why)
{
	it->way = ITEM_DEAD;
	it->why = *why;
}

/* ---- Who -------------------------------------------------------------------------------------------------------- */

static enum result put_person(struct db_tx *tx, const struct record_in *in, int64_t *record, struct ingest_counts *c,
                              struct error *e)
{
	int64_t customer, before;
	bool found, changed;
	TRY(record_find(tx, in->source, in->source_key, &before, NULL, &found, e));
	TRY(record_put(tx, in, record, &customer, &changed, NULL, e));
	c->records_new += !found;
	return OK;
}

/* What a batch found out for all its items at once, before the first is written. */
struct known {
	bool asked, fresh; /* of the claim */
	int64_t record;    /* 0: not known then */
};

static enum result need_person(struct db_tx *tx, const struct item *it, const struct known *known, int64_t *record,
                               struct ingest_counts *c, struct error *e)
{
	bool found;
	*record = known->record;
	if (!it->person || *record)
		return OK;
	if (it->told)
		return put_person(tx, it->person, record, c, e);
	TRY(record_find(tx, it->person->source, it->person->source_key, record, NULL, &found, e));
	return found ? OK : put_person(tx, it->person, record, c, e);
}

/* *known: the previous key is one of the source's people. The source itself says that two of its keys are one person (a
 * lost card, a new account): the same number, vouched for, on both records; the policy of people/ decides. */
static enum result tie_previous(struct db_tx *tx, const struct item *it, bool *known, struct ingest_counts *c,
                                struct error *e)
{
	int64_t record;
	TRY(record_find(tx, it->source, it->previous, &record, NULL, known, e));
	if (!*known)
		return OK;
	struct arena *a = db_tx_arena(tx);
	struct str number = str_c(arena_printf(a, "%.*s:%.*s", STR_ARG(it->source), STR_ARG(it->previous)));
	struct record_in *both = arena_array(a, 2, sizeof(*both));
	if (!number.p || !both)
		return error_nomem(e);
	struct str keys[2] = { it->previous, it->person->source_key };
	for (int i = 0; i < 2; i++) {
		both[i] = (struct record_in){ .source = it->source, .source_key = keys[i], .at = it->at };
		both[i].identifiers[0] =
		        (struct identifier_in){ .kind = IDENT_EXTERNAL, .value = number, .verified = true };
		both[i].identifier_count = 1;
		TRY(put_person(tx, &both[i], &record, c, e));
	}
	return OK;
}

static enum result tell_person(struct db_tx *tx, const struct item *it, int64_t record, struct ingest_counts *c,
                               struct error *e)
{
	bool tied, known = false;
	int64_t id;
	if (it->previous.n)
		TRY(tie_previous(tx, it, &known, c, e));
	if (it->device.n && !known)
		TRY(record_tie_device(tx, it->source, it->device, record, &tied, e));
	if (it->household.n)
		TRY(household_join(tx, it->source, it->household, record, &id, e));
	for (int i = 0; i < it->consent_count; i++)
		TRY(consent_put(tx, record, it->consents[i].channel, it->consents[i].purpose, it->consents[i].state,
		                it->at, e));
	for (int i = 0; i < it->fact_count; i++) {
		struct fact_in f = { .record = record,
			             .kind = it->facts[i].kind,
			             .value = it->facts[i].value,
			             .provenance = FACT_TOLD,
			             .sayable = it->facts[i].sayable,
			             .at = it->at };
		TRY(fact_tell(tx, &f, &id, e));
	}
	return OK;
}

/* ---- Orders ----------------------------------------------------------------------------------------------------- */

/* A refund that names no lines gives back what the sale holds; where the sale is unknown, its total as one line. */
static enum result refund_lines(struct db_tx *tx, struct order_in *in, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct order found[8];
	int n;
	struct str number = in->lines[0].original_number;
	TRY(order_by_number(tx, number, 8, a, found, &n, e));
	for (int i = 0; i < n; i++) {
		if (found[i].kind != ORDER_SALE || !str_is(in->source, found[i].source) ||
		    !str_is(number, found[i].number))
			continue;
		struct order sale;
		TRY(order_get(tx, found[i].id, a, &sale, e));
		struct order_line_in *l = arena_array(a, (size_t)sale.line_count + 1, sizeof(*l));
		if (!l)
			return error_nomem(e);
		for (int k = 0; k < sale.line_count; k++) {
			const struct order_line *s = &sale.lines[k];
			l[k] = (struct order_line_in){ .sku = s->sku,
				                       .title = str_c(s->title),
				                       .qty = s->qty,
				                       .unit_price = s->unit_price,
				                       .discount = money_of_minor(sale.currency, s->discount_minor),
				                       .tax = money_of_minor(sale.currency, s->tax_minor),
				                       .has_list_price = s->has_list_price,
				                       .list_price = s->list_price,
				                       .original_number = number,
				                       .original_line_key = str_c(s->line_key) };
		}
		in->lines = l;
		in->line_count = sale.line_count;
		in->currency = sale.currency;
		in->discount = in->tax = in->shipping = money_none();
		if (!in->record)
			in->record = sale.record;
		return OK;
	}
	if (!in->currency)
		return error_set(e, ERR_INVALID, "refund.unknown_order", "properties.order_id",
		                 "a refund without products of an order that has not been reported");
	return OK;
}

static enum result look_up(struct db_tx *tx, const struct item_order *o, int64_t record, int64_t store,
                           int64_t associate, struct order_in *in, struct order_line_in **lines, struct error *e)
{
	*in = o->in;
	in->record = record;
	in->store = store;
	in->associate = associate;
	struct order_line_in *l = arena_array(db_tx_arena(tx), (size_t)in->line_count + 1, sizeof(*l));
	if (!l)
		return error_nomem(e);
	for (int i = 0; i < in->line_count; i++) {
		l[i] = o->lines[i];
		TRY(sku_need(tx, o->sku_codes[i], o->hints ? o->hints[i] : NULL, &l[i].sku, e));
	}
	in->lines = *lines = l;
	return o->whole_refund ? refund_lines(tx, in, e) : OK;
}

static enum result take_order(struct db_tx *tx, const struct item_order *o, int64_t job, struct order_in *in,
                              struct order_line_in *lines, struct order_outcome *out, struct error *e)
{
	if (!o->in_parts || !job)
		return order_report(tx, in, out, e);
	struct part p;
	in->more_lines = true;
	TRY(part_begin(tx, job, in, lines, &p, e));
	in->partial = !p.first;
	TRY(order_report(tx, in, out, e));
	return part_end(tx, job, &p, out->order, out->absent > 0, o->incomplete, e);
}

static void count_order(const struct order_outcome *out, struct ingest_counts *c)
{
	c->orders_new += out->what == ORDER_NEW;
	c->orders_changed += out->what == ORDER_CHANGED;
	c->orders_same += out->what == ORDER_SAME;
}

/* ---- All of it -------------------------------------------------------------------------------------------------- */

static enum result put_shop(struct db_tx *tx, const struct item *it, struct error *e)
{
	int64_t id;
	bool changed;
	if (it->put_store)
		TRY(store_put(tx, it->put_store, &id, &changed, e));
	if (it->put_associate) {
		struct associate in = *it->put_associate;
		TRY(store_need(tx, it->associate_store, &in.store, e));
		TRY(associate_put(tx, &in, &id, &changed, e));
	}
	if (it->put_sku)
		TRY(sku_put(tx, it->put_sku, &id, &changed, e));
	if (it->put_rate)
		TRY(rate_put(tx, it->put_rate->currency, it->put_rate->day, it->put_rate->per_usd, e));
	return OK;
}

/* Equal lines of a file without an id are counted first: one by one. */
static bool is_counted(const struct item *it, int64_t job)
{
	return it->id_made && job;
}

static enum result claim(struct db_tx *tx, const struct item *it, int64_t job, const struct known *known, bool *fresh,
                         struct error *e)
{
	*fresh = !known->asked || known->fresh;
	if (!it->message_id.n || known->asked)
		return OK;
	if (!is_counted(it, job))
		return inbox_claim(tx, it->source, it->message_id, fresh, e);
	int64_t n;
	TRY(occurrence_next(tx, job, it->message_id, &n, e));
	char *id = arena_printf(db_tx_arena(tx), "%.*s.%lld", STR_ARG(it->message_id), (long long)n);
	return id ? inbox_claim(tx, it->source, str_c(id), fresh, e) : error_nomem(e);
}

static enum result take_orders(struct db_tx *tx, const struct item *it, int64_t job, int64_t record, int64_t store,
                               int64_t associate, int64_t *ref, bool *any_new, struct ingest_counts *c, struct error *e)
{
	for (int i = 0; i < it->order_count; i++) {
		struct order_in in;
		struct order_line_in *lines = NULL;
		struct order_outcome out;
		TRY(look_up(tx, &it->orders[i], record, store, associate, &in, &lines, e));
		TRY(take_order(tx, &it->orders[i], job, &in, lines, &out, e));
		count_order(&out, c);
		if (i == 0)
			*ref = out.order;
		*any_new |= out.what == ORDER_NEW;
	}
	return OK;
}

/* What a batch does at its end, for all its items together. */
struct gathered {
	struct stock_say *says;
	int say_count;
};

static enum result put_shelf(struct db_tx *tx, const struct item *it, struct gathered *g, struct error *e)
{
	struct stock_say say;
	if (it->put_price)
		TRY(price_put(tx, it->put_price, e));
	if (!it->put_stock)
		return OK;
	TRY(shelf_find(tx, it->put_stock, &say, e));
	if (!g)
		return stock_says(tx, &say, 1, e);
	g->says[g->say_count++] = say;
	return OK;
}

static enum result apply(struct db_tx *tx, const struct item *it, int64_t job, const struct known *known,
                         struct gathered *g, struct ingest_counts *counts, struct error *e)
{
	struct ingest_counts c = { 0 };
	int64_t record, store = 0, associate = 0, ref = 0, id;
	bool fresh, any_new = false;
	TRY(claim(tx, it, job, known, &fresh, e));
	if (!fresh) {
		counts->duplicates++;
		return OK;
	}
	TRY(put_shop(tx, it, e));
	TRY(put_shelf(tx, it, g, e));
	TRY(need_person(tx, it, known, &record, &c, e));
	if (record)
		TRY(tell_person(tx, it, record, &c, e));
	TRY(store_need(tx, it->store, &store, e));
	TRY(associate_need(tx, it->associate, store, &associate, e));
	TRY(take_orders(tx, it, job, record, store, associate, &ref, &any_new, &c, e));
	if (it->has_touch && record && (!it->touch_if_new || any_new)) {
		struct touchpoint_in t = it->touch;
		t.record = record;
		t.store = store;
		t.associate = associate;
		t.ref = ref;
		TRY(touchpoint_append(tx, &t, &id, e));
	}
	counts->taken += it->lines;
	counts->orders_new += c.orders_new;
	counts->orders_changed += c.orders_changed;
	counts->orders_same += c.orders_same;
	counts->records_new += c.records_new;
	return OK;
}

enum result item_apply(struct db_tx *tx, const struct item *it, int64_t job, struct ingest_counts *counts,
                       struct error *e)
{
	static const struct known nothing;
	return apply(tx, it, job, &nothing, NULL, counts, e);
}

/* ---- Batches ---------------------------------------------------------------------------------------------------- */

struct batch_run {
	struct item_batch *b;
	int from, to;
	struct ingest_counts counts;
	int failed;
	struct error why;
};

/* A fault of the message, not of the machine. */
static bool is_fault(enum result r)
{
	return r == ERR_INVALID || r == ERR_NOT_FOUND || r == ERR_CONFLICT || r == ERR_TOO_LARGE || r == ERR_MISMATCH ||
	       r == ERR_LIMIT || r == ERR_FORBIDDEN;
}

/* Claims and finds for the whole batch: on PostgreSQL two round trips instead of two for each item. */
static enum result batch_ask(struct db_tx *tx, const struct batch_run *run, struct known *known, struct error *e)
{
	const struct item_batch *b = run->b;
	struct arena *a = db_tx_arena(tx);
	size_t most = (size_t)(run->to - run->from) + 1;
	struct inbox_message *m = arena_array(a, most, sizeof(*m));
	struct record_key *k = arena_array(a, most, sizeof(*k));
	int *of_m = arena_array(a, most, sizeof(*of_m)), *of_k = arena_array(a, most, sizeof(*of_k));
	int claims = 0, keys = 0;
	if (!m || !k || !of_m || !of_k)
		return error_nomem(e);
	for (int i = run->from; i < run->to; i++) {
		const struct item *it = &b->items[i];
		if (it->way != ITEM_TAKE)
			continue;
		if (it->message_id.n && !is_counted(it, b->job)) {
			of_m[claims] = i - run->from;
			m[claims++] = (struct inbox_message){ .source = it->source, .id = it->message_id };
		}
		if (it->person && !it->told) {
			of_k[keys] = i - run->from;
			k[keys++] = (struct record_key){ .source = it->person->source,
				                         .source_key = it->person->source_key };
		}
	}
	TRY(inbox_claim_many(tx, m, claims, e));
	for (int i = 0; i < claims; i++) {
		known[of_m[i]].asked = true;
		known[of_m[i]].fresh = m[i].fresh;
	}
	TRY(record_find_many(tx, k, keys, e));
	for (int i = 0; i < keys; i++)
		known[of_k[i]].record = k[i].record;
	return OK;
}

static enum result batch_apply(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch_run *run = arg;
	struct item_batch *b = run->b;
	memset(&run->counts, 0, sizeof(run->counts));
	run->failed = -1;
	struct known *known = arena_array(db_tx_arena(tx), (size_t)(run->to - run->from) + 1, sizeof(*known));
	struct gathered g = { .says = arena_array(db_tx_arena(tx), (size_t)(run->to - run->from) + 1,
		                                  sizeof(*g.says)) };
	if (!known || !g.says)
		return error_nomem(e);
	TRY(batch_ask(tx, run, known, e));
	TRY(order_reports_begin(tx, e));
	for (int i = run->from; i < run->to; i++) {
		const struct item *it = &b->items[i];
		if (it->way == ITEM_NOTHING)
			continue;
		if (it->way == ITEM_DEAD) {
			TRY(deadletter_put(tx, it, b->job, e));
			run->counts.dead += it->lines;
			continue;
		}
		enum result r = apply(tx, it, b->job, &known[i - run->from], &g, &run->counts, e);
		if (r != OK && is_fault(r)) {
			run->failed = i;
			run->why = *e;
		}
		if (r != OK)
			return r;
	}
	TRY(order_reports_end(tx, e));
	if (g.say_count)
		TRY(stock_says(tx, g.says, g.say_count, e));
	b->now = run->counts;
	return b->more ? b->more(tx, b->arg, run->from, run->to, e) : OK;
}

void ingest_counts_add(struct ingest_counts *to, const struct ingest_counts *c)
{
	to->taken += c->taken;
	to->duplicates += c->duplicates;
	to->dead += c->dead;
	to->orders_new += c->orders_new;
	to->orders_changed += c->orders_changed;
	to->orders_same += c->orders_same;
	to->records_new += c->records_new;
}

/* The first place from `to` on where a part of the batch may end. */
static int batch_part_end(const struct item_batch *b, int to)
{
	if (to >= b->count)
		return b->count;
	while (to < b->count && b->may_end && !b->may_end(b->arg, to))
		to++;
	return to;
}

/* The database had no time for so many at once: fewer; false when there are no fewer. */
static bool take_fewer(const struct item_batch *b, struct batch_run *run, int *most)
{
	int to;
	*most = (run->to - run->from) / FEWER;
	*most = *most ? *most : 1;
	to = batch_part_end(b, run->from + *most);
	if (to >= run->to)
		return false;
	run->to = to;
	return true;
}

enum result item_batch_write(struct db *db, struct item_batch *b, struct ingest_counts *counts, struct error *e)
{
	struct batch_run run = { .b = b, .to = b->count };
	int most = b->count;
	do {
		enum result r = db_transact(db, batch_apply, &run, e);
		if (r == OK) {
			ingest_counts_add(counts, &run.counts);
			run.from = run.to;
			run.to = batch_part_end(b, run.from + most);
			continue;
		}
		if (r == ERR_BUSY && take_fewer(b, &run, &most))
			continue;
		if (run.failed < 0 || !is_fault(r))
			return r;
		item_dead(&b->items[run.failed], &run.why);
		run.to = batch_part_end(b, run.failed + 1);
	} while (run.from < b->count);
	return OK;
}
