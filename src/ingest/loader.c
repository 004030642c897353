#include "ingest/loader.h"
#include "ingest/room.h"
#include <pthread.h>

#define LOAD_BYTES (256u << 20)

struct loader {
	struct db *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct load *load; /* under way, or written and not yet asked for */
	bool written, end;
	enum result result;
	struct error error;
};

struct load *load_new(int items)
{
	struct load *l = mem_calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->a = arena_new(LOAD_BYTES);
	l->items = mem_calloc((size_t)items, sizeof(*l->items));
	l->marks = mem_calloc((size_t)items, sizeof(*l->marks));
	if (l->a && l->items && l->marks)
		return l;
	load_free(l);
	return NULL;
}

void load_reset(struct load *l)
{
	for (int i = 0; i < l->doc_count; i++)
		json_free(l->docs[i]);
	memset(l->marks, 0, (size_t)l->count * sizeof(*l->marks));
	l->doc_count = l->count = 0;
	arena_reset(l->a);
}

void load_free(struct load *l)
{
	if (!l)
		return;
	if (l->a && l->marks)
		load_reset(l);
	arena_free(l->a);
	mem_free(l->items);
	mem_free(l->marks);
	mem_free(l);
}

static enum result move(struct db_tx *tx, void *arg, int from, int to, struct error *e)
{
	struct load *l = arg;
	struct mark end = { true, l->next, l->bytes, l->lines };
	if (to < l->count)
		end = l->marks[to - 1];
	return job_move(tx, l->job, from ? l->marks[from - 1].at : l->from, end.at, end.bytes, end.lines, &l->batch.now,
	                e);
}

static bool may_end(void *arg, int at)
{
	const struct load *l = arg;
	return l->marks[at - 1].set;
}

static enum result load_write(struct db *db, struct load *l, struct error *e)
{
	int64_t began = clock_monotonic();
	l->counts = (struct ingest_counts){ 0 };
	l->batch = (struct item_batch){
		.items = l->items, .count = l->count, .job = l->job, .more = move, .may_end = may_end, .arg = l
	};
	enum result r = item_batch_write(db, &l->batch, &l->counts, e);
	l->took_us = clock_monotonic() - began;
	return r;
}

static void *loader_main(void *arg)
{
	struct loader *w = arg;
	(void)db_thread_limit(DB_LONG_MS); /* nobody waits for one of its transactions */
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->end && (!w->load || w->written))
			pthread_cond_wait(&w->changed, &w->lock);
		if (!w->load || w->written)
			break;
		struct load *l = w->load;
		struct error e = { 0 };
		pthread_mutex_unlock(&w->lock);
		enum result r = load_write(w->db, l, &e);
		pthread_mutex_lock(&w->lock);
		w->result = r;
		w->error = e;
		w->written = true;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum result loader_new(struct db *db, struct loader **out, struct error *e)
{
	struct loader *w = mem_calloc(1, sizeof(*w));
	if (!w)
		return error_nomem(e);
	w->db = db;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	if (pthread_create(&w->thread, NULL, loader_main, w) != 0) {
		pthread_cond_destroy(&w->changed);
		pthread_mutex_destroy(&w->lock);
		mem_free(w);
		return error_set(e, ERR_IO, "import.thread", NULL, "The writing thread cannot be started.");
	}
	*out = w;
	return OK;
}

void loader_give(struct loader *w, struct load *l)
{
	pthread_mutex_lock(&w->lock);
	w->load = l;
	w->written = false;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

enum result loader_wait(struct loader *w, struct load **done, struct error *e)
{
	*done = NULL;
	pthread_mutex_lock(&w->lock);
	while (w->load && !w->written)
		pthread_cond_wait(&w->changed, &w->lock);
	struct load *l = w->load;
	w->load = NULL;
	pthread_mutex_unlock(&w->lock);
	if (!l)
		return OK;
	if (w->result != OK) {
		*e = w->error;
		return w->result;
	}
	*done = l;
	return OK;
}

void loader_free(struct loader *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->end = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}
