/* The index as a process view: built from the database, kept current by the feed. */
#include "people/internal.h"
#include "people/search_index.h"
#include <stdlib.h>

/* ---- Views ------------------------------------------------------------------------------------------------------- */

struct view *view_get(struct search *s)
{
	struct view *v;

	pthread_mutex_lock(&s->publish);
	v = s->view;
	atomic_fetch_add(&v->refs, 1);
	pthread_mutex_unlock(&s->publish);
	return v;
}

void view_put(struct view *v)
{
	if (atomic_fetch_sub(&v->refs, 1) > 1)
		return;
	for (int i = 0; i < v->count; i++)
		segment_unref(v->segments[i]);
	mem_free(v);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

enum result search_new(struct db *db, search_standing_fn *standing, struct search **out, struct error *e)
{
	struct search *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_nomem(e);
	s->view = mem_calloc(1, sizeof(*s->view));
	if (!s->view) {
		mem_free(s);
		return error_nomem(e);
	}
	atomic_init(&s->view->refs, 1);
	s->db = db;
	s->standing = standing;
	pthread_mutex_init(&s->write, NULL);
	pthread_mutex_init(&s->publish, NULL);
	pthread_cond_init(&s->work, NULL);
	*out = s;
	return OK;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->write);
	atomic_store(&s->stop, true);
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->write);
	if (s->keeper_started)
		pthread_join(s->keeper, NULL);
	view_put(s->view);
	scratch_free(s->pool);
	for (size_t i = 0; i < s->clients_cap; i++)
		mem_free(s->clients[i].customers);
	mem_free(s->clients);
	mem_free(s->stores.ids);
	mem_free(s->stores.numbers);
	mem_free(s->associates.ids);
	mem_free(s->associates.numbers);
	pthread_mutex_destroy(&s->write);
	pthread_mutex_destroy(&s->publish);
	pthread_cond_destroy(&s->work);
	mem_free(s);
}

bool search_ready(const struct search *s)
{
	return atomic_load(&s->ready);
}

/* ---- Building ---------------------------------------------------------------------------------------------------- */

static enum result horizon_read(struct db_tx *tx, void *arg, struct error *e)
{
	return feed_horizon(tx, arg, e);
}

static enum result index_build(struct search *s, db_progress_fn *progress, void *arg, struct segment **out,
                               struct error *e)
{
	struct doc_reader r = { .rkey = -1, .more = true, .builder = builder_new() };
	enum result result = r.builder ? OK : error_nomem(e);

	while (result == OK && r.more && !atomic_load(&s->stop)) {
		result = db_read(s->db, doc_page, &r, e);
		if (result == OK &&
		    progress) /* buckets come one after another: how far we are is known without counting */
			progress(arg, r.rkey, ID_BUCKETS);
	}
	if (result == OK && atomic_load(&s->stop))
		result = error_set(e, ERR_BUSY, "search.stopped", NULL, "The server is shutting down.");
	if (result != OK) {
		builder_free(r.builder);
		return result;
	}
	*out = builder_finish(r.builder);
	return *out ? OK : error_nomem(e);
}

static enum result keeper_start(struct search *s, struct error *e)
{
	if (s->keeper_started)
		return OK;
	if (pthread_create(&s->keeper, NULL, search_keeper, s) != 0)
		return error_set(e, ERR_INTERNAL, "search.thread", NULL, "No thread for the search index.");
	s->keeper_started = true;
	return OK;
}

enum result search_build(struct search *s, db_progress_fn *progress, void *arg, struct feed_position *from,
                         struct error *e)
{
	struct feed_position position;
	struct segment *segment;
	struct view *v, *was;
	enum result result;

	TRY(db_read(s->db, horizon_read, &position, e));
	TRY(index_build(s, progress, arg, &segment, e));
	v = mem_calloc(1, sizeof(*v));
	if (!v) {
		segment_unref(segment);
		return error_nomem(e);
	}
	atomic_init(&v->refs, 1);
	v->segments[v->count++] = segment;
	pthread_mutex_lock(&s->write);
	pthread_mutex_lock(&s->publish);
	was = s->view;
	s->view = v;
	pthread_mutex_unlock(&s->publish);
	s->fill = s->standing != NULL;
	result = keeper_start(s, e);
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->write);
	view_put(was);
	if (result != OK)
		return result;
	*from = position;
	atomic_store(&s->ready, true);
	return OK;
}

/* ---- Keeping current --------------------------------------------------------------------------------------------- */

#define APPLY_CHUNK 64 /* records a read transaction */

/* What one chunk of records became. */
struct chunk {
	struct search *search;
	int64_t records[APPLY_CHUNK], gone[2 * APPLY_CHUNK];
	int count, gone_count, doc_count;
	bool standing_only;
	struct doc *docs[APPLY_CHUNK];
	struct search_standing standings[APPLY_CHUNK];
	int64_t customers[APPLY_CHUNK];
	struct arena *arena;
};

static bool id_among(const int64_t *ids, int count, int64_t id)
{
	for (int i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static enum result standing_read(struct db_tx *tx, struct chunk *c, int64_t customer, const int64_t *records, int count,
                                 struct error *e)
{
	c->standings[c->doc_count] = (struct search_standing){ 0 };
	if (c->search->standing)
		TRY(c->search->standing(tx, records, count, &c->standings[c->doc_count], e));
	c->customers[c->doc_count] = customer;
	return OK;
}

static enum result customer_read(struct db_tx *tx, struct chunk *c, int64_t customer, struct error *e)
{
	struct person *p = arena_alloc(c->arena, sizeof(*p));
	struct doc *d = arena_alloc(c->arena, sizeof(*d));

	if (!p || !d)
		return error_nomem(e);
	TRY(person_load(tx, customer, c->arena, p, e));
	doc_person(d, p);
	TRY(standing_read(tx, c, customer, p->records, p->record_count, e));
	c->docs[c->doc_count++] = d;
	return OK;
}

/* An order changes nobody's name: nothing else of the customer is read. */
static enum result order_read(struct db_tx *tx, struct chunk *c, int64_t customer, struct error *e)
{
	int64_t records[CUSTOMER_MEMBERS_MAX];
	int count = 0;

	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &count, e));
	TRY(standing_read(tx, c, customer, records, count, e));
	c->doc_count++;
	return OK;
}

