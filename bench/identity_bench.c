/* Identity resolution on public data whose truth is known: bench/identity runs it. usage: identity_bench NAME FILE…
 * Prints "name value unit must stretch verdict" a line. */
#include "ingest/csv.h"
#include "people/evaluate.h"
#include "people/match_inside.h"
#include "text/text.h"
#include "base/hash.h"
#include "base/map.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define ARENA (8ull << 30)
#define COPIES 20
#define CANDIDATES 50
#define SCORINGS 20000

static int missed;

static void fail(const struct error *e)
{
	fprintf(stderr, "identity_bench: %s: %s\n", e->code, e->detail);
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* higher: more is better. must or stretch below 0: none. */
static void figure(const char *set, const char *name, double value, const char *unit, double must, double stretch,
                   bool higher)
{
	char bound[2][24];
	const char *verdict = "-";

	for (int i = 0; i < 2; i++)
		snprintf(bound[i], sizeof(bound[i]), (i ? stretch : must) < 0 ? "-" : "%g", i ? stretch : must);
	if (must >= 0) {
		bool good = higher ? value >= must : value <= must;

		verdict = good ? "OK" : "MISS";
		missed |= !good;
	}
	printf("%s.%-24s %10.4f %-10s %8s %8s  %s\n", set, name, value, unit, bound[0], bound[1], verdict);
}

/* ---- Data -------------------------------------------------------------------------------------------------------- */

struct set {
	struct arena *arena;
	struct match_record **records;
	int *truth; /* numbers of people */
	int count, room, people;
	struct map numbers;
};

static void set_init(struct set *s)
{
	*s = (struct set){ .arena = arena_new(ARENA) };
	map_init(&s->numbers);
}

static void set_free(struct set *s)
{
	arena_free(s->arena);
	free(s->records);
	free(s->truth);
	map_free(&s->numbers);
}

static int person_number(struct set *s, struct str name)
{
	int64_t key = (int64_t)hash64_str(name, 1), n;
	struct error e;

	if (map_get(&s->numbers, key, &n))
		return (int)n;
	if (map_put(&s->numbers, key, s->people, &e) != OK)
		fail(&e);
	return s->people++;
}

static void set_add(struct set *s, const struct match_in *in, int truth)
{
	struct error e;

	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->records = realloc(s->records, (size_t)s->room * sizeof(*s->records));
		s->truth = realloc(s->truth, (size_t)s->room * sizeof(*s->truth));
	}
	if (match_record_make(in, s->arena, &s->records[s->count], &e) != OK)
		fail(&e);
	s->truth[s->count++] = truth;
}

/* Letters moved on by shift: another alphabet of names, the same errors. */
static struct str shifted(struct str s, int shift, struct arena *a)
{
	char *p = shift ? str_dup(a, s) : NULL;

	for (size_t i = 0; p && i < s.n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)('a' + (p[i] - 'a' + shift) % 26);
	return p ? (struct str){ p, s.n } : s;
}

/* febrl: rec-12-dup-0 is person 12. */
static struct str febrl_person(struct str key)
{
	for (size_t i = 4; i < key.n; i++)
		if (key.p[i] == '-')
			return (struct str){ key.p, i };
	return key;
}

struct truth_key {
	struct map person; /* hash of source and key → number */
};

static int64_t source_and_key(struct str source, struct str key)
{
	return (int64_t)hash64_str(key, hash64_str(source, 3));
}

/* Reads a table. truth: its column of the truth; NULL for febrl; key: the truth by (source, key) instead. */
static void read_table(struct set *s, const char *path, const char *truth, const struct truth_key *key, int shift)
{
	struct input *input;
	struct csv_reader *csv;
	const struct csv_row *row;
	struct str headings[EVALUATE_COLUMNS_MAX];
	struct evaluate_map map;
	struct arena *scratch = arena_new(0);
	struct error e;
	int columns = 0, truth_at = -1;

	if (input_open(path, &input, &e) != OK)
		fail(&e);
	csv = csv_reader_new(input, ',', CSV_UTF8);
	for (bool first = true; csv_next(csv, &row, &e) == OK && row; first = false) {
		struct str fields[EVALUATE_COLUMNS_MAX], person = STR("");
		struct match_in in;
		int number;

		if (first) {
			for (columns = 0; columns < row->count && columns < EVALUATE_COLUMNS_MAX; columns++) {
				headings[columns] = str_c(str_dup(s->arena, str_trim(row->fields[columns])));
				if (truth && str_is(headings[columns], truth))
					truth_at = columns;
			}
			evaluate_map_make(&map, headings, columns,
			                  truth ? str_c(arena_printf(s->arena, "%s,household,dirt", truth)) : STR(""));
			continue;
		}
		arena_reset(scratch);
		for (int i = 0; i < columns; i++) {
			fields[i] = i < row->count ? row->fields[i] : STR("");
			if (shift && i != truth_at && i > 0)
				fields[i] = shifted(fields[i], shift, scratch);
		}
		if (evaluate_row(&map, fields, columns, scratch, &in, &e) != OK)
			fail(&e);
		if (shift) {
			in.source = str_c(arena_printf(scratch, "copy %d", shift));
			person = str_c(arena_printf(scratch, "%d %.*s", shift, STR_ARG(row->fields[truth_at])));
		} else if (truth_at >= 0)
			person = row->fields[truth_at];
		else
			person = febrl_person(in.source_key);
		if (key) {
			int64_t n;

			if (!map_get(&key->person, source_and_key(in.source, in.source_key), &n))
				continue; /* no truth is known */
			number = (int)n;
		} else {
			number = person_number(s, person);
		}
		set_add(s, &in, number);
	}
	csv_reader_free(csv);
	arena_free(scratch);
}

