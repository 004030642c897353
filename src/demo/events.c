#include "demo/world.h"
#include <stdlib.h>

#define OPENS 600 /* minutes after local midnight */
#define CLOSES 1170
#define SIGN_UP 570
#define WEB_SIGN_UP 380

static enum result event_add(struct world *w, struct event ev, struct error *e)
{
	if (ev.at >= (int64_t)w->until_day * 86400)
		return OK; /* the story ends here */
	TRY(grow((void **)&w->events, &w->event_cap, w->event_count, sizeof(*w->events), e));
	w->events[w->event_count++] = ev;
	return OK;
}

/* The record of this source that the person uses on a day; -1: none yet. */
static int32_t rec_on(const struct world *w, const struct person *p, enum source s, int32_t day, struct rnd *r)
{
	int32_t found = -1;
	for (int32_t i = p->record; i < p->record + p->records; i++) {
		const struct rec *rec = &w->recs[i];
		if (rec->source != (int)s || rec->day > day)
			continue;
		if (found < 0 || rnd_chance(r, 650))
			found = i;
	}
	return found;
}

static enum result order_add(struct world *w, struct rnd *r, int32_t rec, int32_t day, int store, struct error *e)
{
	bool web = store == WEB_STORE;
	struct event ev = { .kind = EV_ORDER,
		            .rec = rec,
		            .seed = (uint32_t)rnd_next(r),
		            .store = store,
		            .source = w->recs[rec].source };
	int minute = web ? rnd_between(r, 420, 1430) : rnd_between(r, OPENS, CLOSES);
	ev.at = shop_time(store, day, minute) + rnd_between(r, 0, 59);
	if (ev.at >= (int64_t)w->until_day * 86400)
		return OK;
	TRY(grow((void **)&w->orders, &w->order_cap, w->order_count, sizeof(*w->orders), e));
	w->orders[w->order_count] = (struct order_made){ ev.at, ev.seed, rec, store };
	ev.ref = (uint32_t)w->order_count++;
	return event_add(w, ev, e);
}

/* Something of it comes back, perhaps somewhere else. */
static enum result refund_add(struct world *w, struct rnd *r, const struct person *p, uint32_t order, struct error *e)
{
	const struct order_made *o = &w->orders[order];
	int store = o->store;
	if (!rnd_chance(r, store >= SHOPS ? p->returns * 2 : p->returns))
		return OK;
	int32_t day = (int32_t)(o->at / 86400) + rnd_between(r, 2, 26), rec = o->rec;
	int where = store;
	if (store >= SHOPS && rnd_chance(r, 420)) {
		int32_t till = rec_on(w, p, TILL, day, r);
		if (till >= 0) {
			rec = till;
			where = w->households[p->household].store;
		}
	}
	struct event ev = { .kind = EV_REFUND,
		            .rec = rec,
		            .seed = (uint32_t)rnd_next(r),
		            .store = where,
		            .ref = order,
		            .source = w->recs[rec].source };
	ev.at = shop_time(where, day, rnd_between(r, OPENS, CLOSES)) + rnd_between(r, 0, 59);
	return event_add(w, ev, e);
}

static enum result views_add(struct world *w, struct rnd *r, int32_t web, int32_t day, int minute, struct error *e)
{
	uint32_t device = rnd_below(r, 3) == 0;
	int views = rnd_between(r, 1, 3);
	for (int i = 0; i < views; i++) {
		struct event ev = { .kind = i == 0 && rnd_chance(r, 400) ? EV_PAGE : EV_VIEW,
			            .rec = web,
			            .seed = (uint32_t)rnd_next(r),
			            .ref = device,
			            .store = WEB_STORE,
			            .source = WEB };
		ev.at = shop_time(WEB_STORE, day, minute) + 40 * i + rnd_between(r, 0, 30);
		TRY(event_add(w, ev, e));
	}
	return OK;
}

