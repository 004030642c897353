/* Everybody at once on torture's people: bench/resolve runs it. usage: resolve_bench TORTURE.csv DATABASE CLUSTERS.csv
 * [MEMORY_MB]. Puts the records of the table into a fresh database (as a till's or a shop's, without a model), or takes
 * the one that is there; resolves them, and writes who is one for `torture --score`. Prints "name value unit" a line;
 * progress on standard error. */
#include "bench/torture_csv.h"
#include "base/clock.h"
#include "db/db.h"
#include "people/people.h"
#include "people/rooms.h"
#include "text/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define BATCH 400
#define COLUMNS 22
#define LINE 4096
#define PHASES 16

enum { SOURCE, KEY, PREFIX, GIVEN, MIDDLE, FAMILY, SUFFIX, GENDER, BIRTH, STREET, CITY, REGION, POSTCODE, COUNTRY };
enum { EMAIL = 14, PHONE, LOYALTY, ACCOUNT };

static struct error err;

static void must(enum result r)
{
	if (r == OK)
		return;
	fprintf(stderr, "resolve_bench: %s: %s\n", err.code, err.detail);
	exit(2);
}

struct batch {
	char line[BATCH][LINE], *field[BATCH][COLUMNS];
	int count;
	FILE *clusters;
};

static void identify(struct record_in *in, enum identifier_kind kind, const char *value, bool verified)
{
	if (*value)
		in->identifiers[in->identifier_count++] = (struct identifier_in){ kind, str_c(value), verified };
}

static enum result batch_put(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;

	for (int i = 0; i < b->count; i++) {
		char **f = b->field[i];
		struct record_in in = { .source = str_c(f[SOURCE]),
			                .source_key = str_c(f[KEY]),
			                .prefix = str_c(f[PREFIX]),
			                .given = str_c(f[GIVEN]),
			                .middle = str_c(f[MIDDLE]),
			                .family = str_c(f[FAMILY]),
			                .suffix = str_c(f[SUFFIX]),
			                .gender = str_c(f[GENDER]),
			                .street = str_c(f[STREET]),
			                .city = str_c(f[CITY]),
			                .region = str_c(f[REGION]),
			                .postcode = str_c(f[POSTCODE]),
			                .country = str_c(f[COUNTRY]),
			                .at = 1000 };
		int64_t record, customer;
		bool changed;

		if (sscanf(f[BIRTH], "%d-%d-%d", &in.birth_year, &in.birth_month, &in.birth_day) != 3)
			in.birth_year = in.birth_month = in.birth_day = 0;
		identify(&in, IDENT_EMAIL, f[EMAIL], false);
		identify(&in, IDENT_PHONE, f[PHONE], false);
		identify(&in, IDENT_LOYALTY, f[LOYALTY], true);
		identify(&in, IDENT_ACCOUNT, f[ACCOUNT], true);
		TRY(record_put(tx, &in, &record, &customer, &changed, NULL, e));
	}
	return OK;
}

static enum result batch_ask(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;

	for (int i = 0; i < b->count; i++) {
		int64_t record, customer = 0;
		bool found;

		TRY(record_find(tx, str_c(b->field[i][SOURCE]), str_c(b->field[i][KEY]), &record, &customer, &found,
		                e));
		fprintf(b->clusters, "%s,%s,%lld\n", b->field[i][SOURCE], b->field[i][KEY], (long long)customer);
	}
	return OK;
}

static void table_each(const char *path, struct db *db, struct batch *b, db_fn *fn, bool write)
{
	FILE *f = fopen(path, "r");
	bool more = f && fgets(b->line[0], LINE, f);

	if (!more)
		exit(2);
	while (more) {
		for (b->count = 0; b->count < BATCH; b->count++) {
			more = fgets(b->line[b->count], LINE, f) != NULL;
			if (!more)
				break;
			if (csv_cut(b->line[b->count], b->field[b->count], COLUMNS) != COLUMNS)
				exit(2);
		}
		must(write ? db_transact(db, fn, b, &err) : db_read(db, fn, b, &err));
	}
	fclose(f);
}

/* ---- Phases -------------------------------------------------------------------------------------------------------
 */

struct phases {
	struct {
		char name[32];
		int64_t began;
	} list[PHASES];
	int count;
};

static void on_progress(void *arg, const char *phase, int64_t done, int64_t of)
{
	struct phases *p = arg;

	(void)done;
	(void)of;
	if ((p->count && strcmp(p->list[p->count - 1].name, phase) == 0) || p->count == PHASES)
		return;
	snprintf(p->list[p->count].name, sizeof(p->list[0].name), "%s", phase);
	p->list[p->count++].began = clock_monotonic();
	fprintf(stderr, "%s\n", phase);
}

static double peak_mb(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)use.ru_maxrss / 1e3;
}

int main(int argc, char **argv)
{
	struct phases phases = { 0 };
	struct people_resolving how = { .progress = on_progress, .arg = &phases };
	struct people_resolved out;
	struct batch *b = malloc(sizeof(*b));
	struct db *db;
	int64_t began, ended;
	unsigned char digest[16];
	bool there;

	if ((argc != 4 && argc != 5) || !b) {
		fprintf(stderr, "usage: resolve_bench TORTURE.csv DATABASE CLUSTERS.csv [MEMORY_MB]\n");
		return 2;
	}
	how.memory = argc == 5 ? (size_t)atol(argv[4]) << 20 : 0;
	how.folder = ".";
	there = access(argv[2], F_OK) == 0;
	must(text_start(&err));
	must(db_open(&(struct db_config){ .url = argv[2], .create = true, .limit_ms = DB_LONG_MS }, &db, &err));
	must(db_migrate(db, &err));
	began = clock_monotonic();
	if (!there) {
		table_each(argv[1], db, b, batch_put, true);
		printf("put %.1f s\n", (double)(clock_monotonic() - began) / 1e6);
		printf("put.peak_memory %.0f MB\n", peak_mb());
	}
	began = clock_monotonic();
	must(people_resolve_all(db, &how, &out, &err));
	ended = clock_monotonic();
	for (int i = 0; i < phases.count; i++)
		printf("resolve.%s %.1f s\n", phases.list[i].name,
		       (double)((i + 1 < phases.count ? phases.list[i + 1].began : ended) - phases.list[i].began) /
		               1e6);
	printf("resolve %.1f s\nresolve.peak_memory %.0f MB\n", (double)(ended - began) / 1e6, peak_mb());
	printf("records %lld records\ncustomers %lld customers\nkeys %lld keys\npairs %lld pairs\ndoubts %lld pairs\n",
	       (long long)out.records, (long long)out.customers, (long long)out.keys, (long long)out.pairs,
	       (long long)out.doubts);
	must(people_digest(db, digest, &err));
	printf("partition ");
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	printf(" hash\n");
	b->clusters = fopen(argv[3], "w");
	if (!b->clusters)
		return 2;
	fprintf(b->clusters, "source,source_key,cluster\n");
	table_each(argv[1], db, b, batch_ask, false);
	fclose(b->clusters);
	db_close(db);
	free(b);
	return 0;
}
