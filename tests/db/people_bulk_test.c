/* rooms: torturer people shop feed db text base */
/* Everybody at once: the same customers as one by one, also with others who write meanwhile, also after it broke off.
 */
#include "kit/people_kit.h"
#include "bench/torture.h"
#include "bench/torture_csv.h"
#include "people/match.h"
#include "people/rooms.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDS 1200
#define COLUMNS 22
#define LATE 60 /* of them come, change or go while the others are resolved */

enum { SOURCE, KEY, PREFIX, GIVEN, MIDDLE, FAMILY, SUFFIX, GENDER, BIRTH, STREET, CITY, REGION, POSTCODE, COUNTRY };
enum { EMAIL = 14, PHONE, LOYALTY, ACCOUNT };

static char *table, *lines; /* as it was written, and cut into fields */
static size_t table_size;
static char *fields[RECORDS][COLUMNS];
static int count;
static struct db *db;

static int setup(void **state)
{
	struct torture_config c;
	struct torture_tally tally;
	FILE *f = open_memstream(&table, &table_size);
	char *rest, *line;

	(void)state;
	assert_ok(text_start(&kit_err));
	torture_config_default(&c);
	c.records = RECORDS;
	assert_ok(torture_write(&c, f, &tally, &kit_err));
	fclose(f);
	rest = lines = strdup(table);
	line = strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line && count < RECORDS)
		assert_int_equal(csv_cut(line, fields[count++], COLUMNS), COLUMNS);
	assert_true(count > RECORDS / 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(table);
	free(lines);
	text_stop();
	return 0;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

struct telling {
	int from, to;
	const int *order; /* NULL: as they stand */
	bool changed;     /* with another street */
};

static void identify(struct record_in *in, enum identifier_kind kind, const char *value, bool verified)
{
	if (*value)
		in->identifiers[in->identifier_count++] = (struct identifier_in){ kind, str_c(value), verified };
}

static enum result tell_one(struct db_tx *tx, int i, bool changed, struct error *e)
{
	char **f = fields[i];
	struct record_in in = { .source = str_c(f[SOURCE]),
		                .source_key = str_c(f[KEY]),
		                .prefix = str_c(f[PREFIX]),
		                .given = str_c(f[GIVEN]),
		                .middle = str_c(f[MIDDLE]),
		                .family = str_c(f[FAMILY]),
		                .suffix = str_c(f[SUFFIX]),
		                .gender = str_c(f[GENDER]),
		                .street = str_c(changed ? "Neue Gasse 77" : f[STREET]),
		                .city = str_c(f[CITY]),
		                .region = str_c(f[REGION]),
		                .postcode = str_c(changed ? "99777" : f[POSTCODE]),
		                .country = str_c(f[COUNTRY]),
		                .at = changed ? 2000 : 1000 };
	int64_t record, customer;
	bool wrote;

	if (sscanf(f[BIRTH], "%d-%d-%d", &in.birth_year, &in.birth_month, &in.birth_day) != 3)
		in.birth_year = in.birth_month = in.birth_day = 0;
	identify(&in, IDENT_EMAIL, f[EMAIL], false);
	identify(&in, IDENT_PHONE, f[PHONE], false);
	identify(&in, IDENT_LOYALTY, f[LOYALTY], true);
	identify(&in, IDENT_ACCOUNT, f[ACCOUNT], true);
	return record_put(tx, &in, &record, &customer, &wrote, NULL, e);
}

static enum result tell_run(struct db_tx *tx, void *arg, struct error *e)
{
	const struct telling *t = arg;

	for (int i = t->from; i < t->to; i++)
		TRY(tell_one(tx, t->order ? t->order[i] : i, t->changed, e));
	return OK;
}

static void tell(int from, int to, const int *order, bool changed)
{
	for (int i = from; i < to; i += 20) {
		struct telling t = { i, i + 20 < to ? i + 20 : to, order, changed };

		assert_ok(db_transact(db, tell_run, &t, &kit_err));
	}
}

static enum result erase_run(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t record, customer;
	bool found;
	char **f = arg;

	TRY(record_find(tx, str_c(f[SOURCE]), str_c(f[KEY]), &record, &customer, &found, e));
	return found ? people_erase_record(tx, record, e) : OK;
}

static enum result drain_run(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, 20, arg, e);
}