/* One purchase: the channel, the store, what was looked at before and what follows. */
static enum result purchase(struct world *w, struct rnd *r, const struct person *p, int32_t day, struct error *e)
{
	const struct household *h = &w->households[p->household];
	int32_t till = rec_on(w, p, TILL, day, r), web = rec_on(w, p, WEB, day, r),
	        call = rec_on(w, p, CALLCENTRE, day, r);
	size_t before = w->order_count;
	if (call >= 0 && rnd_chance(r, 45)) {
		TRY(order_add(w, r, call, day, CALL_STORE, e));
	} else if (web >= 0 && (till < 0 || rnd_chance(r, p->web_share))) {
		if (rnd_chance(r, 300))
			TRY(views_add(w, r, web, day, 415, e));
		TRY(order_add(w, r, web, day, WEB_STORE, e));
	} else if (till >= 0) {
		int store = rnd_chance(r, 900) ? h->store : (int)rnd_below(r, SHOPS);
		TRY(order_add(w, r, till, day, store, e));
	}
	if (w->order_count == before)
		return OK;
	TRY(refund_add(w, r, p, (uint32_t)before, e));
	int32_t card = rec_on(w, p, LOYALTY, day, r);
	if (card >= 0 && rnd_chance(r, 60)) {
		struct event ev = { .kind = EV_SURVEY,
			            .rec = card,
			            .seed = (uint32_t)rnd_next(r),
			            .source = LOYALTY,
			            .store = w->orders[before].store,
			            .at = w->orders[before].at + 86400 * rnd_between(r, 2, 9) };
		TRY(event_add(w, ev, e));
	}
	return OK;
}

static enum result purchases(struct world *w, struct rnd *r, const struct person *p, struct error *e)
{
	static const int month[12] = { 90, 70, 92, 96, 100, 96, 105, 75, 96, 102, 125, 175 };
	double gap = 365.25 / (p->per_year * 1.72 * w->cfg.busyness / 100); /* 1.72: what the thinning takes away */
	TRY(purchase(w, r, p, p->begin_day, e));
	for (double t = p->begin_day + 1 + rnd_exponential(r, gap); t < p->end_day; t += 1 + rnd_exponential(r, gap)) {
		int y, m, d;
		int32_t day = (int32_t)t;
		date_from_days(day, &y, &m, &d);
		if ((int)rnd_below(r, 175) >= month[m - 1])
			continue;
		if (rnd_chance(r, p->bargain / 4)) { /* waits for the sale */
			int32_t sale = (int32_t)date_to_days(m > 7 ? y + 1 : y, m > 7 || m == 1 ? 1 : 7,
			                                     rnd_between(r, 2, 28));
			day = sale > day ? sale : day;
		}
		TRY(purchase(w, r, p, day, e));
	}
	return OK;
}

/* Calls, chats and strolls through the web shop. */
static enum result contacts(struct world *w, struct rnd *r, const struct person *p, struct error *e)
{
	static const struct {
		enum source source;
		enum event_kind kind;
		double days; /* between two */
	} what[] = { { CALLCENTRE, EV_CALL, 380 }, { CHAT, EV_CHAT, 420 }, { WEB, EV_VIEW, 130 } };
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		double gap = what[i].days * 100 / w->cfg.busyness;
		for (double t = p->begin_day + rnd_exponential(r, gap); t < p->end_day; t += rnd_exponential(r, gap)) {
			int32_t day = (int32_t)t, rec = rec_on(w, p, what[i].source, day, r);
			if (rec < 0)
				continue;
			int minute = rnd_between(r, OPENS, CLOSES);
			if (what[i].kind == EV_VIEW) {
				TRY(views_add(w, r, rec, day, minute, e));
				continue;
			}
			struct event ev = { .kind = (int8_t)what[i].kind,
				            .rec = rec,
				            .seed = (uint32_t)rnd_next(r),
				            .store = CALL_STORE,
				            .source = (int8_t)what[i].source,
				            .at = shop_time(CALL_STORE, day, minute) };
			TRY(event_add(w, ev, e));
		}
	}
	return OK;
}

