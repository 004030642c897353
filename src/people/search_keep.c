/* Segments come and go: fresh ones are small, and are merged so that each is at least three times the next. Large
 * merges, and the reading of standings after a build, are the keeper's: a thread. Readers keep the view they began
 * with. */
#include "people/internal.h"
#include "people/search_index.h"
#include "base/hash.h"

#define MERGE_AT_ONCE 20000 /* customers merged while a writer waits (about 20 ms) */
#define RATIO 3

/* ---- Numberings -------------------------------------------------------------------------------------------------- */

static size_t numbering_slot(const struct numbering *n, int64_t id)
{
	size_t at = hash64(&id, sizeof(id), 0) & (n->size - 1);

	while (n->ids[at] && n->ids[at] != id)
		at = (at + 1) & (n->size - 1);
	return at;
}

uint16_t numbering_find(const struct numbering *n, int64_t id)
{
	size_t at;

	if (!id || !n->size)
		return 0;
	at = numbering_slot(n, id);
	return n->ids[at] == id ? n->numbers[at] : 0;
}

static bool numbering_grow(struct numbering *n)
{
	struct numbering more = { .size = n->size ? n->size * 2 : 256, .count = n->count };

	more.ids = mem_calloc(more.size, sizeof(*more.ids));
	more.numbers = mem_calloc(more.size, sizeof(*more.numbers));
	if (!more.ids || !more.numbers) {
		mem_free(more.ids);
		mem_free(more.numbers);
		return false;
	}
	for (size_t i = 0; i < n->size; i++)
		if (n->ids[i]) {
			size_t at = numbering_slot(&more, n->ids[i]);

			more.ids[at] = n->ids[i];
			more.numbers[at] = n->numbers[i];
		}
	mem_free(n->ids);
	mem_free(n->numbers);
	*n = more;
	return true;
}

/* 0 when there are too many, or no memory: then it ranks as nobody's. */
static uint16_t numbering_need(struct search *s, struct numbering *n, int64_t id)
{
	uint16_t number;

	if (!id)
		return 0;
	pthread_mutex_lock(&s->publish);
	number = numbering_find(n, id);
	if (!number && n->count < UINT16_MAX && (n->count * 2 < n->size || numbering_grow(n))) {
		size_t at = numbering_slot(n, id);

		n->ids[at] = id;
		n->numbers[at] = number = (uint16_t)++n->count;
	}
	pthread_mutex_unlock(&s->publish);
	return number;
}

static uint8_t spend_pack(int64_t minor)
{
	int64_t major = minor / 100;
	int bits = 0;

	if (major <= 0)
		return 0;
	for (int64_t v = major; v > 1; v >>= 1)
		bits++;
	/* eight steps a doubling, read off the three bits after the first */
	return (uint8_t)(8 * bits + (bits >= 3 ? (int)(major >> (bits - 3) & 7) : 0) + 1);
}

/* Whose clients: customers appended whenever somebody becomes theirs. Old ones stay in the list; readers look. */
static void client_add(struct search *s, uint16_t associate, int64_t customer)
{
	struct clients *c;

	pthread_mutex_lock(&s->publish);
	if (associate >= s->clients_cap) {
		size_t cap = associate + associate / 2u + 64;
		struct clients *more = mem_realloc(s->clients, cap * sizeof(*more));

		if (!more) {
			pthread_mutex_unlock(&s->publish);
			return;
		}
		memset(more + s->clients_cap, 0, (cap - s->clients_cap) * sizeof(*more));
		s->clients = more;
		s->clients_cap = cap;
	}
	c = &s->clients[associate];
	if (c->count == c->cap) {
		uint32_t cap = c->cap ? c->cap * 2 : 16;
		int64_t *more = mem_realloc(c->customers, cap * sizeof(*more));

		if (more) {
			c->customers = more;
			c->cap = cap;
		}
	}
	if (c->count < c->cap)
		c->customers[c->count++] = customer;
	pthread_mutex_unlock(&s->publish);
}

void search_standing_set(struct search *s, int64_t customer, const struct search_standing *st)
{
	uint16_t store = numbering_need(s, &s->stores, st->store);
	uint16_t associate = numbering_need(s, &s->associates, st->associate);
	int64_t day = st->last_at > 0 ? st->last_at / DAY_US : 0;
	uint64_t standing = standing_pack(associate, store, (uint16_t)(day > UINT16_MAX ? UINT16_MAX : day),
	                                  spend_pack(st->spend_minor));
	struct view *v = s->view;
	uint32_t slot;

	for (int i = v->count - 1; i >= 0; i--) {
		struct segment *g = v->segments[i];

		if (!segment_find(g, customer, &slot) || slot_dead(g, slot))
			continue;
		if (associate && standing_associate(g->standing[slot]) != associate)
			client_add(s, associate, customer);
		atomic_store_explicit(&g->standing[slot], standing, memory_order_relaxed);
		return;
	}
}

