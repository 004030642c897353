/* Epochs: the model by which records are matched. The active one is parsed once a process and shared by its threads,
 * and looked up once a transaction. */
#include "people/internal.h"
#include "people/match.h"
#include <pthread.h>

/* A model in memory; of databases that are open side by side (tests) the time tells the epochs apart. */
struct kept {
	struct epoch epoch;
	int64_t at;
	int holders;
	struct match_model *model;
	struct kept *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *kept_first; /* the newest first */

DB_STMT(epoch_active, "", "ii", "SELECT version, at FROM person_epoch WHERE active = 1")
DB_STMT(epoch_model, "i", "t", "SELECT model FROM person_epoch WHERE version = $1")

static enum result active_get(struct db_tx *tx, int64_t *version, int64_t *at, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &epoch_active, &rows, &found, e, DB_NONE));
	*version = found ? db_int(rows, 0) : 0;
	*at = found ? db_int(rows, 1) : 0;
	return OK;
}

static enum result model_get(struct db_tx *tx, int64_t version, struct arena *a, struct str *model, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &epoch_model, &rows, &found, e, DB_INT(version)));
	if (!found)
		return error_set(e, ERR_CORRUPT, "epoch.missing", NULL, "The active epoch %lld is not stored.",
		                 (long long)version);
	*model = str_c(str_dup(a, db_text(rows, 0)));
	return model->p ? OK : error_nomem(e);
}

enum result epoch_get(struct db_tx *tx, int64_t *version, int64_t *at, struct arena *a, struct str *model,
                      struct error *e)
{
	TRY(active_get(tx, version, at, e));
	if (!model)
		return OK;
	*model = STR("");
	return *version ? model_get(tx, *version, a, model, e) : OK;
}

static struct kept *kept_take(int64_t version, int64_t at)
{
	struct kept *k;

	pthread_mutex_lock(&lock);
	for (k = kept_first; k; k = k->next)
		if (k->epoch.version == version && k->at == at)
			break;
	if (k)
		k->holders++;
	pthread_mutex_unlock(&lock);
	return k;
}

/* Adds it, held; those that nobody holds any more go. */
static void kept_add(struct kept *k)
{
	pthread_mutex_lock(&lock);
	for (struct kept **p = &kept_first; *p;) {
		struct kept *old = *p;

		if (old->holders) {
			p = &old->next;
			continue;
		}
		*p = old->next;
		match_model_free(old->model);
		mem_free(old);
	}
	k->holders = 1;
	k->next = kept_first;
	kept_first = k;
	pthread_mutex_unlock(&lock);
}

static enum result epoch_hold(struct db_tx *tx, const struct epoch **out, struct error *e)
{
	int64_t version, at;
	struct str text;
	struct kept *k;

	*out = NULL;
	TRY(active_get(tx, &version, &at, e));
	if (!version)
		return OK;
	k = kept_take(version, at);
	if (!k) { /* two threads may parse it at once: both models say the same */
		TRY(model_get(tx, version, db_tx_arena(tx), &text, e));
		k = mem_calloc(1, sizeof(*k));
		if (!k)
			return error_nomem(e);
		enum result r = match_model_read(text, &k->model, e);
		if (r != OK) {
			mem_free(k);
			return r;
		}
		k->epoch = (struct epoch){ version, k->model };
		k->at = at;
		kept_add(k);
	}
	*out = &k->epoch;
	return OK;
}

static void memory_end(void *arg)
{
	const struct matching_memory *memory = arg;

	pthread_mutex_lock(&lock);
	for (struct kept *k = kept_first; memory->epoch && k; k = k->next)
		if (&k->epoch == memory->epoch)
			k->holders--;
	pthread_mutex_unlock(&lock);
	arena_free(memory->scratch);
}

enum result matching_memory(struct db_tx *tx, struct matching_memory **out, struct error *e)
{
	void **slot = db_tx_slot(tx, DB_SLOT_PEOPLE);
	struct matching_memory *memory = *slot;

	if (!memory) {
		memory = arena_alloc(db_tx_arena(tx), sizeof(*memory));
		if (!memory)
			return error_nomem(e);
		TRY(db_at_end(tx, memory_end, memory, e));
		TRY(epoch_hold(tx, &memory->epoch, e));
		*slot = memory;
	}
	*out = memory;
	return OK;
}

enum result epoch_of(struct db_tx *tx, const struct epoch **out, struct error *e)
{
	struct matching_memory *memory;

	TRY(matching_memory(tx, &memory, e));
	*out = memory->epoch;
	return OK;
}

DB_STMT(epoch_newest, "", "I", "SELECT MAX(version) FROM person_epoch")
DB_STMT(epoch_retire, "", "", "UPDATE person_epoch SET active = 0 WHERE active = 1")
DB_STMT(epoch_put, "iit", "", "INSERT INTO person_epoch (version, at, active, model) VALUES ($1, $2, 1, $3)")

enum result epoch_activate(struct db_tx *tx, struct str model, int64_t *version, struct error *e)
{
	struct match_model *m;
	BUF_AUTO struct buf text = { 0 };
	bool found;
	int64_t next;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;

		TRY(db_query_one(tx, &epoch_newest, &rows, &found, e, DB_NONE));
		next = (found ? db_int(rows, 0) : 0) + 1;
	}
	TRY(match_model_read(model, &m, e));
	buf_init(&text, 0);
	match_model_set_version(m, next);
	match_model_print(m, &text);
	match_model_free(m);
	if (text.failed)
		return error_nomem(e);
	TRY(db_exec(tx, &epoch_retire, NULL, e, DB_NONE));
	TRY(db_exec(tx, &epoch_put, NULL, e, DB_INT(next), DB_INT(clock_now()), DB_TEXT(buf_view(&text))));
	*version = next;
	*db_tx_slot(tx, DB_SLOT_PEOPLE) = NULL; /* looked up anew */
	return OK;
}
