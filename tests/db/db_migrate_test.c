/* rooms: db base */
#include "kit/kit.h"
#include "db/internal.h"
#include "base/id.h"
#include "db/schema.h"
#include <sys/wait.h>
#include <unistd.h>

#define V1                                                                                                             \
	{                                                                                                              \
		1, "0001_a.sql",                                                                                       \
		        "CREATE TABLE person (id {int} PRIMARY KEY, name {text} NOT NULL) {rows};\n"                   \
		        "INSERT INTO person VALUES (1, 'Ada');\n"                                                      \
	}
#define V2                                                                                                             \
	{                                                                                                              \
		2, "0002_b.sql",                                                                                       \
		        "ALTER TABLE person ADD COLUMN size {int} NOT NULL DEFAULT 38;\n"                              \
		        "CREATE TABLE \"visit\" (id {autoid}, {xid}, person {int} NOT NULL REFERENCES person (id)) "   \
		        "{rows};\n"                                                                                    \
	}
#define END                                                                                                            \
	{                                                                                                              \
		0, NULL, NULL                                                                                          \
	}

static const struct schema_file one[] = { V1, END };
static const struct schema_file two[] = { V1, V2, END };
static const struct schema_file changed[] = { { 1, "0001_a.sql", "CREATE TABLE person (id {int}) {rows};\n" }, END };
static const struct schema_file broken[] = {
	V1, { 2, "0002_x.sql", "CREATE TABLE half (id {int} PRIMARY KEY) {rows};\nCREATE TABEL oops;\n" }, END
};
static const struct schema_file token[] = { V1, { 2, "0002_x.sql", "CREATE TABLE half (id {integer});\n" }, END };

DB_STMT(person_sizes, "", "itI", "SELECT id, name, size FROM person ORDER BY id")
DB_STMT(person_insert, "it", "", "INSERT INTO person (id, name) VALUES ($1, $2)")
DB_STMT(half_count, "", "i", "SELECT COUNT(*) FROM half")
DB_STMT(applied, "", "i", "SELECT COUNT(*) FROM migration")
DB_STMT(newest, "", "I", "SELECT MAX(version) FROM migration")
DB_STMT(nodes_held, "", "i", "SELECT COUNT(DISTINCT holder) FROM node")

static struct db *db;

static int setup(void **state)
{
	(void)state;
	struct db_config config = { .url = kit_db_fresh(), .create = true };
	assert_ok(db_open(&config, &db, &kit_err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

static enum result add_person(struct db_tx *tx, void *arg, struct error *e)
{
	return db_exec(tx, &person_insert, NULL, e, DB_INT(*(int *)arg), DB_CSTR("Bo"));
}

static enum result check_persons(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &person_sizes, &rows, e, DB_NONE));
	for (int i = 1; i <= 2; i++) {
		if (db_next(rows, e) != DB_ROW)
			return error_set(e, ERR_INTERNAL, "test", NULL, "A person is missing.");
		assert_int_equal(db_int(rows, 0), i);
		assert_true(str_is(db_text(rows, 1), i == 1 ? "Ada" : "Bo"));
		assert_int_equal(db_int(rows, 2), 38);
	}
	return OK;
}

struct one_number {
	const struct db_stmt *stmt;
	int64_t n;
};

static enum result number(struct db_tx *tx, void *arg, struct error *e)
{
	struct one_number *o = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, o->stmt, &rows, &found, e, DB_NONE));
	o->n = db_int(rows, 0);
	return OK;
}

static void a_populated_old_database_is_brought_up(void **state)
{
	(void)state;
	int id = 2;
	assert_ok(migrate_files(db, one, &kit_err));
	assert_ok(db_transact(db, add_person, &id, &kit_err));
	assert_ok(migrate_files(db, two, &kit_err));
	assert_ok(migrate_files(db, two, &kit_err)); /* nothing left to do */
	assert_ok(db_read(db, check_persons, NULL, &kit_err));
	struct one_number n = { .stmt = &applied };
	assert_ok(db_read(db, number, &n, &kit_err));
	assert_int_equal(n.n, 2);
}

static void a_newer_or_changed_schema_is_refused(void **state)
{
	(void)state;
	assert_ok(migrate_files(db, two, &kit_err));
	assert_result(ERR_CORRUPT, migrate_files(db, one, &kit_err));
	assert_string_equal(kit_err.code, "schema.newer");
	assert_result(ERR_CORRUPT, migrate_files(db, changed, &kit_err));
	teardown(NULL);
	setup(NULL);
	assert_ok(migrate_files(db, one, &kit_err));
	assert_result(ERR_CORRUPT, migrate_files(db, changed, &kit_err));
	assert_string_equal(kit_err.code, "schema.changed");
}

static void a_broken_migration_leaves_nothing(void **state)
{
	(void)state;
	int id = 2;
	assert_int_not_equal(migrate_files(db, broken, &kit_err), OK);
	assert_int_not_equal(migrate_files(db, token, &kit_err), OK);
	assert_string_equal(kit_err.code, "schema.token");
	struct one_number half = { .stmt = &half_count }, n = { .stmt = &applied };
	assert_int_not_equal(db_read(db, number, &half, &kit_err), OK);
	assert_ok(db_read(db, number, &n, &kit_err));
	assert_int_equal(n.n, 1);
	assert_ok(db_transact(db, add_person, &id, &kit_err));
	assert_ok(migrate_files(db, two, &kit_err));
	assert_ok(db_read(db, check_persons, NULL, &kit_err));
}