/* Senzing's key: CLUSTER_ID and DATA_SOURCE, RECORD_ID. */
static void read_key(struct set *s, const char *path, struct truth_key *key)
{
	struct input *input;
	struct csv_reader *csv;
	const struct csv_row *row;
	struct error e;

	map_init(&key->person);
	if (input_open(path, &input, &e) != OK)
		fail(&e);
	csv = csv_reader_new(input, ',', CSV_UTF8);
	for (bool first = true; csv_next(csv, &row, &e) == OK && row; first = false)
		if (!first && row->count >= 4 &&
		    map_put(&key->person, source_and_key(str_trim(row->fields[2]), str_trim(row->fields[3])),
		            person_number(s, row->fields[1]), &e) != OK)
			fail(&e);
	csv_reader_free(csv);
}

/* ---- Runs -------------------------------------------------------------------------------------------------------- */

static void print_evidence(const struct match_model *m, const struct match_record *a, const struct match_record *b)
{
	struct match_evidence ev[MATCH_EVIDENCE_MAX];
	int n, score = match_score(m, a, b, ev, &n);

	fprintf(stderr, "   %.*s | %.*s: %.2f\n", STR_ARG(match_record_source_key(a)),
	        STR_ARG(match_record_source_key(b)), score / 1000.0);
	for (int i = 0; i < n; i++)
		fprintf(stderr, "      %6.2f %s %s: %s   %.*s | %.*s\n", ev[i].weight / 1000.0, ev[i].comparison,
		        ev[i].kind, ev[i].level, STR_ARG(ev[i].a), STR_ARG(ev[i].b));
}

static void print_worst(const struct match_model *m, const struct set *s, const int *group)
{
	struct evaluate_wrong wrong[64];
	struct error e;
	int n;

	if (evaluate_worst(m, s->records, group, s->truth, s->count, 30, wrong, &n, &e) != OK)
		fail(&e);
	for (int i = 0; i < n; i++) {
		fprintf(stderr, "%s", wrong[i].merged ? "MERGED\n" : "SPLIT\n");
		print_evidence(m, s->records[wrong[i].a], s->records[wrong[i].b]);
	}
}

/* source, source key and group of each record, for others to judge. */
static void write_groups(const struct set *s, const int *group, const char *to, int bits)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s.%d", to, bits);
	f = fopen(path, "w");
	if (!f)
		return;
	fprintf(f, "source,source_key,cluster\n");
	for (int i = 0; i < s->count; i++)
		fprintf(f, "%.*s,%.*s,%d\n", STR_ARG(match_record_source(s->records[i])),
		        STR_ARG(match_record_source_key(s->records[i])), group[i]);
	fclose(f);
}

/* How often pairs of a score are of one person, which the score itself says: for who doubts it. */
static void print_calibration(const struct match_model *m, const struct set *s)
{
	struct match_bulk bulk = { .records = s->records, .record_count = s->count };
	struct link *links;
	size_t count;
	struct error e;
	int64_t all[2][24] = { 0 }, right[2][24] = { 0 };

	if (match_links(m, &bulk, &links, &count, NULL, &e) != OK)
		fail(&e);
	for (size_t i = 0; i < count; i++) {
		const struct link *l = &links[i];
		bool unnamed = !s->records[l->a]->count[WORD_GIVEN] || !s->records[l->b]->count[WORD_GIVEN];
		int bits = l->score / 1000 < 23 ? l->score / 1000 : 23;

		all[unnamed][bits]++;
		right[unnamed][bits] += s->truth[l->a] == s->truth[l->b];
	}
	for (int i = 0; i < 24; i++)
		fprintf(stderr, "   %2d bits: %8lld pairs, right %.4f; without a first name %8lld, right %.4f\n", i,
		        (long long)all[0][i], (double)right[0][i] / (double)(all[0][i] + !all[0][i]),
		        (long long)all[1][i], (double)right[1][i] / (double)(all[1][i] + !all[1][i]));
	mem_free(links);
}

