/* SQLite: connections, cached statements, cursors, the pool of readers. */
#include <pthread.h>
#include "db/sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_OPS 4000 /* virtual-machine steps between two looks at the deadline */

enum result sqlite_fail(sqlite3 *h, int rc, const char *what, struct error *e)
{
	int ext = h ? sqlite3_extended_errcode(h) : rc;
	const char *msg = h ? sqlite3_errmsg(h) : sqlite3_errstr(rc);
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		if (ext == SQLITE_CONSTRAINT_UNIQUE || ext == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    ext == SQLITE_CONSTRAINT_ROWID)
			return error_set(e, ERR_CONFLICT, "db.unique", NULL, "%s: %s", what, msg);
		return error_set(e, ERR_CONFLICT, "db.constraint", NULL, "%s: %s", what, msg);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(e, ERR_RETRY, "db.busy", NULL, "%s: %s", what, msg);
	case SQLITE_INTERRUPT:
		return error_set(e, ERR_BUSY, "db.too_slow", NULL, "%s: stopped after its time limit", what);
	case SQLITE_FULL:
		return error_set(e, ERR_IO, "db.full", NULL, "%s: the disk is full", what);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return error_set(e, ERR_IO, "db.io", NULL, "%s: %s (%d)", what, msg, ext);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_set(e, ERR_CORRUPT, "db.corrupt", NULL, "%s: %s", what, msg);
	case SQLITE_NOMEM:
		return error_nomem(e);
	case SQLITE_TOOBIG:
		return error_set(e, ERR_TOO_LARGE, "db.too_large", NULL, "%s: %s", what, msg);
	default:
		return error_set(e, ERR_INTERNAL, "db.sql", NULL, "%s: %s (%d)", what, msg, ext);
	}
}

/* ---- Connections ---- */

static int reader_deadline(void *arg)
{
	struct sqlite_conn *c = arg;
	return c->deadline && clock_monotonic() > c->deadline;
}

