/* torture: people in households with dirt of named kinds and the truth beside it; and the score of a resolver.
 *	torture --people N|--records N --out FILE [--seed S] [--data DIR] [--kinds FILE] [--window N] [--quiet]
 *	torture --score RECORDS CLUSTERS
 * What the kinds are: bench/TORTURE.md. */
#include "torture.h"
#include <stdlib.h>
#include <time.h>

#define AT_MOST 20000000 /* records or people: beyond it phone numbers run out */
#define KINDS_BYTES 65536

static int usage(FILE *to)
{
	struct torture_config c;

	fprintf(to,
	        "usage: torture --people N|--records N --out FILE [--seed S] [--data DIR] [--kinds FILE] [--window N] "
	        "[--quiet]\n"
	        "       torture --score RECORDS CLUSTERS\n"
	        "--out -: to standard output. --data: a folder with nicknames/ and pseudopeople/; small tables are "
	        "built "
	        "in.\n"
	        "--window: records shuffled among each other (1: household by household).\n"
	        "CLUSTERS: CSV with the columns source, source_key, cluster.\n"
	        "--kinds: a file of lines \"kind rate\"; as it stands:\n\n");
	torture_config_default(&c);
	torture_config_print(&c, to);
	return to == stderr ? 2 : 0;
}

static int fail(const struct error *e)
{
	fprintf(stderr, "torture: %s: %s\n", e->code, e->detail);
	return 1;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void tally_print(const struct torture_tally *t, double seconds)
{
	fprintf(stderr, "%-18s %10s %10s %8s %10s\n", "kind", "asked", "struck", "rate", "records");
	for (int k = 0; k < KINDS; k++)
		fprintf(stderr, "%-18s %10jd %10jd %8.4f %10jd\n", kind_table[k].name, (intmax_t)t->asked[k],
		        (intmax_t)t->hit[k], t->asked[k] ? (double)t->hit[k] / (double)t->asked[k] : 0,
		        (intmax_t)t->carried[k]);
	fprintf(stderr,
	        "%jd records (%jd without any kind) of %jd people in %jd households; %jd MB in %.1f s, %.0f records/s; "
	        "one "
	        "cashier's value on %jd; digest %016jx\n",
	        (intmax_t)t->records, (intmax_t)t->clean, (intmax_t)t->people, (intmax_t)t->households,
	        (intmax_t)t->bytes / 1000000, seconds, (double)t->records / seconds, (intmax_t)t->cashier_top,
	        (uintmax_t)t->digest);
}

static int kinds_read(struct torture_config *c, const char *path)
{
	static char text[KINDS_BYTES];
	struct error e;
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		return 1;
	}
	size_t n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return torture_config_read(c, (struct str){ text, n }, &e) == OK ? 0 : fail(&e);
}

static int generate(const struct torture_config *c, const char *path, bool quiet)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	struct torture_tally tally;
	struct error e;
	double start = now_s();

	if (!out) {
		perror(path);
		return 1;
	}
	enum result r = torture_write(c, out, &tally, &e);
	if (r == OK && out != stdout && fclose(out) != 0) {
		perror(path);
		return 1;
	}
	if (r != OK)
		return fail(&e);
	if (!quiet)
		tally_print(&tally, now_s() - start);
	return 0;
}

static int score(const char *records, const char *clusters)
{
	struct torture_score out;
	struct error e;
	FILE *a = fopen(records, "r"), *b = fopen(clusters, "r");

	if (!a || !b) {
		perror(a ? clusters : records);
		return 1;
	}
	enum result r = torture_score(a, b, stdout, &out, &e);
	fclose(a);
	fclose(b);
	return r == OK ? 0 : fail(&e);
}

static bool number(const char *text, int64_t *out)
{
	return text && str_to_i64(str_c(text), out) && *out >= 0;
}

int main(int argc, char **argv)
{
	struct torture_config c;
	const char *out = NULL, *kinds = NULL;
	bool quiet = false;

	torture_config_default(&c);
	if (argc == 4 && strcmp(argv[1], "--score") == 0)
		return score(argv[2], argv[3]);
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i], *value = argv[i + 1];
		int64_t n;

		if (strcmp(name, "--help") == 0)
			return usage(stdout);
		if (strcmp(name, "--quiet") == 0) {
			quiet = true;
			continue;
		}
		i++;
		if (strcmp(name, "--out") == 0 && value)
			out = value;
		else if (strcmp(name, "--data") == 0 && value)
			c.data = value;
		else if (strcmp(name, "--kinds") == 0 && value)
			kinds = value;
		else if (strcmp(name, "--people") == 0 && number(value, &n) && n <= AT_MOST)
			c.people = n;
		else if (strcmp(name, "--records") == 0 && number(value, &n) && n <= AT_MOST)
			c.records = n;
		else if (strcmp(name, "--seed") == 0 && number(value, &n))
			c.seed = (uint64_t)n;
		else if (strcmp(name, "--window") == 0 && number(value, &n) && n <= AT_MOST)
			c.window = (size_t)n;
		else
			return usage(stderr);
	}
	if (!out || (c.people > 0) == (c.records > 0))
		return usage(stderr);
	if (kinds && kinds_read(&c, kinds) != 0)
		return 1;
	return generate(&c, out, quiet);
}
