#include "demo/world.h"

#define PEOPLE_MAX 10000000
#define YEARS_MAX 30
#define ARENA_BASE ((size_t)64 << 20)

enum result grow(void **array, size_t *cap, size_t count, size_t size, struct error *e)
{
	if (count < *cap)
		return OK;
	size_t n = *cap ? *cap * 2 : 1024;
	void *p = mem_realloc(*array, n * size);
	if (!p)
		return error_nomem(e);
	*array = p;
	*cap = n;
	return OK;
}

static enum result config_complete(const struct demo_config *in, struct demo_config *out, struct error *e)
{
	struct demo_config c = *in;
	if (!c.people)
		c.people = 30000;
	if (!c.years)
		c.years = 10;
	if (!c.busyness)
		c.busyness = 100;
	if (!c.until)
		c.until = date_to_days(2026, 1, 1) * DAY_US;
	if (c.people < 1 || c.people > PEOPLE_MAX)
		return error_set(e, ERR_INVALID, "demo.people", "people", "between 1 and %d", PEOPLE_MAX);
	if (c.years < 1 || c.years > YEARS_MAX)
		return error_set(e, ERR_INVALID, "demo.years", "years", "between 1 and %d", YEARS_MAX);
	if (c.busyness < 1 || c.busyness > 10000)
		return error_set(e, ERR_INVALID, "demo.busyness", "busyness", "between 1 and 10000 percent");
	if (c.until < 60 * 365 * DAY_US / 2 || c.until > 200 * 366 * DAY_US)
		return error_set(e, ERR_INVALID, "demo.until", "until", "between 2000 and 2169");
	*out = c;
	return OK;
}

static enum result world_make(struct world *w, demo_emit_fn *emit, void *ctx, struct error *e)
{
	w->arena =
	        arena_new(ARENA_BASE + (size_t)w->cfg.people * (sizeof(struct person) + sizeof(struct household) + 64));
	if (!w->arena)
		return error_nomem(e);
	TRY(names_load(w->arena, &w->names, e));
	TRY(shop_make(w, e));
	TRY(people_make(w, e));
	TRY(records_make(w, e));
	TRY(events_make(w, e));
	TRY(files_emit(w, emit, ctx, e));
	return events_emit(w, emit, ctx, e);
}

enum result demo_generate(const struct demo_config *config, demo_emit_fn *emit, void *ctx, struct demo_counts *counts,
                          struct error *e)
{
	struct demo_config cfg;
	TRY(config_complete(config, &cfg, e));
	struct world *w = mem_calloc(1, sizeof(*w));
	if (!w)
		return error_nomem(e);
	w->cfg = cfg;
	w->until_day = (int32_t)(cfg.until / DAY_US);
	w->from_day = w->until_day - (int32_t)(cfg.years * 365.25);
	enum result r = world_make(w, emit, ctx, e);
	if (r == OK && counts)
		*counts = w->counts;
	mem_free(w->recs);
	mem_free(w->events);
	mem_free(w->orders);
	mem_free(w->order_number);
	arena_free(w->arena);
	mem_free(w);
	return r;
}
