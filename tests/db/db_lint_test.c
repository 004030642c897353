/* rooms: db base */
#include "kit/kit.h"
#include "db/db.h"
#include <stdlib.h>
#include <string.h>

/* Each wrong in one way; the room's own statements must be right. */
DB_STMT(lint_quotes, "", "t", "SELECT \"holder\" FROM node")
DB_STMT(lint_like, "t", "t", "SELECT holder FROM node WHERE holder LIKE $1")
DB_STMT(lint_sum, "", "I", "SELECT SUM(until) FROM node")
DB_STMT(lint_table, "", "i", "SELECT node FROM nosuch")
DB_STMT(lint_columns, "", "i", "SELECT node, until FROM node")
DB_STMT(lint_type, "", "t", "SELECT until FROM node")
DB_STMT(lint_params, "ii", "i", "SELECT node FROM node WHERE node = $1")
DB_STMT(lint_other_pg, "", "i", "SELECT 1 FROM pg_class WHERE oid = 0")
DB_STMT(lint_other_sqlite, "", "i", "SELECT 1 FROM sqlite_schema WHERE 1 = 0")
#define WRONG 7

static void wrong_statements_are_named_and_no_others(void **state)
{
	(void)state;
	struct db *db = kit_db();
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int bad = -1;
	assert_ok(db_lint(db, out, &bad, &kit_err));
	fclose(out);
	static const char *const wrong[WRONG] = { "lint_quotes",  "lint_like", "lint_sum",   "lint_table",
		                                  "lint_columns", "lint_type", "lint_params" };
	for (int i = 0; i < WRONG; i++)
		if (!strstr(text, wrong[i]))
			fail_msg("%s was not found wrong", wrong[i]);
	if (bad != WRONG)
		fail_msg("%d statements are wrong, expected %d:\n%s", bad, WRONG, text);
	free(text);
	kit_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(wrong_statements_are_named_and_no_others) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
