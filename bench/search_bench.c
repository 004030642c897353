/* Search as you type over made-up customers, with real kinds of typos; beside it PostgreSQL's pg_trgm on the same
 * names.
 *
 * search_bench CUSTOMERS QUERIES PG_QUERIES CONNINFO|- [FOLDER]
 *
 * FOLDER holds given.txt and family.txt ("count name" a line), phonetic_variations.csv, qwerty_errors.yaml; without it
 * names are made of syllables and typos of keys side by side. A hit: among the first five is somebody of exactly the
 * name that was meant (who is meant among people of one name, no typist can tell). */
#include "people/search_match.h"
#include <libpq-fe.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NAMES_MAX 400000
#define TAIL 300000 /* rare family names, made of halves of others */
#define RULES_MAX 200

static uint64_t rnd_state = 20261122;

static uint64_t rnd(void)
{
	uint64_t z = rnd_state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}
static uint64_t below(uint64_t n)
{
	return rnd() % n;
}
static double clock_s(clockid_t kind)
{
	struct timespec t;

	clock_gettime(kind, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static double now_s(void)
{
	return clock_s(CLOCK_MONOTONIC);
}
static void die(const char *what)
{
	fprintf(stderr, "search_bench: %s\n", what);
	exit(2);
}

/* ---- Names ------------------------------------------------------------------------------------------------------- */

struct names {
	char (*name)[TOKEN_MAX + 1];
	uint64_t *sum; /* cumulated counts */
	uint32_t count;
};
static struct names given, family;
static uint32_t family_listed;

static void names_add(struct names *n, const char *name, uint64_t count)
{
	char folded[TEXT_FOLD_BYTES];

	if (n->count == NAMES_MAX || text_fold(str_c(name), folded) == 0 || strchr(folded, ' ') || strlen(folded) > 30)
		return;
	strcpy(n->name[n->count], folded);
	n->sum[n->count] = (n->count ? n->sum[n->count - 1] : 0) + count;
	n->count++;
}

static void names_start(struct names *n)
{
	n->name = calloc(NAMES_MAX, sizeof(*n->name));
	n->sum = calloc(NAMES_MAX, sizeof(*n->sum));
	if (!n->name || !n->sum)
		die("no memory");
}

static bool names_read(struct names *n, const char *folder, const char *file)
{
	char path[512], line[256], *end;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		uint64_t count = strtoull(line, &end, 10);

		end[strcspn(end, "\n")] = '\0';
		if (count && *end == ' ')
			names_add(n, end + 1, count);
	}
	fclose(f);
	return n->count > 0;
}

static void names_make(struct names *n, int syllables, int count)
{
	static const char *const parts[] = { "an",  "ber", "car", "den", "el",  "fer", "gan", "hol",
		                             "in",  "jor", "kel", "lin", "mar", "nor", "o",   "per",
		                             "ros", "son", "tel", "ul",  "ver", "win", "sta", "bri" };

	for (int i = 0; i < count; i++) {
		char name[64] = "";

		for (int k = 0; k < syllables + (int)below(2); k++)
			strcat(name, parts[below(24)]);
		names_add(n, name, (uint64_t)(1000000 / (i + 10)));
	}
}

/* Family names that few have: the beginning of one and the end of another. */
static void family_tail(void)
{
	family_listed = family.count;
	while (family.count < family_listed + TAIL && family.count < NAMES_MAX) {
		const char *a = family.name[below(family_listed)], *b = family.name[below(family_listed)];
		size_t an = strlen(a), bn = strlen(b), from = 2 + below(3), to = 2 + below(4);
		char name[64];

		from = from < an ? from : an;
		to = to < bn ? to : bn;
		snprintf(name, sizeof(name), "%.*s%s", (int)from, a, b + bn - to);
		names_add(&family, name, 1);
	}
}

static uint32_t pick(const struct names *n, uint32_t count)
{
	uint64_t at = below(n->sum[count - 1]);
	uint32_t lo = 0, hi = count;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (n->sum[mid] <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t family_pick(void)
{
	if (below(10) < 7)
		return pick(&family, family_listed);
	return family_listed + (uint32_t)exp((double)below(1u << 30) / (1u << 30) * log(TAIL - 1.0)) - 1;
}

/* ---- Typos ------------------------------------------------------------------------------------------------------- */

static struct {
	char from[8], to[8];
	char where; /* A all, S start, E end */
} rules[RULES_MAX];
static int rule_count;
static char beside[26][12];

static void typos_read(const char *folder)
{
	static const char *const rows[] = { "qwertyuiop", "asdfghjkl", "zxcvbnm" };
	char path[512], line[256], where[16], from[16], to[16], conditions[128], key = 0, c;
	FILE *f;

	for (int r = 0; r < 3; r++)
		for (int i = 0; rows[r][i]; i++)
			snprintf(beside[rows[r][i] - 'a'], 12, "%s%.1s", i ? (char[]){ rows[r][i - 1], 0 } : "",
			         rows[r] + i + 1);
	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/qwerty_errors.yaml", folder);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] >= 'a' && line[0] <= 'z' && line[1] == ':') {
			key = line[0];
			beside[key - 'a'][0] = '\0';
		} else if (key && sscanf(line, "- %c", &c) == 1 && c >= 'a' && c <= 'z' &&
		           strlen(beside[key - 'a']) < 10) {
			strncat(beside[key - 'a'], &c, 1);
		}
	}
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "%s/phonetic_variations.csv", folder);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) && rule_count < RULES_MAX)
		if (sscanf(line, "%15[A-Z],%15[^,],%15[^,],%127s", where, from, to, conditions) == 4 &&
		    strlen(from) < 8 && strlen(to) < 8 && strcmp(conditions, "None,None,None,None") == 0) {
			strcpy(rules[rule_count].from, from);
			strcpy(rules[rule_count].to, strcmp(to, "@") == 0 ? "" : to);
			rules[rule_count++].where = where[0];
		}
	if (f)
		fclose(f);
}