/* ---- Views ------------------------------------------------------------------------------------------------------- */

static void view_publish(struct search *s, struct view *next)
{
	struct view *was;

	pthread_mutex_lock(&s->publish);
	was = s->view;
	s->view = next;
	pthread_mutex_unlock(&s->publish);
	view_put(was);
}

/* A view of these segments, with a reference to each; without those that hold nobody any more. */
static struct view *view_make(struct segment *const *segments, int count)
{
	struct view *v = mem_calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	atomic_init(&v->refs, 1);
	for (int i = 0; i < count; i++)
		if (segments[i]->count > atomic_load(&segments[i]->dead_count))
			v->segments[v->count++] = segment_ref(segments[i]);
	return v;
}

static void customer_kill(const struct view *v, int64_t customer)
{
	uint32_t slot;

	for (int i = 0; i < v->count; i++)
		if (segment_find(v->segments[i], customer, &slot))
			segment_kill(v->segments[i], slot);
}

enum result search_replace(struct search *s, struct segment *fresh, const int64_t *gone, int count, struct error *e)
{
	struct segment *all[SEGMENTS_MAX + 1];
	struct view *was = s->view, *next;
	int n = was->count;

	if (n >= SEGMENTS_MAX)
		return error_set(e, ERR_BUSY, "search.behind", NULL, "The search index has too much to merge.");
	memcpy(all, was->segments, (size_t)n * sizeof(*all));
	if (fresh)
		all[n++] = fresh;
	next = view_make(all, n);
	if (!next)
		return error_nomem(e);
	/* a reader with the new view finds the new, one with the old view the old or, for a moment, neither */
	for (uint32_t i = 0; fresh && i < fresh->count; i++)
		customer_kill(was, fresh->customer[i]);
	for (int i = 0; i < count; i++)
		customer_kill(was, gone[i]);
	view_publish(s, next);
	return OK;
}

static uint32_t living(const struct segment *g)
{
	return g->count - atomic_load(&g->dead_count);
}

/* The place of a segment that is to be merged with the one after it; -1: all is tidy. */
static int untidy(const struct view *v)
{
	for (int i = v->count - 2; i >= 0; i--)
		if (living(v->segments[i]) < (uint64_t)living(v->segments[i + 1]) * RATIO)
			return i;
	if (v->count && living(v->segments[0]) < v->segments[0]->count / 2)
		return 0; /* half of it is dead: alone, if need be */
	return -1;
}

/* While it was merged, some died and some got another standing. Under write. */
static void merge_catch_up(struct segment *const *sources, int count, uint32_t *const *remap, struct segment *merged)
{
	for (int i = 0; i < count; i++)
		for (uint32_t slot = 0; slot < sources[i]->count; slot++) {
			uint32_t to = remap[i][slot];

			if (to == UINT32_MAX)
				continue;
			if (slot_dead(sources[i], slot))
				segment_kill(merged, to);
			merged->standing[to] = sources[i]->standing[slot];
		}
}

static enum result merged_publish(struct search *s, struct segment *const *sources, int count, struct segment *merged,
                                  struct error *e)
{
	struct segment *all[SEGMENTS_MAX + 1];
	struct view *next;
	bool placed = false; /* a source that lost everybody meanwhile is gone already */
	int n = 0;

	for (int i = 0; i < s->view->count; i++) {
		struct segment *g = s->view->segments[i];
		bool source = g == sources[0] || (count > 1 && g == sources[1]);

		if (source && placed)
			continue;
		placed = placed || source;
		all[n++] = source ? merged : g;
	}
	next = view_make(all, n);
	if (!next)
		return error_nomem(e);
	view_publish(s, next);
	return OK;
}

/* Merges the segment at `place` with the next one. Called under write; unlocked lets it go meanwhile. */
static enum result merge_at(struct search *s, int place, bool unlocked, struct error *e)
{
	struct segment *sources[2], *merged = NULL;
	uint32_t *remap[2] = { NULL, NULL };
	int count = place + 1 < s->view->count ? 2 : 1;
	struct segment_builder *b = builder_new();
	bool ok = b != NULL;
	enum result result = OK;