static struct evaluate_figures run(const char *name, struct set *s, struct match_model **model, double *seconds)
{
	struct match_bulk bulk = { .records = s->records, .record_count = s->count };
	struct match_bulk_result result;
	struct evaluate_figures f;
	struct error e;
	int *group = malloc((size_t)s->count * sizeof(*group) + 1);
	double start = now(), trained;

	if (match_train(s->records, s->count, NULL, model, &e) != OK)
		fail(&e);
	trained = now();
	if (match_resolve(*model, &bulk, group, &result, &e) != OK)
		fail(&e);
	*seconds = now() - start;
	if (evaluate_groups(group, s->truth, s->count, &f, &e) != OK)
		fail(&e);
	fprintf(stderr,
	        "%s: %d records, %lld keys, %lld pairs, %lld links, train %.2f s, resolve %.2f s; largest component "
	        "%d\n",
	        name, s->count, (long long)result.keys, (long long)result.pairs, (long long)result.links,
	        trained - start, now() - trained, result.largest_component);
	if (getenv("GROUPS_TO"))
		write_groups(s, group, getenv("GROUPS_TO"), 0);
	if (getenv("WORST"))
		print_worst(*model, s, group);
	if (getenv("CALIBRATION"))
		print_calibration(*model, s);
	if (getenv("MODEL")) {
		struct buf b;

		buf_init(&b, 1 << 28);
		match_model_print(*model, &b);
		fprintf(stderr, "%.*s", (int)(b.n < 9000 ? b.n : 9000), b.p);
		buf_free(&b);
	}
	free(group);
	return f;
}

static void figures(const char *name, const struct evaluate_figures *f, double must, double stretch)
{
	bool historical = strcmp(name, "historical_50k") == 0;

	figure(name, "precision", f->precision, "ratio", -1, -1, true);
	figure(name, "recall", f->recall, "ratio", -1, -1, true);
	figure(name, "f1", f->f1, "ratio", must, stretch, true);
	figure(name, "b3_f1", f->b3_f1, "ratio", historical ? .87 : -1, historical ? .90 : -1, true);
	figure(name, "b3_precision", f->b3_precision, "ratio", -1, -1, true);
	figure(name, "b3_recall", f->b3_recall, "ratio", -1, -1, true);
	figure(name, "false_merges", f->false_merges_10000, "per_10000", -1, -1, false);
	figure(name, "false_splits", f->false_splits, "groups", -1, -1, false);
}

/* must below 0: none. */
static void costs(const char *name, double seconds, double must, double stretch)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	figure(name, "train_and_resolve", seconds, "s", must, stretch, false);
	figure(name, "peak_memory", (double)use.ru_maxrss / 1e6, "GB", must < 0 ? -1 : 3, -1, false);
}