static bool phonetic(char *word)
{
	char out[64];

	for (int tries = 0; rule_count && tries < 60; tries++) {
		int r = (int)below((uint64_t)rule_count);
		char *at = strstr(word, rules[r].from);
		size_t n = strlen(rules[r].from);

		if (!at || (rules[r].where == 'S' && at != word) || (rules[r].where == 'E' && at[n]) ||
		    strlen(word) <= n + 1)
			continue;
		snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - word), word, rules[r].to, at + n);
		strcpy(word, out);
		return true;
	}
	return false;
}

static void typo(char *word)
{
	size_t n = strlen(word), i = below(n);
	uint64_t kind = below(100);
	char key;

	if (n < 3 || n > 30)
		return;
	if (kind < 25 && phonetic(word))
		return;
	key = word[i] >= 'a' && word[i] <= 'z' ? beside[word[i] - 'a'][below(strlen(beside[word[i] - 'a']))] : 'e';
	if (kind < 50) {
		word[i] = key; /* the key beside */
	} else if (kind < 65) {
		memmove(word + i, word + i + 1, n - i); /* left out */
	} else if (kind < 75) {
		memmove(word + i + 1, word + i, n - i + 1); /* doubled */
	} else if (kind < 85) {
		memmove(word + i + 1, word + i, n - i + 1); /* a key beside as well */
		word[i] = key;
	} else {
		if (i + 1 == n)
			i--;
		key = word[i];
		word[i] = word[i + 1];
		word[i + 1] = key;
	}
}

/* ---- The population ---------------------------------------------------------------------------------------------- */

static uint32_t customers;
static uint16_t *who_given;
static uint32_t *who_family;

static int64_t customer_id(uint32_t i)
{
	return ((int64_t)i + 1) << 12 | (int64_t)((uint64_t)i * ID_BUCKETS / customers);
}

static struct segment *population_build(void)
{
	struct segment_builder *b = builder_new();
	struct doc *d = calloc(1, sizeof(*d));
	char email[128], loyalty[32];

