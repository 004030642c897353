/* The dispatcher: opening, checks of every call against the statement's signature, values of rows. */
#include "db/internal.h"
#include "base/id.h"
#include <stdio.h>
#include <stdlib.h>

extern const struct db_stmt __start_byname_stmt[] __attribute__((weak));
extern const struct db_stmt __stop_byname_stmt[] __attribute__((weak));

const struct db_stmt *db_stmts(size_t *count)
{
	*count = (size_t)(__stop_byname_stmt - __start_byname_stmt);
	return __start_byname_stmt;
}

size_t stmt_index(const struct db_stmt *stmt)
{
	return (size_t)(stmt - __start_byname_stmt);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && memcmp(s + n - m, end, m) == 0;
}

bool stmt_foreign(const struct db_stmt *stmt, enum db_engine engine)
{
	return ends_with(stmt->name, engine == DB_SQLITE ? "_pg" : "_sqlite");
}

enum result db_bug(struct error *e, const struct db_stmt *stmt, const char *what)
{
#ifndef NDEBUG
	fprintf(stderr, "%s:%d: statement %s: %s\n", stmt->file, stmt->line, stmt->name, what);
	abort();
#endif
	return error_set(e, ERR_INTERNAL, "db.signature", NULL, "%s (%s:%d): %s", stmt->name, stmt->file, stmt->line,
	                 what);
}

/* ---- Opening ---- */

bool url_is_postgres(const char *url)
{
	return strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0 ||
	       (strchr(url, '=') && strchr(url, '/') != url && strncmp(url, "./", 2) != 0);
}

enum result db_open(const struct db_config *config, struct db **out, struct error *e)
{
	if (!config->url || !*config->url)
		return error_set(e, ERR_INVALID, "db.url", NULL, "No database is named.");
	struct db *db = mem_calloc(1, sizeof(*db));
	if (!db)
		return error_nomem(e);
	db->url = mem_strdup(config->url);
	if (!db->url) {
		mem_free(db);
		return error_nomem(e);
	}
	db->limit_us = (config->limit_ms > 0 ? config->limit_ms : DB_LONG_MS) * 1000LL;
	pthread_mutex_init(&db->arena_lock, NULL);
	bool postgres = url_is_postgres(config->url);
	db->engine = postgres ? DB_POSTGRES : DB_SQLITE;
	enum result r = postgres ? pg_open(db, config, e) : sqlite_open(db, config, e);
	if (r != OK) {
		pthread_mutex_destroy(&db->arena_lock);
		mem_free(db->url);
		mem_free(db);
		return r;
	}
	*out = db;
	return OK;
}

static _Thread_local int thread_limit_ms;

int db_thread_limit(int limit_ms)
{
	int was = thread_limit_ms;
	thread_limit_ms = limit_ms;
	return was;
}

int64_t db_limit_us(const struct db *db)
{
	return thread_limit_ms > 0 ? thread_limit_ms * 1000LL : db->limit_us;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	node_release(db);
	db->ops->close(db);
	for (int i = 0; i < db->arena_count; i++)
		arena_free(db->arenas[i]);
	pthread_mutex_destroy(&db->arena_lock);
	mem_free(db->url);
	mem_free(db);
}

enum db_engine db_engine(const struct db *db)
{
	return db->engine;
}

const char *db_engine_name(const struct db *db)
{
	return db->ops->name;
}

void db_stats_get(struct db *db, struct db_stats *out)
{
	*out = (struct db_stats){
		.commits = atomic_load(&db->commits),
		.groups = atomic_load(&db->groups),
		.retries = atomic_load(&db->retries),
		.rollbacks = atomic_load(&db->rollbacks),
		.busy_us = atomic_load(&db->busy_us),
		.round_trips = atomic_load(&db->round_trips),
	};
	db->ops->stats(db, out);
}

/* ---- Statements ---- */

static char lower(char c)
{
	return (char)(c | 0x20);
}

static enum result values_check(const struct db_stmt *stmt, const struct db_value *values, size_t count,
                                struct error *e)
{
	size_t wanted = strlen(stmt->params);
	if (count != wanted)
		return db_bug(e, stmt, "wrong number of parameters");
	if (wanted > DB_PARAMS_MAX)
		return db_bug(e, stmt, "too many parameters");
	for (size_t i = 0; i < count; i++) {
		char want = stmt->params[i];
		if (values[i].type == 0) {
			if (want == lower(want))
				return db_bug(e, stmt, "NULL for a parameter that may not be NULL");
			continue;
		}
		if (values[i].type != lower(want))
			return db_bug(e, stmt, "a parameter of the wrong type");
		/* Both engines refuse the same text: PostgreSQL would abort the transaction, SQLite would store it. */
		if (values[i].type == 't' && !str_utf8_valid(values[i].s))
			return error_set(e, ERR_INVALID, "db.text", NULL, "%s: parameter %zu is not valid UTF-8 text",
			                 stmt->name, i + 1);
	}
	return OK;
}