enum result sqlite_run(struct sqlite_conn *c, const char *sql, struct error *e)
{
	int rc = sqlite3_exec(c->h, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : sqlite_fail(c->h, rc, "db", e);
}

enum result sqlite_control(struct sqlite_conn *c, enum sqlite_control what, struct error *e)
{
	static const char *const texts[C_COUNT] = { "BEGIN",         "BEGIN IMMEDIATE",  "COMMIT",
		                                    "ROLLBACK",      "SAVEPOINT member", "ROLLBACK TO member",
		                                    "RELEASE member" };
	sqlite3_stmt **st = &c->control[what];
	enum result r = OK;
	int rc = *st ? SQLITE_OK : sqlite3_prepare_v3(c->h, texts[what], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(*st);
	if (rc != SQLITE_DONE)
		r = sqlite_fail(c->h, rc, "db", e);
	sqlite3_reset(*st);
	return r;
}

static enum result conn_configure(struct sqlite_conn *c, bool writer, struct error *e)
{
	sqlite3_extended_result_codes(c->h, 1);
	sqlite3_busy_timeout(c->h, SQLITE_BUSY_MS);
	sqlite3_db_config(c->h, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
	sqlite3_db_config(c->h, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
	sqlite3_db_config(c->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	char sql[400];
	snprintf(sql, sizeof(sql),
	         "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA foreign_keys=ON; PRAGMA temp_store=%s;"
	         "PRAGMA cache_size=-%d; PRAGMA journal_size_limit=%d;%s",
	         c->s->unsafe_no_sync ? "OFF" : "FULL", writer ? "DEFAULT" : "MEMORY",
	         writer ? SQLITE_WRITER_CACHE_KIB : SQLITE_READER_CACHE_KIB, SQLITE_WAL_KEEP_BYTES,
	         writer ? "" : "PRAGMA query_only=ON;");
	TRY(sqlite_run(c, sql, e));
	sqlite3_wal_autocheckpoint(c->h, 0);
	if (!writer)
		sqlite3_progress_handler(c->h, PROGRESS_OPS, reader_deadline, c);
	return OK;
}

/* What a savepoint changed is kept in one piece of memory up to this size, beyond it in a temporary file. With
 * temp_store=MEMORY it would be a list of 1 KiB pieces that each released savepoint walks from its head: a member of
 * 500 rows took three times as long. */
#define SUBJOURNAL_BYTES (16 << 20)
static void sqlite_prepare(void)
{
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, SUBJOURNAL_BYTES);
	/* Nobody asks how much memory SQLite has; counting it takes a lock of the whole process at each allocation. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite_pages_prepare();
}

void sqlite_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, sqlite_prepare);
}

enum result sqlite_conn_new(struct sqlite_db *s, bool writer, struct sqlite_conn **out, struct error *e)
{
	size_t statements;
	(void)db_stmts(&statements);
	struct sqlite_conn *c = mem_calloc(1, sizeof(*c));
	struct sqlite_slot *slots = mem_calloc(statements, sizeof(*slots));
	if (!c || !slots) {
		mem_free(c);
		mem_free(slots);
		return error_nomem(e);
	}
	c->s = s;
	c->slots = slots;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(s->path, &c->h, flags | (writer ? SQLITE_OPEN_CREATE : 0),
	                         writer && s->wal_vfs ? wal_vfs_name(s->wal_vfs) : s->vfs);
	enum result r = rc == SQLITE_OK ? conn_configure(c, writer, e) : sqlite_fail(c->h, rc, "open", e);
	if (r != OK) {
		sqlite_conn_free(c);
		return r;
	}
	*out = c;
	return OK;
}

void sqlite_conn_free(struct sqlite_conn *c)
{
	if (!c)
		return;
	size_t statements;
	(void)db_stmts(&statements);
	for (size_t i = 0; i < statements; i++) {
		sqlite3_finalize(c->slots[i].st);
		mem_free(c->slots[i].map);
	}
	mem_free(c->slots);
	for (int i = 0; i < C_COUNT; i++)
		sqlite3_finalize(c->control[i]);
	sqlite3_close(c->h);
	mem_free(c);
}

/* ---- Statements ---- */

static enum result stmt_prepare(struct sqlite_conn *c, const struct db_stmt *stmt, sqlite3_stmt **out, struct error *e)
{
	int rc = sqlite3_prepare_v3(c->h, stmt->sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
	return rc == SQLITE_OK ? OK : sqlite_fail(c->h, rc, stmt->name, e);
}

/* SQLite numbers $2 first if it appears first: the names are looked up once. */
static enum result stmt_map(sqlite3_stmt *st, const struct db_stmt *stmt, unsigned short **out, struct error *e)
{
	size_t n = strlen(stmt->params);
	unsigned short *map = mem_calloc(n + 1, sizeof(*map));
	if (!map)
		return error_nomem(e);
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "$%zu", i + 1);
		map[i] = (unsigned short)sqlite3_bind_parameter_index(st, name);
		if (!map[i]) {
			mem_free(map);
			return db_bug(e, stmt, "a parameter of the signature is not in the text");
		}
	}
	const char *wrong = NULL;
	if ((size_t)sqlite3_bind_parameter_count(st) != n)
		wrong = "the text has more parameters than the signature";
	else if ((size_t)sqlite3_column_count(st) != strlen(stmt->cols))
		wrong = "the text has another number of columns than the signature";
	if (wrong) {
		mem_free(map);
		return db_bug(e, stmt, wrong);
	}
	*out = map;
	return OK;
}

/* Lends the cached statement, or a fresh one where that is in use. */
static enum result stmt_take(struct sqlite_conn *c, const struct db_stmt *stmt, sqlite3_stmt **st,
                             struct sqlite_slot **slot, struct error *e)
{
	struct sqlite_slot *cached = &c->slots[stmt_index(stmt)];
	if (!cached->st) {
		sqlite3_stmt *fresh = NULL;
		TRY(stmt_prepare(c, stmt, &fresh, e));
		enum result r = stmt_map(fresh, stmt, &cached->map, e);
		if (r != OK) {
			sqlite3_finalize(fresh);
			return r;
		}
		cached->st = fresh;
	}
	if (cached->busy) {
		TRY(stmt_prepare(c, stmt, st, e));
		*slot = NULL;
		return OK;
	}
	cached->busy = true;
	*st = cached->st;
	*slot = cached;
	return OK;
}

static void stmt_give(sqlite3_stmt *st, struct sqlite_slot *slot)
{
	if (!slot) {
		sqlite3_finalize(st);
		return;
	}
	sqlite3_reset(st);
	slot->busy = false;
}

static int bind_one(sqlite3_stmt *st, int i, const struct db_value *v, sqlite3_destructor_type life)
{
	const char *p = v->s.n ? v->s.p : ""; /* a NULL pointer would bind NULL */
	switch (v->type) {
	case 'i':
		return sqlite3_bind_int64(st, i, v->i);
	case 'r':
		return sqlite3_bind_double(st, i, v->r);
	case 't':
		return sqlite3_bind_text64(st, i, p, v->s.n, life, SQLITE_UTF8);
	case 'b':
		return sqlite3_bind_blob64(st, i, p, v->s.n, life);
	default:
		return sqlite3_bind_null(st, i);
	}
}

static enum result stmt_bind(struct sqlite_conn *c, sqlite3_stmt *st, const struct db_stmt *stmt,
                             const struct db_value *values, size_t count, sqlite3_destructor_type life, struct error *e)
{
	const unsigned short *map = c->slots[stmt_index(stmt)].map;
	for (size_t i = 0; i < count; i++) {
		int rc = bind_one(st, map[i], &values[i], life);
		if (rc != SQLITE_OK)
			return sqlite_fail(c->h, rc, stmt->name, e);
	}
	return OK;
}

static enum result sqlite_exec(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values,
                               size_t count, int64_t *changed, bool later, struct error *e)
{
	(void)later;
	struct sqlite_conn *c = tx->conn;
	sqlite3_stmt *st = NULL;
	struct sqlite_slot *slot = NULL;
	TRY(stmt_take(c, stmt, &st, &slot, e));
	/* Values outlive this call, not more: the next execution binds all of them anew. */
	enum result r = stmt_bind(c, st, stmt, values, count, SQLITE_STATIC, e);
	if (r == OK) {
		int rc = sqlite3_step(st);
		if (rc != SQLITE_DONE)
			r = sqlite_fail(c->h, rc, stmt->name, e);
		else if (changed)
			*changed = sqlite3_stmt_readonly(st) ? 0 : sqlite3_changes64(c->h);
	}
	stmt_give(st, slot);
	return r;
}

static enum result sqlite_query(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values,
                                size_t count, struct db_rows *rows, struct error *e)
{
	struct sqlite_conn *c = tx->conn;
	sqlite3_stmt *st = NULL;
	struct sqlite_slot *slot = NULL;
	TRY(stmt_take(c, stmt, &st, &slot, e));
	enum result r = stmt_bind(c, st, stmt, values, count, SQLITE_TRANSIENT, e);
	if (r != OK) {
		stmt_give(st, slot);
		return r;
	}
	rows->handle = st;
	rows->slot = slot;
	return OK;
}

static bool type_fits(int type, char letter)
{
	switch (letter | 0x20) {
	case 'i':
		return type == SQLITE_INTEGER;
	case 'r':
		return type == SQLITE_FLOAT || type == SQLITE_INTEGER;
	case 't':
		return type == SQLITE_TEXT;
	default:
		return type == SQLITE_BLOB;
	}
}

/* Lower-case letters may not be NULL. */
static enum result row_check(sqlite3_stmt *st, const struct db_stmt *stmt, struct error *e)
{
	for (int i = 0; stmt->cols[i]; i++) {
		int type = sqlite3_column_type(st, i);
		if (type_fits(type, stmt->cols[i]))
			continue;
		if (type != SQLITE_NULL)
			return db_bug(e, stmt, "a column of another type than the signature says");
		if (stmt->cols[i] & 0x20)
			return db_null_bug(e, stmt);
	}
	return OK;
}

static enum db_step sqlite_next(struct db_rows *rows, struct error *e)
{
	struct sqlite_conn *c = rows->tx->conn;
	int rc = sqlite3_step(rows->handle);
	if (rc == SQLITE_DONE) {
		sqlite3_reset(rows->handle); /* a cursor that stays open would hold its snapshot */
		return DB_DONE;
	}
	if (rc != SQLITE_ROW) {
		sqlite_fail(c->h, rc, rows->stmt->name, e);
		return DB_ERR;
	}
	return row_check(rows->handle, rows->stmt, e) == OK ? DB_ROW : DB_ERR;
}

static void sqlite_rows_close(struct db_rows *rows)
{
	stmt_give(rows->handle, rows->slot);
}

static bool sqlite_is_null(const struct db_rows *rows, int col)
{
	return sqlite3_column_type(rows->handle, col) == SQLITE_NULL;
}

static int64_t sqlite_col_int(const struct db_rows *rows, int col)
{
	return sqlite3_column_int64(rows->handle, col);
}

static double sqlite_col_real(const struct db_rows *rows, int col)
{
	return sqlite3_column_double(rows->handle, col);
}

static struct str sqlite_col_bytes(const struct db_rows *rows, int col)
{
	const char *p = sqlite3_column_blob(rows->handle, col);
	size_t n = (size_t)sqlite3_column_bytes(rows->handle, col);
	return p ? (struct str){ p, n } : STR("");
}

static enum result sqlite_script(struct db_tx *tx, const char *sql, struct error *e)
{
	TRY(fault_step(tx->db, e));
	return sqlite_run(tx->conn, sql, e);
}

/* ---- Readers ---- */

static enum result reader_take(struct sqlite_db *s, struct sqlite_conn **out, struct error *e)
{
	struct sqlite_conn *c = NULL;
	pthread_mutex_lock(&s->lock);
	while (!s->idle && s->readers_open == s->readers)
		pthread_cond_wait(&s->idle_cond, &s->lock);
	if (s->idle) {
		c = s->idle;
		s->idle = c->next_idle;
	} else {
		s->readers_open++;
	}
	pthread_mutex_unlock(&s->lock);
	if (!c) {
		enum result r = sqlite_conn_new(s, false, &c, e);
		if (r != OK) {
			pthread_mutex_lock(&s->lock);
			s->readers_open--;
			pthread_cond_signal(&s->idle_cond);
			pthread_mutex_unlock(&s->lock);
			return r;
		}
	}
	*out = c;
	return OK;
}

static void reader_give(struct sqlite_db *s, struct sqlite_conn *c)
{
	pthread_mutex_lock(&s->lock);
	c->next_idle = s->idle;
	s->idle = c;
	pthread_cond_signal(&s->idle_cond);
	pthread_mutex_unlock(&s->lock);
}

static enum result sqlite_read(struct db *db, db_fn *fn, void *arg, struct error *e)
{
	struct sqlite_db *s = db->impl;
	struct sqlite_conn *c = NULL;
	TRY(reader_take(s, &c, e));
	struct db_tx tx;
	enum result r = tx_begin(&tx, db, c, false, e);
	if (r == OK) {
		c->deadline = tx.deadline = clock_monotonic() + db_limit_us(db);
		r = sqlite_control(c, C_BEGIN, e);
		if (r == OK) {
			r = tx_call(&tx, fn, arg, e);
			c->deadline = 0;
			struct error ignored;
			if (!sqlite3_get_autocommit(c->h) && sqlite_control(c, C_ROLLBACK, &ignored) != OK && r == OK) {
				*e = ignored;
				r = ignored.result;
			}
		}
		c->deadline = 0;
		if (r == OK)
			tx_run_hooks(&tx);
	}
	tx_end(&tx);
	reader_give(s, c);
	return r;
}

static enum result sqlite_check(struct db *db, const struct db_stmt *stmt, struct error *e)
{
	struct sqlite_db *s = db->impl;
	struct sqlite_conn *c = NULL;
	TRY(reader_take(s, &c, e));
	sqlite3_stmt *st = NULL;
	enum result r = stmt_prepare(c, stmt, &st, e);
	if (r == OK)
		r = sqlite_stmt_check(c, st, stmt, e);
	sqlite3_finalize(st);
	reader_give(s, c);
	return r;
}

/* ---- Opening, closing ---- */

/* One process has the file: a lock of our own beside it, because opening and closing the file itself would drop
 * SQLite's POSIX locks. */
static enum result file_lock(struct sqlite_db *s, struct error *e)
{
	char name[4096];
	if ((size_t)snprintf(name, sizeof(name), "%s.lock", s->path) >= sizeof(name))
		return error_set(e, ERR_IO, "db.open", NULL, "The path of the database is too long.");
	s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return error_set(e, ERR_IO, "db.open", NULL, "%s: %s", name, strerror(errno));
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(e, ERR_BUSY, "db.locked", NULL, "Another process has %s open.", s->path);
	return OK;
}

static enum result file_make(const struct sqlite_db *s, bool create, struct error *e)
{
	if (s->vfs)
		return OK;
	if (create) { /* readable by its owner only, and so are the files SQLite makes beside it */
		int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		else if (errno != EEXIST)
			return error_set(e, ERR_IO, "db.open", NULL, "%s: %s", s->path, strerror(errno));
	} else if (access(s->path, F_OK) != 0) {
		return error_set(e, ERR_IO, "db.open", NULL, "%s: %s", s->path, strerror(errno));
	}
	return OK;
}

static void sqlite_free(struct sqlite_db *s)
{
	while (s->idle) {
		struct sqlite_conn *c = s->idle;
		s->idle = c->next_idle;
		sqlite_conn_free(c);
	}
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_cond_destroy(&s->idle_cond);
	pthread_mutex_destroy(&s->lock);
	wal_vfs_free(s->wal_vfs);
	mem_free(s->path);
	mem_free(s);
}

static void sqlite_close(struct db *db)
{
	struct sqlite_db *s = db->impl;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		int idle = 0;
		for (struct sqlite_conn *c = s->idle; c; c = c->next_idle)
			idle++;
		if (idle == s->readers_open)
			break;
		pthread_cond_wait(&s->idle_cond, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	writer_stop(s);
	sqlite_free(s);
}

static const struct db_ops sqlite_ops = {
	.name = "sqlite",
	.close = sqlite_close,
	.transact = writer_transact,
	.read = sqlite_read,
	.exec = sqlite_exec,
	.query = sqlite_query,
	.next = sqlite_next,
	.rows_close = sqlite_rows_close,
	.is_null = sqlite_is_null,
	.col_int = sqlite_col_int,
	.col_real = sqlite_col_real,
	.col_bytes = sqlite_col_bytes,
	.script = sqlite_script,
	.check = sqlite_check,
	.backup = sqlite_backup,
	.stats = writer_stats,
};

enum result sqlite_open(struct db *db, const struct db_config *config, struct error *e)
{
	struct sqlite_db *s = mem_calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(e);
	s->db = db;
	s->lock_fd = -1;
	s->vfs = config->vfs;
	s->unsafe_no_sync = config->unsafe_no_sync;
	s->readers = config->readers > 0 ? config->readers : DB_READERS_DEFAULT;
	s->checkpoint_pages = config->checkpoint_pages > 0 ? config->checkpoint_pages : DB_CHECKPOINT_PAGES;
	s->group_us = SQLITE_GROUP_US;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle_cond, NULL);
	s->path = mem_strdup(config->url);
	enum result r = s->path ? OK : error_nomem(e);
	if (r == OK && !config->create)
		r = file_make(s, false, e);
	if (r == OK)
		r = file_lock(s, e);
	if (r == OK && config->create)
		r = file_make(s, true, e);
	db->impl = s;
	db->ops = &sqlite_ops;
	sqlite_ready();
	if (r == OK && !s->unsafe_no_sync)
		r = wal_vfs_new(s->vfs, &s->wal_vfs, e);
	if (r == OK)
		r = writer_start(s, e);
	if (r != OK)
		sqlite_free(s);
	return r;
}