	who_given = malloc(customers * sizeof(*who_given));
	who_family = malloc(customers * sizeof(*who_family));
	if (!b || !d || !who_given || !who_family)
		die("no memory");
	for (uint32_t i = 0; i < customers; i++) {
		doc_start(d, customer_id(i));
		who_given[i] = (uint16_t)pick(&given, given.count);
		who_family[i] = family_pick();
		doc_name(d, str_c(given.name[who_given[i]]), STR(""), str_c(family.name[who_family[i]]));
		snprintf(email, sizeof(email), "%c%s%u@mail%u.org", given.name[who_given[i]][0],
		         family.name[who_family[i]], i % 997, i % 31);
		snprintf(loyalty, sizeof(loyalty), "L%u", 10000000 + i);
		d->phones[d->phone_count++] = 41440000000ull + rnd() % 9999999ull;
		d->emails[0] = email;
		d->email_count = below(10) < 8;
		d->loyalties[0] = loyalty;
		d->loyalty_count = below(2);
		snprintf(d->tokens[d->token_count++], TOKEN_MAX, "%c%05u", POSTCODE_MARK, (unsigned)below(40000));
		if (!builder_add(b, d))
			die("no memory");
	}
	free(d);
	return builder_finish(b);
}

/* ---- Queries ----------------------------------------------------------------------------------------------------- */

struct typed {
	char text[130];
	uint32_t meant;
};

static void typed_make(struct typed *t)
{
	char g[64], f[64];

	t->meant = (uint32_t)below(customers);
	strcpy(g, given.name[who_given[t->meant]]);
	strcpy(f, family.name[who_family[t->meant]]);
	switch (below(4)) {
	case 0:
		typo(g);
		break;
	case 1:
	case 2:
		typo(f);
		break;
	default:
		typo(g);
		typo(f);
	}
	if (below(10) == 0)
		snprintf(t->text, sizeof(t->text), "%s %s", f, g);
	else
		snprintf(t->text, sizeof(t->text), "%s %s", g, f);
}

static bool is_meant(const struct typed *t, uint32_t i)
{
	return strcmp(given.name[who_given[i]], given.name[who_given[t->meant]]) == 0 &&
	       strcmp(family.name[who_family[i]], family.name[who_family[t->meant]]) == 0;
}

