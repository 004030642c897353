/* Records of the torture generator through record_put(): how long one takes, its commit included, and what came of it.
 *   online put URL FILE.csv THREADS BATCH [PREFIX [WARM]]
 *                                                    puts each record (BATCH in a transaction; PREFIX before its key;
 *                                                    the first WARM, which fill the page cache, are not timed),
 *                                                    works the worklist off; rate, times in µs
 *   online clusters URL FILE.csv                     source,source_key,cluster of each, for torture --score */
#include "base/clock.h"
#include "base/id.h"
#include "people/internal.h"
#include "text/text.h"
#include "torture_csv.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LINE_MAX_BYTES 4096
#define THREADS_MAX 64
#define COLUMNS 32

enum column {
	C_SOURCE,
	C_KEY,
	C_PREFIX,
	C_GIVEN,
	C_MIDDLE,
	C_FAMILY,
	C_SUFFIX,
	C_GENDER,
	C_BIRTH,
	C_STREET,
	C_CITY,
	C_REGION,
	C_POSTCODE,
	C_COUNTRY,
	C_EMAIL,
	C_PHONE,
	C_LOYALTY,
	C_ACCOUNT,
	C_COUNT
};
static const char *const names[C_COUNT] = { "source",   "source_key", "prefix", "given",  "middle",  "family",
	                                    "suffix",   "gender",     "birth",  "street", "city",    "region",
	                                    "postcode", "country",    "email",  "phone",  "loyalty", "account" };

static struct db *db;
static FILE *file;
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static int place[C_COUNT], batch = 1;
static const char *prefix = "";
static int64_t warm;
static _Atomic int64_t put_count;

/* Times in µs. */
struct times {
	int64_t *list;
	_Atomic int64_t count;
};
#define TIMES_MAX 2000000
/* With the commit; one record_put() within, its thread's own time; the same with its share of its transaction's rest.
 */
static struct times transactions, records, work, shares;

static int64_t clock_thread(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * USEC + t.tv_nsec / 1000;
}

static void time_add(struct times *t, int64_t us)
{
	int64_t n = t->count++;

	if (n < TIMES_MAX)
		t->list[n] = us;
}

static int by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void times_print(struct times *t, const char *what)
{
	int64_t n = t->count < TIMES_MAX ? t->count : TIMES_MAX;

	qsort(t->list, (size_t)n, sizeof(*t->list), by_number);
	if (n)
		printf("%-40s p50 %6lld  p90 %6lld  p99 %6lld  most %7lld us\n", what, (long long)t->list[n / 2],
		       (long long)t->list[n * 9 / 10], (long long)t->list[n * 99 / 100], (long long)t->list[n - 1]);
}

static void die(const struct error *e)
{
	fprintf(stderr, "online: %s (%s %s)\n", e->detail, e->code, e->field);
	exit(2);
}

#define BATCH_MAX 4000 /* for filling: each page is written once a transaction */
struct batch {
	char line[BATCH_MAX][LINE_MAX_BYTES], key[BATCH_MAX][256];
	struct record_in in[BATCH_MAX];
	int64_t us[BATCH_MAX], work[BATCH_MAX];
	int count;
};

static void read_birth(const char *text, struct record_in *in)
{
	int y = 0, m = 0, d = 0;

	if (sscanf(text, "%d-%d-%d", &y, &m, &d) >= 1 && y >= 1900 && y <= 2026) {
		in->birth_year = y;
		in->birth_month = m >= 1 && m <= 12 ? m : 0;
		in->birth_day = in->birth_month && d >= 1 && d <= 28 ? d : 0;
		if (!in->birth_day)
			in->birth_month = 0;
	}
}

static void take(struct record_in *in, enum identifier_kind kind, const char *value, bool verified)
{
	if (*value)
		in->identifiers[in->identifier_count++] = (struct identifier_in){ kind, str_c(value), verified };
}

static void parse(struct batch *b, int i)
{
	char *f[COLUMNS];
	int n = csv_cut(b->line[i], f, COLUMNS);
	struct record_in *in = &b->in[i];
	const char *v[C_COUNT];

	for (int c = 0; c < C_COUNT; c++)
		v[c] = place[c] >= 0 && place[c] < n ? f[place[c]] : "";
	snprintf(b->key[i], sizeof(b->key[i]), "%s%.200s", prefix, v[C_KEY]);
	*in = (struct record_in){ .source = str_c(v[C_SOURCE]),
		                  .source_key = str_c(b->key[i]),
		                  .prefix = str_c(v[C_PREFIX]),
		                  .given = str_c(v[C_GIVEN]),
		                  .middle = str_c(v[C_MIDDLE]),
		                  .family = str_c(v[C_FAMILY]),
		                  .suffix = str_c(v[C_SUFFIX]),
		                  .gender = str_c(v[C_GENDER]),
		                  .street = str_c(v[C_STREET]),
		                  .city = str_c(v[C_CITY]),
		                  .region = str_c(v[C_REGION]),
		                  .postcode = str_c(v[C_POSTCODE]),
		                  .country = str_c(v[C_COUNTRY]),
		                  .at = 1000 };
	read_birth(v[C_BIRTH], in);
	take(in, IDENT_EMAIL, v[C_EMAIL], false);
	take(in, IDENT_PHONE, v[C_PHONE], false);
	take(in, IDENT_LOYALTY, v[C_LOYALTY], true);
	take(in, IDENT_ACCOUNT, v[C_ACCOUNT], true);
}

