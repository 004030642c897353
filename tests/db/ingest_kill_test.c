/* rooms: ingest insight orders timeline people shop feed db text money base */
/* An import is killed at random moments and started again until it is through: the content is what an import that
 * nobody disturbed leaves. BYNAME_KILLS: in how many rounds (4; the long run takes 200). */
#include "kit/kit.h"
#include "ingest/ingest.h"
#include "base/clock.h"
#include "base/hash.h"
#include "feed/room.h"
#include "text/text.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_DEFAULT 2
#define ORDERS 4000
#define LIFE_MOST_US 400000

static char folder[400];

/* ---- A chain with some dirt ------------------------------------------------------------------------------------- */

static FILE *file(const char *name)
{
	char path[500];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

static void row(FILE *f, int order, int line)
{
	int h = (order * 31 + line * 17) % 97;
	fprintf(f, "%s%d,2024-%02d-%02d 10:%02d:00,%s%d,item%d,\"Item, no \"\"%d\"\"\",%s,%d.%02d,%d\n",
	        order % 9 == 0 ? "C" : "", order, order % 12 + 1, order % 28 + 1, order % 60, order % 5 ? "c" : "",
	        order % 300, h % 40, h % 40, h == 13 ? "some" : "2", h, h, order % 6);
}

static void files_make(void)
{
	snprintf(folder, sizeof(folder), "%s/chain", kit_dir());
	char command[500];
	snprintf(command, sizeof(command), "mkdir -p %s", folder);
	assert_int_equal(system(command), 0);
	FILE *f = file("customers.csv");
	fputs("key,name,email\n", f);
	for (int i = 0; i < 300; i++)
		fprintf(f, "c%d,Given%d Family%d,mail%d@shop.example.net\n", i, i % 20, i, i % 250);
	fclose(f);
	f = file("orders.csv");
	fputs("number,at,customer,sku,title,qty,price,store\n", f);
	for (int i = 0; i < ORDERS; i++) {
		for (int k = 0; k <= i % 4; k++)
			row(f, i, k % 2);
		if (i % 50 == 49)
			row(f, i - 40, 1); /* a straggler */
	}
	fclose(f);
	f = file("events.jsonl");
	for (int i = 0; i < 4000; i++) {
		if (i % 3)
			fprintf(f,
			        "{\"type\":\"track\",\"messageId\":\"m%d\",\"userId\":\"c%d\",\"event\":\"Visit\","
			        "\"timestamp\":\"2024-05-01T00:00:%02dZ\"}\n",
			        i % 3500, i % 400, i % 60);
		else
			fprintf(f,
			        "{\"type\":\"track\",\"userId\":\"c%d\",\"event\":\"Call\",\"timestamp\":\"2024-05-"
			        "02T00:00:00Z\"}\n",
			        i % 30);
		if (i % 500 == 0)
			fputs("{broken\n", f);
	}
	fclose(f);
	f = file("chain.map");
	fputs("name = chain\nsource = chain\n"
	      "[customers]\nfile = customers.csv\nkey = {key}\nname = {name}\nemail = {email}\n"
	      "[orders]\nfile = orders.csv\nnumber = {number}\nreturn = if {number} starts C\nplaced_at = "
	      "{at}\ncurrency = EUR\n"
	      "sku = {sku}\ntitle = {title}\nquantity = {qty}\nunit_price = {price}\nstore = {store}\n"
	      "customer.key = {customer} if {customer} starts c\nproperty.store = {store}\n"
	      "[events]\nfile = events.jsonl\n",
	      f);
	fclose(f);
}

/* ---- Content without ids and clocks ----------------------------------------------------------------------------- */

DB_STMT(kill_records, "", "tttttI",
        "SELECT r.source, r.source_key, r.given, r.family, c.source_key, "
        "(SELECT COUNT(*) FROM person_identifier i WHERE i.rkey = r.rkey AND i.record = r.id) "
        "FROM person_record r JOIN person_record c ON c.id = r.customer ORDER BY r.source, r.source_key")
DB_STMT(kill_lines, "", "tiiiiiiiiTtTiii",
        "SELECT o.number, o.kind, o.state, o.placed_at, o.net_minor, o.total_minor, o.line_count, o.revision, "
        "o.channel, "
        "r.source_key, s.code, t.code, l.line, l.qty, l.net_minor FROM orders o JOIN order_line l ON l.rkey = o.rkey "
        "AND "
        "l.order_id = o.id JOIN sku s ON s.id = l.sku LEFT JOIN store t ON t.id = o.store LEFT JOIN person_record r ON "
        "r.id = o.record ORDER BY o.number, o.kind, o.id, l.line")
DB_STMT(kill_touches, "", "titTTtT",
        "SELECT r.source_key, t.at, t.kind, t.title, t.body, t.source, s.code FROM touchpoint t JOIN person_record r "
        "ON "
        "r.id = t.record LEFT JOIN store s ON s.id = t.store ORDER BY r.source_key, t.at, t.kind, t.title, t.body, "
        "s.code")
DB_STMT(kill_letters, "", "Ittt", "SELECT line, code, field, raw FROM deadletter ORDER BY format, line, code, raw")
DB_STMT(kill_jobs, "", "iiiiiiii",
        "SELECT lines, taken, duplicates, dead, orders_new, orders_changed, orders_same, state FROM import_job")
DB_STMT(kill_skus, "", "tt", "SELECT s.code, p.title FROM sku s JOIN product p ON p.id = s.product ORDER BY s.code")
DB_STMT(kill_parts, "", "i", "SELECT (SELECT COUNT(*) FROM import_part) + (SELECT COUNT(*) FROM import_repeat)")
DB_STMT(kill_inbox, "", "i", "SELECT COUNT(*) FROM inbox")

#define TABLES 8
struct content {
	uint64_t hash[TABLES];
	int64_t rows[TABLES];
};
static const struct db_stmt *const tables[TABLES] = { &kill_records, &kill_lines, &kill_touches, &kill_letters,
	                                              &kill_jobs,    &kill_skus,  &kill_parts,   &kill_inbox };

static enum result content_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct content *c = arg;
	for (int t = 0; t < TABLES; t++) {
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query(tx, tables[t], &r, e, DB_NONE));
		enum db_step step;
		uint64_t h = 0;
		c->rows[t] = 0;
		while ((step = db_next(r, e)) == DB_ROW) {
			for (int i = 0; tables[t]->cols[i]; i++) {
				char type = tables[t]->cols[i];
				int64_t v = type == 'i' || type == 'I' ? db_int(r, i) : 0;
				h = type == 't' || type == 'T' ? hash64_str(db_text(r, i), h)
				                               : hash64(&v, sizeof(v), h);
			}
			c->rows[t]++;
		}
		if (step == DB_ERR)
			return e->result;
		c->hash[t] = h;
	}
	return OK;
}