static enum result chunk_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct chunk *c = arg;

	c->gone_count = c->doc_count = 0;
	arena_reset(c->arena);
	for (int i = 0; i < c->count; i++) {
		int64_t record = c->records[i], customer = 0;
		enum result r = customer_of(tx, record, &customer, e);

		if (r != OK && r != ERR_NOT_FOUND)
			return r;
		if (record != customer)
			c->gone[c->gone_count++] = record; /* founds nobody (any more) */
		if (r == OK && !id_among(c->customers, c->doc_count, customer))
			TRY((c->standing_only ? order_read : customer_read)(tx, c, customer, e));
	}
	return OK;
}

static int by_order(const void *x, const void *y)
{
	uint64_t a = customer_order((*(struct doc *const *)x)->customer),
	         b = customer_order((*(struct doc *const *)y)->customer);

	return (a > b) - (a < b);
}

static enum result chunk_write(struct chunk *c, struct error *e)
{
	struct segment_builder *b = builder_new();
	struct segment *fresh;
	enum result result = OK;
	bool ok = b != NULL, any = false;

	for (int i = 0; i < c->doc_count; i++)
		if (doc_empty(c->docs[i]))
			c->gone[c->gone_count++] = c->docs[i]->customer;
	qsort(c->docs, (size_t)c->doc_count, sizeof(*c->docs), by_order);
	for (int i = 0; ok && i < c->doc_count; i++)
		if (!doc_empty(c->docs[i])) {
			ok = builder_add(b, c->docs[i]);
			any = true;
		}
	if (!ok) {
		builder_free(b);
		return error_nomem(e);
	}
	fresh = builder_finish(b);
	if (!fresh)
		return error_nomem(e);
	pthread_mutex_lock(&c->search->write);
	result = search_replace(c->search, any ? fresh : NULL, c->gone, c->gone_count, e);
	for (int i = 0; result == OK && i < c->doc_count; i++)
		search_standing_set(c->search, c->customers[i], &c->standings[i]);
	if (result == OK)
		result = search_tidy(c->search, e);
	pthread_mutex_unlock(&c->search->write);
	segment_unref(fresh);
	return result;
}

static enum result chunk_apply(struct chunk *c, struct db *db, struct error *e)
{
	if (c->count == 0)
		return OK;
	TRY(db_read(db, chunk_read, c, e));
	TRY(c->standing_only ? OK : chunk_write(c, e));
	if (c->standing_only) {
		pthread_mutex_lock(&c->search->write);
		for (int i = 0; i < c->doc_count; i++)
			search_standing_set(c->search, c->customers[i], &c->standings[i]);
		pthread_mutex_unlock(&c->search->write);
	}
	c->count = 0;
	return OK;
}

enum result search_apply(void *search, struct db *db, const struct feed_event *events, size_t count, struct error *e)
{
	const unsigned topics[2] = { 1u << FEED_RECORD | 1u << FEED_MEMBERSHIP, 1u << FEED_ORDER };
	struct search *s = search;
	struct chunk *c = mem_calloc(1, sizeof(*c));
	enum result result = OK;

	if (!c)
		return error_nomem(e);
	c->search = s;
	c->arena = arena_new(0);
	if (!c->arena)
		result = error_nomem(e);
	for (int turn = 0; turn < 2 && result == OK; turn++) {
		c->standing_only = turn == 1;
		for (size_t i = 0; i < count && result == OK; i++) {
			if (!(topics[turn] >> events[i].topic & 1) || !events[i].record ||
			    id_among(c->records, c->count, events[i].record))
				continue;
			c->records[c->count++] = events[i].record;
			if (c->count == APPLY_CHUNK)
				result = chunk_apply(c, db, e);
		}
		if (result == OK)
			result = chunk_apply(c, db, e);
	}
	arena_free(c->arena);
	mem_free(c);
	return result;
}

/* ---- Telling ----------------------------------------------------------------------------------------------------- */

enum result search_digest(struct search *s, unsigned char out[16], struct error *e)
{
	uint64_t sum[2] = { 0, 0 };
	struct view *v;

	if (!search_ready(s))
		return error_set(e, ERR_BUSY, "search.building", NULL, "The search index is being built.");
	pthread_mutex_lock(&s->write); /* nobody dies meanwhile */
	v = view_get(s);
	for (int i = 0; i < v->count; i++)
		segment_digest(v->segments[i], sum);
	view_put(v);
	pthread_mutex_unlock(&s->write);
	memcpy(out, sum, 16);
	return OK;
}

void search_stats_get(const struct search *s, struct search_stats *out)
{
	struct view *v = view_get((struct search *)(uintptr_t)s);

	*out = (struct search_stats){ 0 };
	for (int i = 0; i < v->count; i++) {
		out->customers += v->segments[i]->count - atomic_load(&v->segments[i]->dead_count);
		out->tokens += v->segments[i]->dict.count;
		out->bytes += (int64_t)v->segments[i]->bytes;
	}
	view_put(v);
}