/* What stands before every statement: the transaction still lives, in time, and no fault is due. */
static enum result stmt_admit(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values,
                              size_t *count, struct error *e)
{
	if (tx->failure.result != OK) {
		if (e)
			*e = tx->failure;
		return tx->failure.result;
	}
	if (*count == 1 && values[0].type == '-')
		*count = 0;
	TRY(values_check(stmt, values, *count, e));
	if (tx->deadline && clock_monotonic() > tx->deadline)
		return error_set(e, ERR_BUSY, "db.too_slow", NULL, "The transaction took too long (at %s).",
		                 stmt->name);
	return fault_step(tx->db, e);
}

static enum result exec(struct db_tx *tx, const struct db_stmt *stmt, int64_t *changed, bool later, struct error *e,
                        const struct db_value *values, size_t count)
{
	struct error local = { 0 };
	enum result r = *stmt->cols ? db_bug(&local, stmt, "db_exec() of a statement with columns")
	                            : stmt_admit(tx, stmt, values, &count, &local);
	if (r == OK)
		r = tx->db->ops->exec(tx, stmt, values, count, changed, later, &local);
	if (r == OK)
		return OK;
	if (e)
		*e = local;
	return tx_fail(tx, &local);
}

enum result db_exec_values(struct db_tx *tx, const struct db_stmt *stmt, int64_t *changed, struct error *e,
                           const struct db_value *values, size_t count)
{
	int64_t rows = 0;
	TRY(exec(tx, stmt, changed ? &rows : NULL, false, e, values, count));
	if (changed)
		*changed = rows;
	return OK;
}

enum result db_exec_later_values(struct db_tx *tx, const struct db_stmt *stmt, int64_t *changed, struct error *e,
                                 const struct db_value *values, size_t count)
{
	*changed = 0;
	return exec(tx, stmt, changed, true, e, values, count);
}

enum result db_wait(struct db_tx *tx, struct error *e)
{
	struct error local = { 0 };
	if (!tx->db->ops->wait || tx->db->ops->wait(tx, &local) == OK)
		return OK;
	if (e)
		*e = local;
	return tx_fail(tx, &local);
}

static enum result query(struct db_tx *tx, const struct db_stmt *stmt, bool later, struct db_rows **out,
                         struct error *e, const struct db_value *values, size_t count)
{
	struct error local = { 0 };
	enum result r = *stmt->cols ? stmt_admit(tx, stmt, values, &count, &local)
	                            : db_bug(&local, stmt, "db_query() of a statement without columns");
	struct db_rows *rows = NULL;
	if (r == OK) {
		rows = mem_calloc(1, sizeof(*rows));
		r = rows ? OK : error_nomem(&local);
	}
	if (r == OK) {
		rows->tx = tx;
		rows->stmt = stmt;
		rows->cols = (int)strlen(stmt->cols);
		rows->later = later || tx->together;
		r = tx->db->ops->query(tx, stmt, values, count, rows, &local);
	}
	if (r != OK) {
		mem_free(rows);
		if (e)
			*e = local;
		return tx_fail(tx, &local);
	}
	rows->next = tx->open;
	rows->link = &tx->open;
	if (tx->open)
		tx->open->link = &rows->next;
	tx->open = rows;
	*out = rows;
	return OK;
}

enum result db_query_values(struct db_tx *tx, const struct db_stmt *stmt, struct db_rows **out, struct error *e,
                            const struct db_value *values, size_t count)
{
	return query(tx, stmt, false, out, e, values, count);
}

/* At most EACH_MAX at once: what they answer lies in memory together. */
static enum result each_some(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, int from,
                             int to, db_each_fn *fn, void *arg, struct error *e)
{
	struct db_rows *rows[EACH_MAX] = { 0 };
	size_t per = strlen(stmt->params);
	enum result r = OK;

	for (int i = from; i < to && r == OK; i++)
		r = query(tx, stmt, true, &rows[i - from], e, values + (size_t)i * per, per);
	for (int i = from; i < to && r == OK; i++) {
		r = fn(rows[i - from], i, arg, e);
		db_rows_free(rows[i - from]);
		rows[i - from] = NULL;
	}
	for (int i = from; i < to; i++)
		db_rows_free(rows[i - from]);
	return r;
}

