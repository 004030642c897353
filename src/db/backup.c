/* Backup and restore. SQLite: the backup API on the writer's own connection, some pages between two groups, so that no
 * long read holds the WAL and no write starts it anew. PostgreSQL: pg_dump and pg_restore. */
#include "db/sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define ENV_MAX 512

extern char **environ;

/* ---- Files ---- */

static enum result path_join(char out[PATH_BYTES], const char *path, const char *suffix, struct error *e)
{
	if (snprintf(out, PATH_BYTES, "%s%s", path, suffix) >= PATH_BYTES)
		return error_set(e, ERR_INVALID, "backup.path", NULL, "The path is too long.");
	return OK;
}

static enum result file_sync(const char *path, int flags, struct error *e)
{
	int fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return error_set(e, ERR_IO, "backup.sync", NULL, "%s: %s", path, strerror(why));
	}
	close(fd);
	return OK;
}

/* Durable under its final name, or not there at all. */
static enum result file_publish(const char *temp, const char *path, struct error *e)
{
	TRY(file_sync(temp, O_RDWR, e));
	if (rename(temp, path) != 0)
		return error_set(e, ERR_IO, "backup.rename", NULL, "%s: %s", path, strerror(errno));
	char dir[PATH_BYTES];
	TRY(path_join(dir, path, "", e));
	char *slash = strrchr(dir, '/');
	if (!slash)
		snprintf(dir, sizeof(dir), ".");
	else
		slash[slash == dir] = '\0';
	return file_sync(dir, O_RDONLY | O_DIRECTORY, e);
}

static enum result file_create(const char *path, struct error *e)
{
	(void)!unlink(path); /* what an interrupted backup left */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(e, ERR_IO, "backup.create", NULL, "%s: %s", path, strerror(errno));
	close(fd);
	return OK;
}

/* ---- SQLite ---- */

struct copy {
	sqlite3 *to;
	sqlite3_backup *backup;
	int rc, total, left;
};

static enum result copy_begin(struct sqlite_conn *c, void *arg, struct error *e)
{
	struct copy *copy = arg;
	copy->backup = sqlite3_backup_init(copy->to, "main", c->h, "main");
	return copy->backup ? OK : sqlite_fail(copy->to, sqlite3_errcode(copy->to), "backup", e);
}

static enum result copy_step(struct sqlite_conn *c, void *arg, struct error *e)
{
	(void)c;
	(void)e;
	struct copy *copy = arg;
	copy->rc = sqlite3_backup_step(copy->backup, SQLITE_BACKUP_PAGES);
	copy->total = sqlite3_backup_pagecount(copy->backup);
	copy->left = sqlite3_backup_remaining(copy->backup);
	return OK;
}

static enum result copy_end(struct sqlite_conn *c, void *arg, struct error *e)
{
	(void)c;
	struct copy *copy = arg;
	int rc = sqlite3_backup_finish(copy->backup);
	copy->backup = NULL;
	return rc == SQLITE_OK ? OK : sqlite_fail(copy->to, rc, "backup", e);
}

static enum result copy_run(struct db *db, struct copy *copy, db_progress_fn *progress, void *arg, struct error *e)
{
	TRY(writer_task(db, copy_begin, copy, e));
	enum result r = OK;
	do {
		r = writer_task(db, copy_step, copy, e);
		if (r == OK && progress)
			progress(arg, copy->total - copy->left, copy->total);
	} while (r == OK && (copy->rc == SQLITE_OK || copy->rc == SQLITE_BUSY || copy->rc == SQLITE_LOCKED));
	struct error end = { 0 };
	enum result ended = writer_task(db, copy_end, copy, &end);
	if (r == OK && ended != OK) {
		*e = end;
		r = ended;
	}
	return r;
}