static void drain(void)
{
	for (bool left = true; left;)
		assert_ok(db_transact(db, drain_run, &left, &kit_err));
}

struct digest {
	unsigned char bytes[16];
};

static struct digest digest(void)
{
	struct digest d;

	assert_ok(people_digest(db, d.bytes, &kit_err));
	return d;
}

static struct people_resolved resolve(struct str model)
{
	struct people_resolving how = { .model = model };
	struct people_resolved out;

	assert_ok(people_resolve_all(db, &how, &out, &kit_err));
	return out;
}

static struct buf model; /* the first epoch's text */

static enum result model_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct str text;
	int64_t version, at;

	(void)arg;
	TRY(epoch_get(tx, &version, &at, db_tx_arena(tx), &text, e));
	buf_clear(&model);
	buf_add(&model, text.p, text.n);
	return OK;
}

static enum result activate_run(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t version;

	(void)arg;
	return epoch_activate(tx, buf_view(&model), &version, e);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

static struct digest bulk_digest; /* of all records, by the model */

static void twice_changes_nothing(void **state)
{
	struct people_resolved first, second;

	(void)state;
	db = kit_db();
	tell(0, count, NULL, false);
	struct digest before = digest();
	first = resolve(STR(""));
	assert_int_equal(first.records, count);
	assert_int_equal(first.version, 1);
	assert_true(first.moved > count / 10 && first.customers < count && first.pairs > 100);
	bulk_digest = digest();
	assert_memory_not_equal(&before, &bulk_digest, sizeof(before));
	assert_ok(people_check(db, no_finding, NULL, &kit_err));
	buf_init(&model, 0);
	assert_ok(db_read(db, model_run, NULL, &kit_err));
	second = resolve(STR(""));
	assert_int_equal(second.version, 2);
	assert_int_equal(second.moved, 0);
	assert_int_equal(second.customers, first.customers);
	assert_int_equal(second.pairs, first.pairs);
	assert_int_equal(second.doubts, first.doubts);
	struct digest after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	assert_ok(people_rebuild(db, NULL, NULL, &kit_err)); /* everybody one by one */
	after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	kit_db_close(db);
}

static void as_one_by_one(void **state)
{
	static int order[RECORDS];
	struct kit_random r;

	(void)state;
	db = kit_db();
	kit_random_seed(&r, 3);
	for (int i = 0; i < count; i++)
		order[i] = i;
	for (int i = count - 1; i > 0; i--) {
		int k = (int)kit_random_below(&r, (uint64_t)i + 1), o = order[i];

		order[i] = order[k];
		order[k] = o;
	}
	assert_ok(db_transact(db, activate_run, NULL, &kit_err));
	tell(0, count, order, false);
	drain();
	struct digest one_by_one = digest();
	assert_memory_equal(&one_by_one, &bulk_digest, sizeof(one_by_one));
	assert_int_equal(resolve(buf_view(&model)).moved, 0);
	kit_db_close(db);
}

/* What happens while the others are resolved: some come, some change, some go, a part at each word of progress. */
struct meanwhile {
	int next, calls;
	char phase[32];
};

static void step(struct meanwhile *m)
{
	int i = m->next++;

	if (i % 3 == 0) { /* comes */
		tell(count - LATE + i, count - LATE + i + 1, NULL, false);
	} else if (i % 3 == 1) { /* changes */
		tell(i, i + 1, NULL, true);
	} else { /* goes */
		assert_ok(db_transact(db, erase_run, fields[i], &kit_err));
	}
}

static void on_progress(void *arg, const char *phase, int64_t done, int64_t of)
{
	struct meanwhile *m = arg;

	(void)done;
	(void)of;
	if (strcmp(m->phase, phase) != 0) {
		snprintf(m->phase, sizeof(m->phase), "%s", phase);
		for (int i = 0; i < 5 && m->next < LATE; i++)
			step(m);
	}
}

static void others_write_meanwhile(void **state)
{
	struct meanwhile m = { 0 };
	struct people_resolving how = { .model = buf_view(&model), .progress = on_progress, .arg = &m, .memory = 1 };
	struct people_resolved out;

	(void)state;
	db = kit_db();
	tell(0, count - LATE, NULL, false);
	resolve(STR("")); /* an epoch of its own first */
	assert_ok(people_resolve_all(db, &how, &out, &kit_err));
	assert_true(m.next > LATE / 2);
	while (m.next < LATE)
		step(&m);
	drain();
	struct digest after = digest();
	assert_ok(people_check(db, no_finding, NULL, &kit_err));
	resolve(buf_view(&model));
	struct digest again = digest();
	assert_memory_equal(&after, &again, sizeof(after));
	assert_ok(people_rebuild(db, NULL, NULL, &kit_err));
	again = digest();
	assert_memory_equal(&after, &again, sizeof(after));
	kit_db_close(db);
}

static void broken_off_and_called_again(void **state)
{
	struct people_resolving how = { .model = buf_view(&model) };
	struct people_resolved out;
	int broken = 0;
	int64_t steps;

	(void)state;
	db = kit_db();
	tell(0, count, NULL, false);
	db_fault_nth(db, INT64_MAX, ERR_IO); /* counts */
	resolve(STR(""));
	steps = db_fault_count(db);
	db_fault_nth(db, 0, OK);
	for (int i = 1; i < 8; i++) {
		enum result r;

		db_fault_nth(db, steps * i / 9 + 1, ERR_IO);
		r = people_resolve_all(db, &how, &out, &kit_err);
		db_fault_nth(db, 0, OK);
		broken += r == ERR_IO;
	}
	assert_true(broken >= 5);
	resolve(buf_view(&model));
	struct digest after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	assert_ok(people_check(db, no_finding, NULL, &kit_err));
	kit_db_close(db);
}

static void stop_at_pairs(void *arg, const char *phase, int64_t done, int64_t of)
{
	(void)done;
	(void)of;
	if (strcmp(phase, "writing pairs") == 0)
		*(_Atomic bool *)arg = true;
}

static void stopped_and_called_again(void **state)
{
	_Atomic bool stop = false;
	struct people_resolving how = {
		.model = buf_view(&model), .progress = stop_at_pairs, .arg = &stop, .stop = &stop
	};
	struct people_resolved out;

	(void)state;
	db = kit_db();
	tell(0, count, NULL, false);
	assert_int_equal(people_resolve_all(db, &how, &out, &kit_err), ERR_BUSY);
	assert_string_equal(kit_err.code, "resolve.stopped");
	resolve(buf_view(&model));
	struct digest after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	kit_db_close(db);
}

/* ---- Little memory ----------------------------------------------------------------------------------------------- */

/* All in temporary files, trained or not: the same model, the same people. */
static void memory_changes_nothing(void **state)
{
	struct people_resolving how = { .memory = 1, .threads = 3, .folder = kit_dir() };
	struct people_resolved out;
	struct buf first;

	(void)state;
	db = kit_db();
	tell(0, count, NULL, false);
	assert_ok(people_resolve_all(db, &how, &out, &kit_err));
	struct digest after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	assert_ok(people_check(db, no_finding, NULL, &kit_err));
	buf_init(&first, 0);
	buf_add(&first, model.p, model.n);
	assert_ok(db_read(db, model_run, NULL, &kit_err));
	assert_int_equal(first.n, model.n);
	assert_memory_equal(first.p, model.p, model.n);
	buf_free(&first);
	resolve(buf_view(&model));
	after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	kit_db_close(db);
}

static void no_room_for_files(void **state)
{
	struct people_resolving how = { .model = buf_view(&model), .memory = 1, .folder = "/no/such/folder" };
	struct people_resolved out;

	(void)state;
	db = kit_db();
	tell(0, 100, NULL, false);
	assert_int_equal(people_resolve_all(db, &how, &out, &kit_err), ERR_IO);
	assert_string_equal(kit_err.code, "tempfile.failed");
	kit_db_close(db);
}

/* ---- Killed ------------------------------------------------------------------------------------------------------ */

static void die_there(void *arg, const char *phase, int64_t done, int64_t of)
{
	(void)done;
	(void)of;
	if (strcmp(phase, arg) == 0)
		raise(SIGKILL);
}

static void run_until(const char *phase)
{
	struct people_resolving how = {
		.model = buf_view(&model), .progress = die_there, .arg = (void *)(uintptr_t)phase, .memory = 1
	};
	struct people_resolved out;
	struct db *own;

	if (db_open(&(struct db_config){ .url = kit_db_url() }, &own, &kit_err) == OK)
		(void)!people_resolve_all(own, &how, &out, &kit_err);
	_exit(1);
}

static void killed_and_called_again(void **state)
{
	static const char *const phases[] = { "scores", "writing pairs", "writing records", "customers" };

	(void)state;
	db = kit_db();
	tell(0, count, NULL, false);
	db_close(db);
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		pid_t child = fork();
		int how;

		if (child == 0)
			run_until(phases[i]);
		assert_int_equal(waitpid(child, &how, 0), child);
		assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
	}
	assert_ok(db_open(&(struct db_config){ .url = kit_db_url() }, &db, &kit_err));
	resolve(buf_view(&model));
	struct digest after = digest();
	assert_memory_equal(&after, &bulk_digest, sizeof(after));
	assert_ok(people_check(db, no_finding, NULL, &kit_err));
	kit_db_close(db);
}