static void febrl(const char *name, const char *path, double must, double stretch)
{
	struct set s;
	struct match_model *m;
	double seconds;
	struct evaluate_figures f;

	set_init(&s);
	read_table(&s, path, NULL, NULL, 0);
	f = run(name, &s, &m, &seconds);
	figures(name, &f, must, stretch);
	costs(name, seconds, -1, -1);
	match_model_free(m);
	set_free(&s);
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static const struct match_record *candidate(const struct set *s, int at, int j)
{
	return s->records[(at + (j % 2 ? j : j * 997)) % s->count];
}

/* One record against CANDIDATES others: half are its neighbours in the file (mostly the same person), half far away. */
static void speed(const struct set *s, const struct match_model *m)
{
	double *times = malloc(SCORINGS * sizeof(*times));
	volatile int sink = 0;

	for (int i = 0; i < SCORINGS; i++) {
		int at = (int)((int64_t)i * 7919 % s->count);
		double start = now();

		match_record_fetch(candidate(s, at, 1));
		match_record_fetch(candidate(s, at, 2));
		for (int j = 1; j <= CANDIDATES; j++) {
			if (j + 2 <= CANDIDATES)
				match_record_fetch(candidate(s, at, j + 2));
			sink += match_score(m, s->records[at], candidate(s, at, j), NULL, NULL);
		}
		times[i] = (now() - start) * 1e6;
	}
	qsort(times, SCORINGS, sizeof(*times), by_double);
	figure("scoring", "50_candidates_p50", times[SCORINGS / 2], "us", 30, 15, false);
	figure("scoring", "50_candidates_p99", times[SCORINGS / 100 * 99], "us", 300, 120, false);
	free(times);
}

static void historical(const char *path)
{
	struct set s;
	struct match_model *m;
	struct evaluate_figures f;
	double seconds;

	set_init(&s);
	read_table(&s, path, "cluster", NULL, 0);
	f = run("historical_50k", &s, &m, &seconds);
	figures("historical_50k", &f, .85, .885);
	costs("historical_50k", seconds, -1, -1);
	figure("historical_50k", "largest", f.largest_group, "records", 60, 35, false);
	speed(&s, m);
	match_model_free(m);
	set_free(&s);
}

static void million(const char *path)
{
	struct set s;
	struct match_model *m;
	struct evaluate_figures f;
	double seconds, start = now(), read;

	set_init(&s);
	for (int copy = 0; copy < COPIES; copy++)
		read_table(&s, path, "cluster", NULL, copy);
	read = now() - start;
	f = run("million", &s, &m, &seconds);
	figures("million", &f, -1, -1);
	figure("million", "reading", read, "s", -1, -1, false);
	figure("million", "all", read + seconds, "s", 45, 15, false);
	costs("million", seconds, 45, 15);
	match_model_free(m);
	set_free(&s);
}

/* The same model, surer before it joins. */
static void surer(const char *table, struct match_model *m, const struct set *s, int bits)
{
	struct match_bulk bulk = { .records = s->records, .record_count = s->count };
	struct match_bulk_result result;
	struct evaluate_figures f;
	struct error e;
	int *group = malloc((size_t)s->count * sizeof(*group) + 1);
	char name[80];

	match_model_set_link(m, bits * 1000);
	if (match_resolve(m, &bulk, group, &result, &e) != OK ||
	    evaluate_groups(group, s->truth, s->count, &f, &e) != OK)
		fail(&e);
	if (getenv("GROUPS_TO"))
		write_groups(s, group, getenv("GROUPS_TO"), bits);
	if (getenv("WORST"))
		print_worst(m, s, group);
	snprintf(name, sizeof(name), "%s_%dbits", table, bits);
	figures(name, &f, -1, -1);
	free(group);
}

/* Any table with a column "truth", called by its file. */
static void table(const char *path)
{
	struct set s;
	struct match_model *m;
	struct evaluate_figures f;
	const char *slash = strrchr(path, '/');
	char name[64];
	double seconds;

	snprintf(name, sizeof(name), "%s", slash ? slash + 1 : path);
	name[strcspn(name, ".")] = '\0';
	set_init(&s);
	read_table(&s, path, "truth", NULL, 0);
	f = run(name, &s, &m, &seconds);
	figures(name, &f, -1, -1);
	costs(name, seconds, -1, -1);
	figure(name, "largest", f.largest_group, "records", -1, -1, false);
	surer(name, m, &s, 2);
	surer(name, m, &s, 3);
	surer(name, m, &s, 4);
	surer(name, m, &s, 6);
	match_model_free(m);
	set_free(&s);
}

static void senzing(const char *folder)
{
	static const char *const files[] = { "customers.csv", "reference.csv", "watchlist.csv" };
	struct set s;
	struct truth_key key;
	struct match_model *m;
	struct evaluate_figures f;
	double seconds;
	char path[4096];

	set_init(&s);
	snprintf(path, sizeof(path), "%s/actual_truthset_key.csv", folder);
	read_key(&s, path, &key);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		read_table(&s, path, NULL, &key, 0);
	}
	f = run("senzing", &s, &m, &seconds);
	figures("senzing", &f, .95, 1);
	figure("senzing", "true_pairs", (double)f.true_pairs, "pairs", -1, -1, true);
	figure("senzing", "right_pairs", (double)f.right_pairs, "pairs", -1, -1, true);
	figure("senzing", "wrong_pairs", (double)(f.found_pairs - f.right_pairs), "pairs", -1, -1, false);
	map_free(&key.person);
	match_model_free(m);
	set_free(&s);
}

int main(int argc, char **argv)
{
	struct error e;

	if (argc != 3) {
		fprintf(stderr, "usage: identity_bench febrl1…4|historical|senzing|million|table FILE\n");
		return 2;
	}
	if (text_start(&e) != OK)
		fail(&e);
	if (strcmp(argv[1], "febrl1") == 0)
		febrl(argv[1], argv[2], .998, 1);
	else if (strcmp(argv[1], "febrl2") == 0)
		febrl(argv[1], argv[2], .998, .999);
	else if (strcmp(argv[1], "febrl3") == 0)
		febrl(argv[1], argv[2], .995, .998);
	else if (strcmp(argv[1], "febrl4") == 0) /* not in the folder of data: no bound was set */
		febrl(argv[1], argv[2], -1, -1);
	else if (strcmp(argv[1], "historical") == 0)
		historical(argv[2]);
	else if (strcmp(argv[1], "senzing") == 0)
		senzing(argv[2]);
	else if (strcmp(argv[1], "table") == 0)
		table(argv[2]);
	else if (strcmp(argv[1], "million") == 0)
		million(argv[2]);
	else
		return 2;
	return missed;
}