enum result db_each(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, int runs,
                    db_each_fn *fn, void *arg, struct error *e)
{
	int step = tx->db->engine == DB_POSTGRES ? EACH_MAX : 1; /* SQLite would prepare it once more for each */

	for (int from = 0; from < runs; from += step)
		TRY(each_some(tx, stmt, values, from, runs - from < step ? runs : from + step, fn, arg, e));
	return OK;
}

enum result db_each_id_values(struct db_tx *tx, const struct db_stmt *stmt, const int64_t *ids, int count,
                              db_each_fn *fn, void *arg, struct error *e, const struct db_value *further)
{
	size_t per = strlen(stmt->params);
	struct db_value *values = arena_array(tx->arena, (size_t)count * per + 1, sizeof(*values));

	if (!values)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		struct db_value *v = values + (size_t)i * per;

		v[0] = DB_INT(id_bucket(ids[i]));
		v[1] = DB_INT(ids[i]);
		memcpy(v + 2, further, (per - 2) * sizeof(*v));
	}
	return db_each(tx, stmt, values, count, fn, arg, e);
}

enum result db_null_bug(struct error *e, const struct db_stmt *stmt)
{
	return db_bug(e, stmt, "NULL in a column that may not be NULL");
}

enum db_step db_next(struct db_rows *rows, struct error *e)
{
	struct db_tx *tx = rows->tx;
	struct error local; /* every failure fills it: nothing is cleared for each row */
	enum db_step step = DB_ERR;
	rows->on_row = false;
	if (rows->done)
		return DB_DONE;
	if (tx->failure.result != OK)
		local = tx->failure;
	else if (fault_step(tx->db, &local) == OK)
		step = tx->db->ops->next(rows, &local);
	if (step == DB_ERR) {
		if (e)
			*e = local;
		(void)tx_fail(tx, &local);
	}
	rows->on_row = step == DB_ROW;
	rows->done = step == DB_DONE;
	return step;
}

void db_rows_free(struct db_rows *rows)
{
	if (!rows)
		return;
	rows->tx->db->ops->rows_close(rows);
	*rows->link = rows->next;
	if (rows->next)
		rows->next->link = rows->link;
	mem_free(rows);
}

enum result db_query_one_values(struct db_tx *tx, const struct db_stmt *stmt, struct db_rows **out, bool *found,
                                struct error *e, const struct db_value *values, size_t count)
{
	struct db_rows *rows = NULL;
	TRY(db_query_values(tx, stmt, &rows, e, values, count));
	struct error local = { 0 };
	enum db_step step = db_next(rows, &local);
	if (step == DB_ERR) {
		db_rows_free(rows);
		if (e)
			*e = local;
		return local.result;
	}
	*found = step == DB_ROW;
	*out = rows;
	return OK;
}

/* ---- Values of the current row ---- */

static bool column_is(const struct db_rows *rows, int col, char type)
{
	if (!rows->on_row)
		(void)db_bug(NULL, rows->stmt, "a column is read where there is no row");
	else if (col < 0 || col >= rows->cols || (type && lower(rows->stmt->cols[col]) != type))
		(void)db_bug(NULL, rows->stmt, "a column is read as another type than its signature says");
	else
		return true;
	return false;
}

bool db_is_null(const struct db_rows *rows, int col)
{
	return !column_is(rows, col, 0) || rows->tx->db->ops->is_null(rows, col);
}

int64_t db_int(const struct db_rows *rows, int col)
{
	return column_is(rows, col, 'i') ? rows->tx->db->ops->col_int(rows, col) : 0;
}

double db_real(const struct db_rows *rows, int col)
{
	return column_is(rows, col, 'r') ? rows->tx->db->ops->col_real(rows, col) : 0;
}

struct str db_text(const struct db_rows *rows, int col)
{
	return column_is(rows, col, 't') ? rows->tx->db->ops->col_bytes(rows, col) : STR("");
}

struct str db_blob(const struct db_rows *rows, int col)
{
	return column_is(rows, col, 'b') ? rows->tx->db->ops->col_bytes(rows, col) : STR("");
}

char *db_text_dup(const struct db_rows *rows, int col, struct arena *a)
{
	struct str s = db_text(rows, col);
	return arena_strndup(a, s.n ? s.p : "", s.n);
}