/* ---- One life --------------------------------------------------------------------------------------------------- */

#define PATIENCE_MS 60000 /* of a machine that has other things to do */
#define TRY_AGAIN_MS 50

static struct db *open_db(void)
{
	struct db *db = NULL;
	struct db_config config = { .url = kit_db_url(), .create = true, .limit_ms = PATIENCE_MS };
	struct error e;
	for (int i = 0; i < PATIENCE_MS / TRY_AGAIN_MS; i++) {
		if (db_open(&config, &db, &e) == OK && db_migrate(db, &e) == OK)
			return db;
		db_close(db);
		db = NULL;
		usleep(TRY_AGAIN_MS * 1000); /* the killed process's lock or session goes away */
	}
	return NULL;
}

enum { THROUGH, FAILED, CLOSED, TOO_SLOW };

/* What the process ends with. */
static int life(void)
{
	char map[500];
	struct error e = { 0 };
	struct import_progress p;
	snprintf(map, sizeof(map), "%s/chain.map", folder);
	struct import_config c = { .path = folder, .format = map };
	struct db *db = open_db();
	if (!db)
		return CLOSED;
	enum result r = import_run(db, &c, NULL, NULL, &p, &e);
	if (r != OK) {
		fprintf(stderr, "import: %s %s %s\n", e.code, e.field, e.detail);
		return r == ERR_BUSY ? TOO_SLOW : FAILED;
	}
	db_close(db);
	return THROUGH;
}

/* True when it is to be started again: it was killed, or one of its transactions took too long, which stops an import
 * as a kill does. */
static bool live(int64_t kill_after_us)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		_exit(life());
	if (kill_after_us) {
		usleep((useconds_t)kill_after_us);
		kill(child, SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return true;
	if (WEXITSTATUS(status) == TOO_SLOW)
		return true;
	assert_int_equal(WEXITSTATUS(status), THROUGH);
	return false;
}

static void content_of(struct content *c)
{
	struct db *db = open_db();
	assert_non_null(db);
	assert_ok(db_read(db, content_tx, c, &kit_err));
	db_close(db);
}

static void test_killed(void **state)
{
	(void)state;
	struct content whole, pieces;
	struct kit_random r;
	const char *env = getenv("BYNAME_KILLS");
	int rounds = env ? atoi(env) : ROUNDS_DEFAULT, kills = 0;
	kit_random_seed(&r, 7);
	files_make();
	kit_db_fresh();
	while (live(0))
		printf("%s: too slow, again\n", kit_engine());
	content_of(&whole);
	for (int t = 0; t < TABLES; t++)
		assert_true(whole.rows[t] > 0);
	for (int i = 0; i < rounds; i++) {
		int here = 0;
		kit_db_fresh();
		/* Longer lives each time, so that it gets through on a slow machine too. */
		while (live(1 + (int64_t)kit_random_below(&r, (uint64_t)LIFE_MOST_US + 200000u * (unsigned)here)))
			here++;
		kills += here;
		content_of(&pieces);
		for (int t = 0; t < TABLES; t++) {
			if (pieces.hash[t] != whole.hash[t])
				fail_msg("%s differs: %lld rows, %lld undisturbed; round %d after %d kills",
				         tables[t]->name, (long long)pieces.rows[t], (long long)whole.rows[t], i, here);
		}
	}
	printf("%s: %d rounds, %d kills\n", kit_engine(), rounds, kills);
	assert_true(kills > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
	};
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	text_stop();
	return failed;
}