/* A record is made, and told again when its owner moves or marries and says so. */
static enum result identifies(struct world *w, struct rnd *r, int32_t n, struct error *e)
{
	const struct rec *rec = &w->recs[n];
	const struct person *p = &w->people[rec->person];
	const struct household *h = &w->households[p->household];
	int store = rec->source == TILL || rec->source == LOYALTY ? h->store
	            : rec->source == WEB                          ? WEB_STORE
	                                                          : CALL_STORE;
	struct event ev = { .kind = EV_IDENTIFY, .rec = n, .seed = rec->seed, .store = store, .source = rec->source };
	/* Before the day's first purchase. */
	int minute = rec->source == WEB ? WEB_SIGN_UP - (int)(rec->seed % 240) : SIGN_UP - (int)(rec->seed % 45);
	ev.at = shop_time(store, rec->day, minute) + rec->seed % 53;
	TRY(event_add(w, ev, e));
	int32_t news[3] = { h->moved_day, p->married_day, rnd_chance(r, 80) ? rec->day + rnd_between(r, 20, 900) : 0 };
	for (int i = 0; i < 3; i++) {
		if (news[i] <= rec->day || news[i] > p->end_day + 200 || !rnd_chance(r, 480))
			continue;
		struct event again = ev;
		again.at = shop_time(store, news[i] + rnd_between(r, 0, 300), rnd_between(r, SIGN_UP, OPENS));
		TRY(event_add(w, again, e));
	}
	if (rec->source == LOYALTY && h->in_loyalty) {
		struct event group = ev;
		group.kind = EV_GROUP;
		group.at += 60;
		TRY(event_add(w, group, e));
	}
	if (rec->source == LOYALTY && rec->replaced) {
		struct event alias = ev;
		alias.kind = EV_ALIAS;
		alias.at += 120;
		TRY(event_add(w, alias, e));
	}
	return OK;
}

/* What no reader can take in: the dead letters of real life. */
static enum result broken(struct world *w, struct error *e)
{
	struct rnd r = rnd_of(w->cfg.seed, 'x', 0);
	int count = 6 + w->cfg.people / 2000;
	for (int i = 0; i < count && w->rec_count; i++) {
		struct event ev = { .kind = EV_BROKEN, .seed = (uint32_t)i, .store = (int32_t)rnd_below(&r, SHOPS) };
		ev.rec = (int32_t)rnd_below(&r, (uint32_t)w->rec_count);
		ev.source = w->recs[ev.rec].source;
		int32_t day = w->from_day + (int32_t)rnd_below(&r, (uint32_t)(w->until_day - w->from_day));
		ev.at = shop_time(ev.store, day, rnd_between(&r, OPENS, CLOSES));
		TRY(event_add(w, ev, e));
	}
	return OK;
}

static int event_cmp(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->rec != b->rec)
		return a->rec < b->rec ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->seed != b->seed ? (a->seed < b->seed ? -1 : 1) : a->ref < b->ref ? -1 : a->ref > b->ref;
}

enum result events_make(struct world *w, struct error *e)
{
	for (int32_t i = 0; i < w->cfg.people; i++) {
		const struct person *p = &w->people[i];
		struct rnd r = rnd_of(w->cfg.seed, 'e', (uint64_t)i);
		for (int32_t n = p->record; n < p->record + p->records; n++)
			TRY(identifies(w, &r, n, e));
		TRY(purchases(w, &r, p, e));
		TRY(contacts(w, &r, p, e));
	}
	TRY(broken(w, e));
	for (size_t i = 0; i < w->event_count; i++) {
		struct rnd r = rnd_of(w->cfg.seed, 'g', i);
		w->events[i].again = w->events[i].kind != EV_BROKEN && rnd_chance(&r, 3);
	}
	qsort(w->events, w->event_count, sizeof(*w->events), event_cmp);
	w->order_number = mem_calloc(w->order_count + 1, sizeof(*w->order_number));
	if (!w->order_number)
		return error_nomem(e);
	uint32_t number = 0;
	for (size_t i = 0; i < w->event_count; i++) {
		if (w->events[i].kind == EV_ORDER)
			w->order_number[w->events[i].ref] = ++number;
	}
	return OK;
}