static void a_model_must_be_one(void **state)
{
	struct people_resolving how = { .model = STR("this is no model\n") };
	struct people_resolved out;

	(void)state;
	db = kit_db();
	assert_int_equal(people_resolve_all(db, &how, &out, &kit_err), ERR_INVALID);
	assert_string_equal(kit_err.code, "model.malformed");
	struct people_resolved nobody = resolve(STR(""));
	assert_int_equal(nobody.records, 0);
	assert_int_equal(nobody.version, 1);
	kit_db_close(db);
}

struct finding_out {
	FILE *out;
	int missing;
};

static enum result clusters_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct finding_out *f = arg;

	for (int i = 0; i < count; i++) {
		int64_t record, customer;
		bool found;

		TRY(record_find(tx, str_c(fields[i][SOURCE]), str_c(fields[i][KEY]), &record, &customer, &found, e));
		f->missing += !found;
		fprintf(f->out, "%s,%s,%lld\n", fields[i][SOURCE], fields[i][KEY], (long long)customer);
	}
	return OK;
}

static void a_cashier_joins_nobody(void **state)
{
	struct finding_out f = { 0 };
	struct torture_score score;
	char *text;
	size_t size;

	(void)state;
	db = kit_db();
	tell(0, count, NULL, false);
	resolve(STR(""));
	f.out = open_memstream(&text, &size);
	fprintf(f.out, "source,source_key,cluster\n");
	assert_ok(db_read(db, clusters_run, &f, &kit_err));
	fclose(f.out);
	assert_int_equal(f.missing, 0);
	FILE *records = fmemopen(table, table_size, "r"), *clusters = fmemopen(text, size, "r");
	assert_ok(torture_score(records, clusters, NULL, &score, &kit_err));
	fclose(records);
	fclose(clusters);
	free(text);
	print_message("precision %.4f recall %.4f (of what can be found %.4f), %d cashiers' values on %d records\n",
	              score.precision, score.recall, score.reachable_recall, (int)score.cashier_values,
	              (int)score.cashier_records);
	assert_true(score.cashier_records > 20);
	assert_int_equal(score.cashier_strangers, 0);
	assert_true(score.precision > .8 && score.reachable_recall > .5);
	kit_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_changes_nothing),    cmocka_unit_test(as_one_by_one),
		cmocka_unit_test(others_write_meanwhile),   cmocka_unit_test(broken_off_and_called_again),
		cmocka_unit_test(stopped_and_called_again), cmocka_unit_test(memory_changes_nothing),
		cmocka_unit_test(no_room_for_files),        cmocka_unit_test(killed_and_called_again),
		cmocka_unit_test(a_model_must_be_one),      cmocka_unit_test(a_cashier_joins_nobody),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
