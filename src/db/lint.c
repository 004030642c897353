/* Every statement of the program, prepared on this database. */
#include "db/internal.h"
#include <ctype.h>
#include <stdio.h>

/* PostgreSQL does not mind a parameter that has a type and no use. */
static bool param_used(const struct db_stmt *stmt, size_t n)
{
	char name[32];
	int length = snprintf(name, sizeof(name), "$%zu", n);
	for (const char *p = strstr(stmt->sql, name); p; p = strstr(p + 1, name))
		if (!isdigit((unsigned char)p[length]))
			return true;
	return false;
}

/* Does this text stand directly before p? */
static bool follows(const char *sql, const char *p, const char *text)
{
	size_t n = strlen(text);
	return (size_t)(p - sql) >= n && strncmp(p - n, text, n) == 0;
}

/* What one of the engines takes and the other takes otherwise. */
static const char *text_fault(const struct db_stmt *stmt)
{
	if (strchr(stmt->sql, '"'))
		return "double quotes: a misspelt name would be a string";
	if (strchr(stmt->sql, '?'))
		return "parameters are $1 … $n";
	if (strstr(stmt->sql, "FOR UPDATE"))
		return "FOR UPDATE: use a guarded UPDATE and the count";
	if (strstr(stmt->sql, " LIKE "))
		return "LIKE folds case on one engine only: match a stored, folded column";
	for (const char *p = strstr(stmt->sql, "SUM("); p; p = strstr(p + 1, "SUM("))
		if (!follows(stmt->sql, p, "CAST(") && !follows(stmt->sql, p, "CAST(COALESCE("))
			return "SUM is numeric on PostgreSQL: CAST(SUM(x) AS BIGINT)";
	for (const char *p = stmt->params; *p; p++)
		if (!strchr("itbrITBR", *p))
			return "an unknown letter in the signature of the parameters";
	for (const char *p = stmt->cols; *p; p++)
		if (!strchr("itbrITBR", *p))
			return "an unknown letter in the signature of the columns";
	for (size_t n = 1; n <= strlen(stmt->params); n++)
		if (!param_used(stmt, n))
			return "a parameter of the signature is not in the text";
	return strlen(stmt->params) > DB_PARAMS_MAX ? "too many parameters" : NULL;
}

enum result db_lint(struct db *db, void *out_file, int *bad, struct error *e)
{
	(void)e;
	size_t count;
	const struct db_stmt *all = db_stmts(&count);
	int faults = 0;
	for (size_t i = 0; i < count; i++) {
		const struct db_stmt *stmt = &all[i];
		if (stmt_foreign(stmt, db->engine))
			continue;
		struct error why = { 0 };
		bool native = stmt_foreign(stmt, db->engine == DB_SQLITE ? DB_POSTGRES : DB_SQLITE);
		const char *fault = native ? NULL : text_fault(stmt);
		if (!fault && db->ops->check(db, stmt, &why) != OK)
			fault = why.detail;
		if (!fault)
			continue;
		faults++;
		if (out_file)
			fprintf(out_file, "%s:%d: %s (%s): %s\n", stmt->file, stmt->line, stmt->name,
			        db_engine_name(db), fault);
	}
	*bad = faults;
	return OK;
}
