/* Milestones that are near, and the one opener with its evidence. */
#include "desk/card.h"

#include "base/clock.h"

#define MILESTONE_DAYS 30
#define OPENER_DAYS 365

/* ---- Milestones ---------------------------------------------------------------------------------------------------
 */

/* Days from today until month/day comes round; 29 February is kept on the 28th in other years. */
static int days_until(int64_t today, int month, int day, int64_t *date)
{
	int year = 0, m = 0, d = 0;
	date_from_days(today, &year, &m, &d);
	for (int y = year; y <= year + 1; y++) {
		int64_t on = date_to_days(y, month, date_valid(y, month, day) ? day : 28);
		if (on >= today) {
			*date = on;
			return (int)(on - today);
		}
	}
	return -1;
}

static void milestone(struct shape *s, const char *kind, int64_t today, int month, int day, bool say,
                      const struct how *how)
{
	int64_t date = 0;
	int year = 0, m = 0, d = 0, in = days_until(today, month, day, &date);
	if (in < 0 || in > MILESTONE_DAYS)
		return;
	date_from_days(date, &year, &m, &d);
	const char *on = arena_printf(s->a, "%04d-%02d-%02d", year, m, d);
	const char *when = in == 0   ? "today"
	                   : in == 1 ? "tomorrow"
	                             : arena_printf(s->a, "on %s", shape_date(s, date * DAY_US));
	const char *text = when ? arena_printf(s->a, "%c%s %s", kind[0] - 'a' + 'A', kind + 1, when) : NULL;
	jw_object(s->w);
	jw_kcstr(s->w, "kind", kind);
	jw_kcstr(s->w, "date", on);
	jw_ki64(s->w, "in_days", in);
	jw_kcstr(s->w, "text", text);
	jw_kbool(s->w, "say", say);
	shape_how(s, how);
	jw_end_object(s->w);
}

/* The day of a told milestone: "MM-DD" or "YYYY-MM-DD". */
static bool month_day(const char *value, int *month, int *day)
{
	int year = 2000; /* a leap year: 02-29 is a day */
	char text[16];
	size_t n = strlen(value);
	if (n == 10)
		return date_parse(str_c(value), &year, month, day);
	if (n != 5)
		return false;
	memcpy(text, "2000-", 5);
	memcpy(text + 5, value, 6);
	return date_parse(str_c(text), &year, month, day);
}

enum result card_milestones(struct shape *s, const struct card *c, struct error *e)
{
	static const char prefix[] = "milestone.";
	const struct record *r = &c->person->chosen;
	struct store home = { 0 };
	bool found = false;
	int64_t today = s->now / DAY_US;
	if (c->spending.store)
		TRY(store_get(s->tx, c->spending.store, &home, &found, e));
	if (found && home.zone[0])
		TRY(time_local_day(s->now, home.zone, &today, e));
	jw_key(s->w, "milestones");
	jw_array(s->w);
	if (r->birth_month && r->birth_day && !card_is_wrong(c, "birthday", ""))
		milestone(s, "birthday", today, r->birth_month, r->birth_day, true,
		          &(struct how){ FACT_TOLD, "Birth date on the customer's record", r->updated_at, r->source });
	for (int i = 0; i < c->fact_count; i++) {
		const struct fact *f = &c->facts[i];
		int month = 0, day = 0;
		if (f->state != FACT_ACTIVE || strncmp(f->kind, prefix, sizeof(prefix) - 1) != 0 ||
		    !f->kind[sizeof(prefix) - 1])
			continue;
		if ((f->sayable || c->full) && month_day(f->value, &month, &day))
			milestone(s, f->kind + sizeof(prefix) - 1, today, month, day, f->sayable,
			          &(struct how){ f->provenance, "Told by the customer", f->at, NULL });
	}
	jw_end_array(s->w);
	return OK;
}

/* ---- Opener --------------------------------------------------------------------------------------------------------
 */

static bool was_returned(const struct card *c, const struct order_line *l, int64_t since)
{
	for (int i = 0; i < c->order_count; i++) {
		const struct order *o = &c->orders[i];
		if (o->kind != ORDER_RETURN || o->placed_at < since || o->state != ORDER_REPORTED)
			continue;
		for (int k = 0; k < o->line_count; k++)
			if (o->lines[k].sku == l->sku)
				return true;
	}
	return false;
}

/* Is some of the order still with us? Nobody is asked how they like what they do not have. */
static bool is_under_way(const struct card *c, int64_t order)
{
	for (int i = 0; i < c->matter_count; i++) {
		const struct order_open *o = &c->matters[i];
		int64_t here = o->order == order ? o->unplaced : 0;
		for (int k = 0; k < o->part_count && o->order == order; k++)
			here += o->parts[k].open + o->parts[k].picked + o->parts[k].ready;
		if (here)
			return true;
	}
	return false;
}

/* The dearest thing of the newest purchase that was kept: what the customer chose with us may be spoken of. */
static const struct order_line *opener_line(const struct card *c, int64_t now, const struct order **of)
{
	for (int i = 0; i < c->order_count; i++) {
		const struct order *o = &c->orders[i];
		const struct order_line *best = NULL;
		if (o->kind != ORDER_SALE || o->state != ORDER_REPORTED || now - o->placed_at > OPENER_DAYS * DAY_US ||
		    is_under_way(c, o->id))
			continue;
		for (int k = 0; k < o->line_count; k++) {
			const struct order_line *l = &o->lines[k];
			if (l->sku && !was_returned(c, l, o->placed_at) && (!best || l->net_minor > best->net_minor))
				best = l;
		}
		if (best) {
			*of = o;
			return best;
		}
	}
	return NULL;
}

enum result card_opener(struct shape *s, const struct card *c, struct error *e)
{
	const struct order *o = NULL;
	const struct order_line *l = opener_line(c, s->now, &o);
	jw_key(s->w, "opener");
	if (!l) {
		jw_null(s->w);
		return OK;
	}
	struct sku k = { 0 };
	struct store store = { 0 };
	bool found = false, at_store = false;
	TRY(sku_get(s->tx, l->sku, &k, &found, e));
	if (o->store)
		TRY(store_get(s->tx, o->store, &store, &at_store, e));
	const char *title = k.title[0] ? k.title : l->title;
	const char *when = shape_date(s, o->placed_at);
	const char *place = at_store ? (store.name[0] ? store.name : store.code) : channel_name(o->channel);
	const char *text = s->now - o->placed_at < 3 * DAY_US
	                           ? arena_printf(s->a, "Is everything right with the %s?", title)
	                           : arena_printf(s->a, "How do you like the %s?", title);
	const char *evidence = arena_printf(s->a, "Bought on %s, %s", when, place);
	if (!text || !evidence)
		return error_nomem(e);
	jw_object(s->w);
	jw_kcstr(s->w, "text", text);
	jw_kcstr(s->w, "evidence", evidence);
	jw_kid(s->w, "order", ID_ORDER, o->id);
	jw_end_object(s->w);
	return OK;
}
