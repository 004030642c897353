/* Short words for tests of stock/: some SKUs and places, commands by key, what is where as one line of text. */
#ifndef BYNAME_TESTS_STOCK_KIT_H
#define BYNAME_TESTS_STOCK_KIT_H

#include "kit/kit.h"
#include "stock/stock.h"
#include "ledger/mutant.h"
#include "shop/shop.h"
#include "feed/room.h"

#define STOCK_SKUS 4
#define STOCK_PLACES 4

struct stock_kit {
	struct db *db;
	int64_t sku[STOCK_SKUS], place[STOCK_PLACES];
};

static inline enum result stock_kit_fill(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_kit *k = arg;
	bool changed;
	for (int i = 0; i < STOCK_PLACES; i++) {
		struct store s = { .currency = 0, .kind = STORE_SHOP };
		snprintf(s.code, sizeof(s.code), "P%d", i);
		snprintf(s.name, sizeof(s.name), "Place %d", i);
		snprintf(s.zone, sizeof(s.zone), "Europe/Zurich");
		TRY(store_put(tx, &s, &k->place[i], &changed, e));
	}
	for (int i = 0; i < STOCK_SKUS; i++) {
		struct sku s = { .list_minor = -1, .cost_minor = -1 };
		snprintf(s.code, sizeof(s.code), "SHOE-%d", 40 + i);
		TRY(sku_put(tx, &s, &k->sku[i], &changed, e));
	}
	return OK;
}

static inline void stock_kit_open(struct stock_kit *k)
{
	*k = (struct stock_kit){ .db = kit_db() };
	assert_ok(db_transact(k->db, stock_kit_fill, k, &kit_err));
}

static inline void stock_kit_close(struct stock_kit *k)
{
	kit_db_close(k->db);
	shop_cache_drop();
	clock_set(0);
#ifndef NDEBUG
	mutant_on = MUTANT_NONE;
#endif
}

struct stock_call {
	unsigned char key[HASH128_BYTES];
	struct stock_command c;
	struct stock_outcome out;
};

static inline enum result stock_call_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_call *call = arg;
	return stock_do(tx, call->key, 7, 8, &call->c, &call->out, e);
}

/* key NULL: one of its own */
static inline enum result stock_call_do(struct db *db, const char *key, struct stock_command c,
                                        struct stock_outcome *out)
{
	static _Atomic int64_t serial;
	struct stock_call call = { .c = c };
	char own[32];
	snprintf(own, sizeof(own), "own-%lld", (long long)++serial);
	act_key(call.key, STR("tests"), str_c(key ? key : own));
	enum result r = db_transact(db, stock_call_run, &call, &kit_err);
	if (out)
		*out = call.out;
	return r;
}

/* Steps in an act of their own. */
struct step_call {
	unsigned char key[HASH128_BYTES];
	enum unit_step step;
	struct unit_line line[4];
	int count;
	bool report, replayed;
};

static inline enum result step_call_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct step_call *s = arg;
	struct act_in in = { .what = STR("test.step"), .payload = STR("step") };
	struct act act;
	memcpy(in.key, s->key, sizeof(in.key));
	TRY(act_begin(tx, &in, &act, e));
	s->replayed = act.replayed;
	if (act.replayed)
		return OK;
	TRY((s->report ? unit_report : unit_step)(tx, &act, s->step, s->line, s->count, e));
	return act_end(tx, &act, NULL, 0, e);
}

static inline enum result step_call_do(struct db *db, enum unit_step step, bool report, struct unit_line *line)
{
	static _Atomic int64_t serial;
	struct step_call s = { .step = step, .line = { *line }, .count = 1, .report = report };
	int64_t n = ++serial;
	act_key(s.key, STR("steps"), (struct str){ (const char *)&n, sizeof(n) });
	enum result r = db_transact(db, step_call_run, &s, &kit_err);
	if (r == OK)
		*line = s.line[0];
	return r;
}

struct stock_look {
	int64_t sku, location;
	struct stock_cell cell;
	int bad;
	char detail[256];
};

static inline enum result stock_look_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_look *l = arg;
	TRY(stock_check_sku(tx, l->sku, &l->bad, l->detail, e));
	return stock_at(tx, l->sku, l->location, &l->cell, e);
}

/* "av3 co1": states that are not zero by their first two letters, "in2@" for what is incoming; invariants hold. */
static inline const char *stock_text(struct stock_kit *k, int sku, int place)
{
	static char text[160];
	struct stock_look l = { .sku = k->sku[sku], .location = k->place[place] };
	size_t n = 0;
	assert_ok(db_read(k->db, stock_look_run, &l, &kit_err));
	if (l.bad)
		fail_msg("%d findings: %s", l.bad, l.detail);
	text[0] = 0;
	for (int s = 1; s < UNIT_STATES; s++)
		if (l.cell.qty[s])
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.2s%lld", n ? " " : "",
			                      unit_state_name(s), (long long)l.cell.qty[s]);
	if (l.cell.incoming)
		snprintf(text + n, sizeof(text) - n, "%sin%lld", n ? " " : "", (long long)l.cell.incoming);
	return text;
}

static inline void stock_no_finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	fail_msg("%s: %s: %s", room, invariant, detail);
}

static inline void stock_count_finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)room;
	assert_true(*invariant && *detail);
	++*(int *)arg;
}

/* ---- Words for tests that have one kit, k ----------------------------------------------------------------------- */

#define T0 (1790000000 * USEC)
#define CMD(kind_, ...) ((struct stock_command){ .kind = STOCK_##kind_, __VA_ARGS__ })
#define HERE .sku = k.sku[0], .location = k.place[A]
#define DO(out, ...) assert_ok(stock_call_do(k.db, NULL, CMD(__VA_ARGS__), (out)))
#define REFUSED(result, code_, ...)                                                                                    \
	do {                                                                                                           \
		assert_result(result, stock_call_do(k.db, NULL, CMD(__VA_ARGS__), NULL));                              \
		assert_string_equal(kit_err.code, code_);                                                              \
	} while (0)
#define IS(place, text) assert_string_equal(stock_text(&k, 0, place), text)

#endif