static int next_batch(struct batch *b)
{
	b->count = 0;
	pthread_mutex_lock(&reading);
	while (b->count < batch && fgets(b->line[b->count], LINE_MAX_BYTES, file))
		b->count++;
	pthread_mutex_unlock(&reading);
	for (int i = 0; i < b->count; i++)
		parse(b, i);
	return b->count;
}

static enum result put_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;

	TRY(record_lock(tx, b->in, b->count, e));
	for (int i = 0; i < b->count; i++) {
		int64_t record, customer, began = clock_monotonic(), worked = clock_thread();
		bool changed;

		TRY(record_put(tx, &b->in[i], &record, &customer, &changed, NULL, e));
		b->us[i] = clock_monotonic() - began;
		b->work[i] = clock_thread() - worked;
	}
	return OK;
}

static void *put_main(void *arg)
{
	struct batch *b = calloc(1, sizeof(*b));
	struct error e;

	(void)arg;
	while (b && next_batch(b)) {
		int64_t began = clock_monotonic(), rest;

		if (db_transact(db, put_tx, b, &e) != OK)
			die(&e);
		if ((put_count += b->count) <= warm)
			continue;
		rest = clock_monotonic() - began;
		time_add(&transactions, rest);
		for (int i = 0; i < b->count; i++)
			rest -= b->us[i];
		for (int i = 0; i < b->count; i++) {
			time_add(&records, b->us[i]);
			time_add(&work, b->work[i]);
			time_add(&shares, b->us[i] + rest / b->count);
		}
	}
	free(b);
	return NULL;
}

static enum result drain_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, 20, arg, e);
}

static void put_all(int threads)
{
	pthread_t t[THREADS_MAX];
	struct error e;
	bool left = true;
	int64_t began = clock_monotonic(), wrote, drained;

	for (int i = 0; i < threads; i++)
		pthread_create(&t[i], NULL, put_main, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	wrote = clock_monotonic() - began;
	while (left)
		if (db_transact(db, drain_tx, &left, &e) != OK)
			die(&e);
	drained = clock_monotonic() - began - wrote;
	printf("%lld records, %d a transaction, %d threads: %.0f a second; worklist %.1f s\n", (long long)put_count,
	       batch, threads, (double)put_count / ((double)wrote / 1e6), (double)drained / 1e6);
	times_print(&records, "a record, within its transaction");
	times_print(&work, "the same, processor time");
	times_print(&transactions, "a transaction, commit included");
	if (batch > 1)
		times_print(&shares, "a record, its share of the commit in it");
}

static enum result clusters_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;

	for (int i = 0; i < b->count; i++) {
		int64_t record, customer;
		bool found;
		char text[ID_TEXT_BYTES];

		TRY(record_find(tx, b->in[i].source, b->in[i].source_key, &record, &customer, &found, e));
		if (!found)
			continue;
		id_format(text, ID_CUSTOMER, customer);
		printf("%.*s,%.*s,%s\n", STR_ARG(b->in[i].source), STR_ARG(b->in[i].source_key), text);
	}
	return OK;
}

static void clusters(void)
{
	struct batch *b = calloc(1, sizeof(*b));
	struct error e;

	batch = 500;
	puts("source,source_key,cluster");
	while (b && next_batch(b))
		if (db_read(db, clusters_tx, b, &e) != OK)
			die(&e);
	free(b);
}

int main(int argc, char **argv)
{
	char head[LINE_MAX_BYTES], *f[COLUMNS];
	struct error e;
	bool put = argc >= 6 && !strcmp(argv[1], "put");

	if (!put && !(argc == 4 && !strcmp(argv[1], "clusters"))) {
		fprintf(stderr,
		        "usage: online put URL FILE.csv THREADS BATCH [PREFIX [WARM]] | clusters URL FILE.csv\n");
		return 2;
	}
	file = fopen(argv[3], "r");
	if (!file || !fgets(head, sizeof(head), file)) {
		perror(argv[3]);
		return 2;
	}
	int n = csv_cut(head, f, COLUMNS);
	for (int c = 0; c < C_COUNT; c++)
		place[c] = csv_column(f, n, names[c]);
	const struct db_config config = { .url = argv[2], .create = true, .limit_ms = 60000 };
	if (text_start(&e) != OK || db_open(&config, &db, &e) != OK || db_migrate(db, &e) != OK ||
	    db_node_lease(db, &e) != OK)
		die(&e);
	if (put) {
		int threads = atoi(argv[4]);

		batch = atoi(argv[5]) < 1 ? 1 : atoi(argv[5]) > BATCH_MAX ? BATCH_MAX : atoi(argv[5]);
		prefix = argc > 6 ? argv[6] : "";
		warm = argc > 7 ? atoll(argv[7]) : 0;
		transactions.list = calloc(TIMES_MAX, sizeof(int64_t));
		records.list = calloc(TIMES_MAX, sizeof(int64_t));
		work.list = calloc(TIMES_MAX, sizeof(int64_t));
		shares.list = calloc(TIMES_MAX, sizeof(int64_t));
		put_all(threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads);
	} else {
		clusters();
	}
	db_close(db);
	return 0;
}