static int by_time(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* must and stretch: NAN when there is none. at_least: more is better. */
static int figure(const char *name, double value, const char *unit, double must, double stretch, bool at_least)
{
	bool ok = isnan(must) || (at_least ? value >= must : value <= must);

	printf("%-28s %10.3f  %-8s", name, value, unit);
	if (isnan(must))
		printf("  -  -  OK\n");
	else
		printf("  %g  %g  %s\n", must, stretch, ok ? "OK" : "MISS");
	fflush(stdout);
	return ok ? 0 : 1;
}

struct run {
	double mean, p50, p99;
	double cpu_p99; /* of this thread's own time: what a machine with nothing else to do would show */
	double hits;
};

static bool one_query(struct search *s, const struct typed *t, int limit, double *took, double *cpu)
{
	struct search_query q = { .text = str_c(t->text), .limit = limit };
	struct search_hit hits[50];
	struct error e;
	double from = now_s(), cpu_from = clock_s(CLOCK_THREAD_CPUTIME_ID);
	int n;

	if (search_find(s, &q, hits, &n, &e) != OK)
		die(e.code);
	*took = now_s() - from;
	*cpu = clock_s(CLOCK_THREAD_CPUTIME_ID) - cpu_from;
	for (int i = 0; i < n && i < 5; i++)
		if (is_meant(t, (uint32_t)(hits[i].customer >> 12) - 1))
			return true;
	return false;
}

static struct run queries_run(struct search *s, const struct typed *typed, int count, bool show)
{
	double *took = calloc((size_t)count, sizeof(*took)), *cpu = calloc((size_t)count, sizeof(*cpu)), sum = 0;
	struct run r = { 0 };

	for (int i = 0; i < count; i++) {
		bool hit = one_query(s, &typed[i], 10, &took[i], &cpu[i]);

		r.hits += hit;
		sum += took[i];
		if (getenv("SHOW_SLOW") && cpu[i] > 0.003)
			fprintf(stderr, "slow: %.1f ms: %s\n", cpu[i] * 1e3, typed[i].text);
		if (show && !hit)
			fprintf(stderr, "missed: %s (%s %s)\n", typed[i].text, given.name[who_given[typed[i].meant]],
			        family.name[who_family[typed[i].meant]]);
	}
	qsort(took, (size_t)count, sizeof(*took), by_time);
	r.hits /= count;
	r.mean = sum / count;
	r.p50 = took[count / 2];
	r.p99 = took[count * 99 / 100];
	qsort(cpu, (size_t)count, sizeof(*cpu), by_time);
	r.cpu_p99 = cpu[count * 99 / 100];
	free(cpu);
	free(took);
	return r;
}

/* What comes in while she types: every beginning of "given family". */
static struct run keystrokes_run(struct search *s, int people)
{
	struct typed *t = calloc((size_t)people * 40, sizeof(*t));
	struct run r;
	int n = 0;

	for (int i = 0; i < people; i++) {
		uint32_t meant = (uint32_t)below(customers);
		char full[100];

		snprintf(full, sizeof(full), "%s %s", given.name[who_given[meant]], family.name[who_family[meant]]);
		for (size_t k = 1; k <= strlen(full) && k < 40 && n < people * 40; k++) {
			t[n].meant = meant;
			snprintf(t[n++].text, sizeof(t->text), "%.*s", (int)k, full);
		}
	}
	r = queries_run(s, t, n, false);
	free(t);
	return r;
}

/* ---- The peer ---------------------------------------------------------------------------------------------------- */

static PGconn *pg;

static void pg_do(const char *sql)
{
	PGresult *r = PQexec(pg, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		die(PQerrorMessage(pg));
	PQclear(r);
}

static void pg_load(const char *conninfo)
{
	char line[160];
	PGresult *r;

	pg = PQconnectdb(conninfo);
	if (PQstatus(pg) != CONNECTION_OK)
		die(PQerrorMessage(pg));
	pg_do("CREATE EXTENSION IF NOT EXISTS pg_trgm");
	pg_do("DROP TABLE IF EXISTS search_names");
	pg_do("CREATE TABLE search_names (id bigint, name text)");
	r = PQexec(pg, "COPY search_names FROM STDIN");
	PQclear(r);
	for (uint32_t i = 0; i < customers; i++) {
		int n = snprintf(line, sizeof(line), "%u\t%s %s\n", i, given.name[who_given[i]],
		                 family.name[who_family[i]]);

		if (PQputCopyData(pg, line, n) != 1)
			die(PQerrorMessage(pg));
	}
	if (PQputCopyEnd(pg, NULL) != 1)
		die(PQerrorMessage(pg));
	while ((r = PQgetResult(pg)))
		PQclear(r);
	pg_do("SET maintenance_work_mem = '1GB'");
	pg_do("CREATE INDEX search_names_trgm ON search_names USING gin (name gin_trgm_ops)");
	pg_do("VACUUM ANALYZE search_names");
	pg_do("SET work_mem = '256MB'");
	pg_do("SET max_parallel_workers_per_gather = 0"); /* one query, one core, on both sides */
}

static struct run pg_run(const struct typed *typed, int count)
{
	double *took = calloc((size_t)count, sizeof(*took)), sum = 0;
	struct run r = { 0 };

	for (int i = 0; i < count; i++) {
		const char *values[1] = { typed[i].text };
		double from = now_s();
		PGresult *res = PQexecParams(pg,
		                             "SELECT id FROM search_names WHERE name % $1 "
		                             "ORDER BY similarity(name, $1) DESC LIMIT 5",
		                             1, NULL, values, NULL, NULL, 0);
		bool hit = false;

		took[i] = now_s() - from;
		sum += took[i];
		if (PQresultStatus(res) != PGRES_TUPLES_OK)
			die(PQerrorMessage(pg));
		for (int k = 0; k < PQntuples(res); k++)
			hit = hit || is_meant(&typed[i], (uint32_t)strtoul(PQgetvalue(res, k, 0), NULL, 10));
		r.hits += hit;
		PQclear(res);
	}
	qsort(took, (size_t)count, sizeof(*took), by_time);
	r.hits /= count;
	r.mean = sum / count;
	r.p50 = took[count / 2];
	r.p99 = took[count * 99 / 100];
	free(took);
	return r;
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static struct search *search_made(void)
{
	struct search *s;
	struct error e;
	double from = now_s();
	struct segment *segment = population_build();

	if (!segment || search_new(NULL, NULL, &s, &e) != OK)
		die("no memory");
	s->view->segments[s->view->count++] = segment;
	atomic_store(&s->ready, true);
	fprintf(stderr, "%u customers, %u words, indexed in %.1f s\n", customers, segment->dict.count, now_s() - from);
	return s;
}

int main(int argc, char **argv)
{
	int queries = argc > 2 ? atoi(argv[2]) : 2000, pg_queries = argc > 3 ? atoi(argv[3]) : 100, bad = 0;
	const char *conninfo = argc > 4 ? argv[4] : "-", *folder = argc > 5 ? argv[5] : NULL;
	struct search_stats stats;
	struct search *s;
	struct typed *typed;
	struct run ours, peer;
	struct error e;

	customers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 5000000;
	if (customers == 0 || queries <= 0 || pg_queries <= 0 || text_start(&e) != OK)
		die("search_bench CUSTOMERS QUERIES PG_QUERIES CONNINFO|- [FOLDER]");
	names_start(&given);
	names_start(&family);
	typos_read(folder);
	if (!folder || !names_read(&given, folder, "given.txt"))
		names_make(&given, 2, 2000);
	if (!folder || !names_read(&family, folder, "family.txt"))
		names_make(&family, 3, 8000);
	family_tail();
	s = search_made();
	typed = calloc((size_t)queries, sizeof(*typed));
	for (int i = 0; i < queries; i++)
		typed_make(&typed[i]);
	(void)queries_run(s, typed, queries > 200 ? 200 : queries, false); /* pages in */
	ours = queries_run(s, typed, queries, getenv("SHOW_MISSED") != NULL);
	search_stats_get(s, &stats);
	bad += figure("search.hit_at_5", ours.hits, "share", 0.95, 0.97, true);
	bad += figure("search.typos_p50", ours.p50 * 1e3, "ms", NAN, NAN, false);
	bad += figure("search.typos_p99", ours.p99 * 1e3, "ms", 20, 5, false);
	bad += figure("search.typos_p99_cpu", ours.cpu_p99 * 1e3, "ms", NAN, NAN, false);
	bad += figure("search.bytes_a_customer", (double)stats.bytes / customers, "bytes", 400, 350, false);
	peer = keystrokes_run(s, 300);
	bad += figure("search.keystroke_p50", peer.p50 * 1e3, "ms", NAN, NAN, false);
	bad += figure("search.keystroke_p99", peer.p99 * 1e3, "ms", 20, 5, false);
	bad += figure("search.keystroke_p99_cpu", peer.cpu_p99 * 1e3, "ms", NAN, NAN, false);
	if (strcmp(conninfo, "-") == 0) {
		printf("%-28s %10s  %-8s  20  100  SKIP (no PostgreSQL)\n", "search.times_pg_trgm", "-", "ratio");
	} else {
		pg_load(conninfo);
		(void)pg_run(typed, pg_queries > 20 ? 20 : pg_queries);
		peer = pg_run(typed, pg_queries);
		ours = queries_run(s, typed, pg_queries, false);
		bad += figure("search.pg_trgm_p50", peer.p50 * 1e3, "ms", NAN, NAN, false);
		bad += figure("search.pg_trgm_hit_at_5", peer.hits, "share", NAN, NAN, true);
		bad += figure("search.hit_beside_pg_trgm", ours.hits - peer.hits, "share", 0, 0, true);
		bad += figure("search.times_pg_trgm", peer.mean / ours.mean, "ratio", 20, 100, true);
		PQfinish(pg);
	}
	search_free(s);
	return bad ? 1 : 0;
}
