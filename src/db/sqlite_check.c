/* A statement against its signature, and the plan that SQLite makes of it. */
#include "db/sqlite.h"
#include <stdio.h>

static bool decl_fits(const char *decl, char letter)
{
	if (!decl)
		return true; /* an expression: its rows are checked */
	switch (letter | 0x20) {
	case 'i':
		return sqlite3_stricmp(decl, "INTEGER") == 0 || sqlite3_stricmp(decl, "INT") == 0;
	case 't':
		return sqlite3_stricmp(decl, "TEXT") == 0;
	case 'b':
		return sqlite3_stricmp(decl, "BLOB") == 0;
	default:
		return sqlite3_stricmp(decl, "REAL") == 0;
	}
}

static enum result stmt_check(sqlite3_stmt *st, const struct db_stmt *stmt, struct error *e)
{
	size_t params = strlen(stmt->params), cols = strlen(stmt->cols);
	if ((size_t)sqlite3_bind_parameter_count(st) != params || (size_t)sqlite3_column_count(st) != cols)
		return error_set(e, ERR_INVALID, "db.signature", NULL, "the text has %d parameters and %d columns",
		                 sqlite3_bind_parameter_count(st), sqlite3_column_count(st));
	for (size_t i = 0; i < params; i++) {
		char name[32];
		snprintf(name, sizeof(name), "$%zu", i + 1);
		if (!sqlite3_bind_parameter_index(st, name))
			return error_set(e, ERR_INVALID, "db.signature", NULL, "%s is not in the text", name);
	}
	for (size_t i = 0; i < cols; i++)
		if (!decl_fits(sqlite3_column_decltype(st, (int)i), stmt->cols[i]))
			return error_set(e, ERR_INVALID, "db.signature", NULL, "column %zu is %s", i + 1,
			                 sqlite3_column_decltype(st, (int)i));
	return OK;
}

#define PLAN_DETAIL 3 /* column of EXPLAIN QUERY PLAN */

/* Rows of a person lie in their bucket. Without statistics SQLite prefers any index that covers what is asked for: one
 * that begins with the day or the currency reads everybody's. */
static enum result plan_check(struct sqlite_conn *c, const struct db_stmt *stmt, struct error *e)
{
	char sql[8192];
	sqlite3_stmt *st = NULL;
	enum result r = OK;
	if (!strstr(stmt->sql, "rkey = $") ||
	    snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", stmt->sql) >= (int)sizeof(sql))
		return OK;
	if (sqlite3_prepare_v2(c->h, sql, -1, &st, NULL) != SQLITE_OK)
		return sqlite_fail(c->h, sqlite3_errcode(c->h), stmt->name, e);
	while (r == OK && sqlite3_step(st) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(st, PLAN_DETAIL);
		if (step && strstr(step, "MULTI-INDEX OR")) /* each branch has its own */
			break;
		if (step && strncmp(step, "SEARCH", 6) == 0 && strstr(step, " INDEX ") && !strstr(step, "rkey="))
			r = error_set(e, ERR_INTERNAL, "db.plan", NULL,
			              "it names a bucket and is read by another index: %s", step);
	}
	sqlite3_finalize(st);
	return r;
}

enum result sqlite_stmt_check(struct sqlite_conn *c, sqlite3_stmt *st, const struct db_stmt *stmt, struct error *e)
{
	TRY(stmt_check(st, stmt, e));
	return plan_check(c, stmt, e);
}