	for (int i = 0; i < count; i++) {
		sources[i] = segment_ref(s->view->segments[place + i]);
		remap[i] = mem_alloc(((size_t)sources[i]->count + 1) * sizeof(uint32_t));
		ok = ok && remap[i];
	}
	if (unlocked) {
		for (int i = 0; i < count; i++)
			s->busy[i] = sources[i];
		pthread_mutex_unlock(&s->write);
	}
	if (ok)
		ok = builder_merge(b, sources, count, remap);
	if (ok)
		merged = builder_finish(b);
	else
		builder_free(b);
	if (unlocked) {
		pthread_mutex_lock(&s->write);
		s->busy[0] = s->busy[1] = NULL;
	}
	if (merged) {
		merge_catch_up(sources, count, remap, merged);
		result = merged_publish(s, sources, count, merged, e);
	} else {
		result = error_nomem(e);
	}
	segment_unref(merged);
	for (int i = 0; i < count; i++) {
		segment_unref(sources[i]);
		mem_free(remap[i]);
	}
	return result;
}

static bool mergeable_at_once(const struct search *s, int place)
{
	const struct view *v = s->view;
	uint32_t next = place + 1 < v->count ? living(v->segments[place + 1]) : 0;

	for (int i = place; i < place + 2 && i < v->count; i++)
		if (v->segments[i] == s->busy[0] || v->segments[i] == s->busy[1])
			return false;
	return living(v->segments[place]) + next <= MERGE_AT_ONCE;
}

enum result search_tidy(struct search *s, struct error *e)
{
	int place;

	while ((place = untidy(s->view)) >= 0 && mergeable_at_once(s, place))
		TRY(merge_at(s, place, false, e));
	/* a large pair waits for the keeper; behind it the small ones still go together */
	for (place = s->view->count - 2; place > 0 && s->view->count > SEGMENTS_MAX / 2; place = s->view->count - 2) {
		if (!mergeable_at_once(s, place))
			break;
		TRY(merge_at(s, place, false, e));
	}
	if (untidy(s->view) >= 0)
		pthread_cond_broadcast(&s->work);
	return OK;
}

/* ---- The keeper -------------------------------------------------------------------------------------------------- */

#define FILL_CHUNK 100

struct filling {
	struct search *search;
	const int64_t *customers;
	int count;
	struct search_standing standings[FILL_CHUNK];
};

static enum result fill_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct filling *f = arg;
	int64_t records[CUSTOMER_MEMBERS_MAX];

	for (int i = 0; i < f->count; i++) {
		int count;

		f->standings[i] = (struct search_standing){ 0 };
		TRY(customer_members(tx, f->customers[i], records, CUSTOMER_MEMBERS_MAX, &count, e));
		if (count)
			TRY(f->search->standing(tx, records, count, &f->standings[i], e));
	}
	return OK;
}

/* Standings are not part of the build, so that search answers sooner: ties rank by them as they come in. */
static void standings_fill(struct search *s)
{
	struct view *v = view_get(s);

	for (int i = 0; i < v->count; i++) {
		const struct segment *g = v->segments[i];

		for (uint32_t at = 0; at < g->count && !atomic_load(&s->stop); at += FILL_CHUNK) {
			struct filling f = { .search = s, .customers = g->customer + at };
			struct error e;

			f.count = (int)(g->count - at < FILL_CHUNK ? g->count - at : FILL_CHUNK);
			if (db_read(s->db, fill_read, &f, &e) != OK)
				continue; /* an order of theirs sets it later */
			pthread_mutex_lock(&s->write);
			for (int k = 0; k < f.count; k++)
				search_standing_set(s, f.customers[k], &f.standings[k]);
			pthread_mutex_unlock(&s->write);
		}
	}
	view_put(v);
}

void *search_keeper(void *search)
{
	struct search *s = search;
	struct error e;

	(void)db_thread_limit(DB_LONG_MS);
	pthread_mutex_lock(&s->write);
	while (!atomic_load(&s->stop)) {
		int place = untidy(s->view);

		if (place >= 0) {
			if (merge_at(s, place, true, &e) != OK) /* no memory: again when there is more to do */
				pthread_cond_wait(&s->work, &s->write);
		} else if (s->fill) {
			s->fill = false;
			pthread_mutex_unlock(&s->write);
			standings_fill(s);
			pthread_mutex_lock(&s->write);
		} else {
			pthread_cond_wait(&s->work, &s->write);
		}
	}
	pthread_mutex_unlock(&s->write);
	return NULL;
}