enum result sqlite_backup(struct db *db, const char *path, db_progress_fn *progress, void *arg, struct error *e)
{
	char temp[PATH_BYTES];
	TRY(path_join(temp, path, ".part", e));
	TRY(file_create(temp, e));
	struct copy copy = { 0 };
	int rc = sqlite3_open_v2(temp, &copy.to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);
	enum result r = rc == SQLITE_OK ? OK : sqlite_fail(copy.to, rc, "backup", e);
	if (r == OK) /* it is synced once, at the end */
		sqlite3_exec(copy.to, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", NULL, NULL, NULL);
	if (r == OK)
		r = copy_run(db, &copy, progress, arg, e);
	sqlite3_close(copy.to);
	if (r == OK)
		r = file_publish(temp, path, e);
	if (r != OK)
		(void)!unlink(temp);
	return r;
}

static enum result sqlite_empty(sqlite3 *h, struct error *e)
{
	sqlite3_stmt *st = NULL;
	int64_t tables = -1;
	if (sqlite3_prepare_v2(h, "SELECT COUNT(*) FROM sqlite_schema", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		tables = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (tables < 0)
		return sqlite_fail(h, sqlite3_errcode(h), "restore", e);
	return tables == 0 ? OK : error_set(e, ERR_CONFLICT, "restore.not_empty", NULL, "The database is not empty.");
}

static enum result sqlite_sound(sqlite3 *h, struct error *e)
{
	sqlite3_stmt *st = NULL;
	bool sound = sqlite3_prepare_v2(h, "PRAGMA quick_check(1)", -1, &st, NULL) == SQLITE_OK &&
	             sqlite3_step(st) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
	sqlite3_finalize(st);
	return sound ? OK : error_set(e, ERR_CORRUPT, "restore.damaged", NULL, "The backup is damaged.");
}

struct restore {
	sqlite3 *from;
};

static enum result restore_copy(struct sqlite_conn *c, void *arg, struct error *e)
{
	struct restore *restore = arg;
	TRY(sqlite_empty(c->h, e));
	sqlite3_backup *b = sqlite3_backup_init(c->h, "main", restore->from, "main");
	if (!b)
		return sqlite_fail(c->h, sqlite3_errcode(c->h), "restore", e);
	int rc = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	if (rc != SQLITE_DONE)
		return sqlite_fail(c->h, rc, "restore", e);
	rc = sqlite3_wal_checkpoint_v2(c->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc == SQLITE_OK ? OK : sqlite_fail(c->h, rc, "restore", e);
}

static enum result sqlite_restore(const struct db_config *config, const char *path, struct error *e)
{
	struct restore restore = { 0 };
	/* immutable: a backup is one file; nothing is made beside it. */
	char uri[PATH_BYTES];
	char *escaped = sqlite3_mprintf("file:%s?immutable=1", path);
	int n = snprintf(uri, sizeof(uri), "%s", escaped ? escaped : "");
	sqlite3_free(escaped);
	if (n <= 0 || n >= PATH_BYTES || strpbrk(path, "?#%"))
		return error_set(e, ERR_INVALID, "backup.path", NULL,
		                 "The path of a backup is short and without ? # %%.");
	int rc = sqlite3_open_v2(uri, &restore.from, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	enum result r = rc == SQLITE_OK ? sqlite_sound(restore.from, e) : sqlite_fail(restore.from, rc, "restore", e);
	struct db *db = NULL;
	if (r == OK) {
		struct db_config fresh = *config;
		fresh.create = true;
		r = db_open(&fresh, &db, e);
	}
	if (r == OK)
		r = writer_task(db, restore_copy, &restore, e);
	db_close(db);
	sqlite3_close(restore.from);
	return r;
}

/* ---- PostgreSQL ---- */

/* libpq's own environment variables: a password among the arguments could be read by every user of the machine. */
static enum result env_fill(const char *url, char *env[ENV_MAX], struct arena *a, struct error *e)
{
	int n = 0;
	for (char **v = environ; *v && n < ENV_MAX - 1; v++)
		if (strncmp(*v, "PG", 2) != 0)
			env[n++] = *v;
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	if (!options)
		return error_set(e, ERR_INVALID, "db.url", NULL, "The database's address cannot be read.");
	for (PQconninfoOption *o = options; o->keyword && n < ENV_MAX - 1; o++)
		if (o->val && o->envvar)
			env[n++] = arena_printf(a, "%s=%s", o->envvar, o->val);
	env[n] = NULL;
	PQconninfoFree(options);
	for (int i = 0; i < n; i++)
		if (!env[i])
			return error_nomem(e);
	return OK;
}

static enum result program_run(const char *url, char *const argv[], struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	char *env[ENV_MAX];
	if (!a)
		return error_nomem(e);
	TRY(env_fill(url, env, a, e));
	pid_t pid;
	int rc = posix_spawnp(&pid, argv[0], NULL, NULL, argv, env), status = 0;
	if (rc != 0)
		return error_set(e, ERR_IO, "backup.program", NULL, "%s: %s", argv[0], strerror(rc));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(e, ERR_IO, "backup.program", NULL, "%s failed; its reason stands above.", argv[0]);
	return OK;
}

enum result pg_backup(struct db *db, const char *path, db_progress_fn *progress, void *arg, struct error *e)
{
	char temp[PATH_BYTES];
	TRY(path_join(temp, path, ".part", e));
	TRY(file_create(temp, e));
	char *argv[] = { "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", temp, NULL };
	enum result r = program_run(db->url, argv, e);
	if (r == OK)
		r = file_publish(temp, path, e);
	if (r != OK)
		(void)!unlink(temp);
	else if (progress)
		progress(arg, 1, 1);
	return r;
}

DB_STMT(restore_tables_pg, "", "i",
        "SELECT COUNT(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())")

static enum result restore_empty(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &restore_tables_pg, &rows, &found, e, DB_NONE));
	return db_int(rows, 0) == 0
	               ? OK
	               : error_set(e, ERR_CONFLICT, "restore.not_empty", NULL, "The database is not empty.");
}

static enum result pg_restore(const struct db_config *config, const char *path, struct error *e)
{
	struct db *db = NULL;
	TRY(db_open(config, &db, e));
	enum result r = db_read(db, restore_empty, NULL, e);
	db_close(db);
	if (r != OK)
		return r;
	PQconninfoOption *options = PQconninfoParse(config->url, NULL);
	char name[256] = "";
	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, "dbname") == 0 && o->val)
			snprintf(name, sizeof(name), "%s", o->val);
	PQconninfoFree(options);
	char *argv[] = { "pg_restore",
		         "--no-owner",
		         "--no-privileges",
		         "--exit-on-error",
		         "--single-transaction",
		         "--dbname",
		         name,
		         (char *)path,
		         NULL };
	return program_run(config->url, argv, e);
}

/* ---- Doors ---- */

enum result db_backup(struct db *db, const char *path, db_progress_fn *progress, void *arg, struct error *e)
{
	struct error local = { 0 };
	enum result r = db->ops->backup(db, path, progress, arg, &local);
	if (r != OK && e)
		*e = local;
	return r;
}

enum result db_restore(const struct db_config *config, const char *path, struct error *e)
{
	struct error local = { 0 };
	enum result r =
	        url_is_postgres(config->url) ? pg_restore(config, path, &local) : sqlite_restore(config, path, &local);
	if (r != OK && e)
		*e = local;
	return r;
}