static void every_step_of_a_migration_fails_in_turn(void **state)
{
	(void)state;
	for (int nth = 1;; nth++) {
		int id = 2;
		db_fault_nth(db, nth, ERR_IO);
		enum result r = migrate_files(db, two, &kit_err);
		bool reached = db_fault_count(db) >= nth;
		db_fault_nth(db, 0, OK);
		assert_int_equal(r, reached ? ERR_IO : OK);
		assert_ok(migrate_files(db, two, &kit_err));
		assert_ok(db_transact(db, add_person, &id, &kit_err));
		assert_ok(db_read(db, check_persons, NULL, &kit_err));
		teardown(NULL);
		setup(NULL);
		if (!reached)
			break;
	}
}

/* ---- Several processes ---- */

#define PROCESSES 5

static pid_t migrate_elsewhere(const char *url)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid)
		return pid;
	struct db_config config = { .url = url, .create = true };
	struct db *mine = NULL;
	enum result r = db_open(&config, &mine, &kit_err);
	if (r == ERR_BUSY)
		_exit(2);
	if (r == OK)
		r = db_migrate(mine, &kit_err);
	if (r != OK) {
		fprintf(stderr, "%s %s\n", kit_err.code, kit_err.detail);
		_exit(3);
	}
	usleep(300000); /* so that all hold their lease at once */
	db_close(mine);
	_exit(0);
}

static void processes_migrate_at_once(void **state)
{
	(void)state;
	const char *url = kit_db_fresh();
	pid_t pids[PROCESSES];
	int went = 0, locked = 0;
	for (int i = 0; i < PROCESSES; i++)
		pids[i] = migrate_elsewhere(url);
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		went += status == 0;
		locked += WIFEXITED(status) && WEXITSTATUS(status) == 2;
	}
	struct db_config config = { .url = url };
	assert_ok(db_open(&config, &db, &kit_err));
	bool sqlite = db_engine(db) == DB_SQLITE;
	assert_int_equal(went, sqlite ? 1 : PROCESSES);
	assert_int_equal(locked, sqlite ? PROCESSES - 1 : 0);
	struct one_number n = { .stmt = &newest }, nodes = { .stmt = &nodes_held };
	assert_ok(db_read(db, number, &n, &kit_err));
	assert_int_equal(n.n, db_schema_version());
	assert_ok(db_read(db, number, &nodes, &kit_err));
	assert_int_equal(nodes.n, went); /* each leased a number of its own */
	kit_db_close(db);
}

static void numbers_are_leased_apart_and_come_back(void **state)
{
	(void)state;
	struct db *first = kit_db();
	if (db_engine(first) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url() };
		struct db *second = NULL;
		assert_ok(db_open(&config, &second, &kit_err));
		assert_ok(db_node_lease(second, &kit_err));
		assert_ok(db_node_lease(second, &kit_err)); /* once is enough */
		struct one_number nodes = { .stmt = &nodes_held };
		assert_ok(db_read(first, number, &nodes, &kit_err));
		assert_int_equal(nodes.n, 2);
		db_close(second);
	}
	struct db_config config = { .url = kit_db_url() };
	int64_t now = clock_now();
	for (int i = 0; i < 4; i++) { /* an hour later the first number is used again */
		db_close(first);
		clock_set(now + (i + 1) * HOUR_US);
		assert_ok(db_open(&config, &first, &kit_err));
		assert_ok(db_migrate(first, &kit_err));
	}
	struct one_number nodes = { .stmt = &nodes_held };
	assert_ok(db_read(first, number, &nodes, &kit_err));
	assert_true(nodes.n <= 2);
	clock_set(0);
	kit_db_close(first);
}

DB_STMT(node_occupy, "iti", "",
        "INSERT INTO node (node, holder, until) VALUES ($1, $2, $3) ON CONFLICT (node) DO UPDATE SET holder = $2, "
        "until "
        "= $3")

static enum result all_occupied(struct db_tx *tx, void *arg, struct error *e)
{
	const int64_t *until = arg;
	for (int i = 0; i < ID_NODES; i++)
		TRY(db_exec(tx, &node_occupy, NULL, e, DB_INT(i), DB_CSTR("killed"), DB_INT(*until + i)));
	return OK;
}

/* A server that is killed and started again all the time leaves a lease each time. Nobody but it can have a SQLite
 * file; on PostgreSQL the others may live. */
static void a_server_that_is_killed_again_and_again_starts(void **state)
{
	(void)state;
	struct db_config config = { .url = kit_db_url() };
	struct db *first = kit_db(), *second = NULL;
	int64_t until = clock_now() + 60 * USEC;
	assert_ok(db_transact(first, all_occupied, &until, &kit_err));
	bool sqlite = db_engine(first) == DB_SQLITE;
	db_close(first);
	assert_ok(db_open(&config, &second, &kit_err));
	if (sqlite) {
		int64_t before = clock_now();
		assert_ok(db_node_lease(second, &kit_err));
		/* ids begin behind all that the killed one can have made */
		assert_true(id_time_us(id_new(0)) > before + USEC);
		id_set_node(0, 0);
	} else {
		assert_result(ERR_LIMIT, db_node_lease(second, &kit_err));
	}
	kit_db_close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_migrate_at_once), /* first: it forks */
		cmocka_unit_test_setup_teardown(a_populated_old_database_is_brought_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newer_or_changed_schema_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_migration_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(every_step_of_a_migration_fails_in_turn, setup, teardown),
		cmocka_unit_test(numbers_are_leased_apart_and_come_back),
		cmocka_unit_test(a_server_that_is_killed_again_and_again_starts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
