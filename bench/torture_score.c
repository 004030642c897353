/* The score: what a resolver made of the records, against the truth beside them. Sorted, never pair by pair:
 * pairs of n records are n (n - 1) / 2, and those in which a kind occurs are all pairs less those among records without
 * it. */
#include "torture.h"
#include "torture_csv.h"
#include "base/hash.h"
#include <stdlib.h>

#define COLUMNS_MAX 64
#define WORST 5         /* customers that are shown */
#define WORST_RECORDS 4 /* of each */

struct row {
	uint64_t dirt;
	int64_t offset; /* of its line, for the report */
	uint32_t person, cluster, household;
};
struct keyed {
	uint64_t key;
	uint32_t row;
};
struct shared { /* a record with a cashier's or the store's value */
	uint64_t value;
	uint32_t row, cluster, person, household;
};
struct score {
	struct row *rows;
	uint32_t *order;    /* rows by (cluster, person) */
	uint64_t *names[3]; /* hashes of key, person, household; then of clusters, by row */
	struct shared *shared;
	size_t count, cap, shared_count, shared_cap;
	uint32_t persons, clusters;
	struct torture_score *out;
	struct worst {
		int64_t persons, records;
		size_t from; /* in order */
	} worst[WORST];
	uint32_t *person_size, *cluster_size;
};
enum { KEY, PERSON, HOUSEHOLD };

static uint64_t key_hash(const char *source, const char *key)
{
	return hash64(key, strlen(key), hash64(source, strlen(source), 1));
}

static bool grow(void **p, size_t cap, size_t size)
{
	void *grown = mem_realloc(*p, cap * size);

	if (grown)
		*p = grown;
	return grown != NULL;
}

static bool rows_grow(struct score *s)
{
	size_t cap = s->cap ? s->cap * 2 : 4096;

	if (s->count < s->cap)
		return true;
	if (!grow((void **)&s->rows, cap, sizeof(*s->rows)))
		return false;
	for (int i = 0; i < 3; i++)
		if (!grow((void **)&s->names[i], cap, sizeof(uint64_t)))
			return false;
	s->cap = cap;
	return true;
}

static bool shared_add(struct score *s, const char *value)
{
	if (s->shared_count == s->shared_cap) {
		size_t cap = s->shared_cap ? s->shared_cap * 2 : 1024;

		if (!grow((void **)&s->shared, cap, sizeof(*s->shared)))
			return false;
		s->shared_cap = cap;
	}
	s->shared[s->shared_count++] =
	        (struct shared){ .value = hash64(value, strlen(value), 3), .row = (uint32_t)s->count };
	return true;
}

static uint64_t dirt_read(char *words)
{
	uint64_t dirt = 0;

	for (char *rest = words, *word; (word = strsep(&rest, " "));)
		for (int k = 0; k < KINDS; k++)
			if (strcmp(word, kind_table[k].name) == 0)
				dirt |= (uint64_t)1 << k;
	return dirt;
}

static enum result records_read(struct score *s, FILE *in, struct error *e)
{
	static const char *const wanted[] = { "source", "source_key", "truth", "household", "dirt", "email", "phone" };
	enum { SOURCE, SOURCE_KEY, TRUTH, HOME, DIRT, EMAIL_AT, PHONE_AT, WANTED };
	int at[WANTED], columns = 0;
	char *line = NULL, *field[COLUMNS_MAX];
	size_t room = 0;
	ssize_t got;
	enum result r = OK;
	const uint64_t phones = (uint64_t)1 << CASHIER_PHONE | (uint64_t)1 << STORE_NUMBER;

	for (int64_t offset = 0, n = 0; r == OK && (got = getline(&line, &room, in)) > 0; offset += got, n++) {
		int cut = csv_cut(line, field, COLUMNS_MAX);

		for (int i = 0; n == 0 && r == OK && i < WANTED; i++) {
			columns = cut;
			at[i] = csv_column(field, cut, wanted[i]);
			if (at[i] < 0)
				r = error_set(e, ERR_INVALID, "score.column", wanted[i],
				              "the records have no column %s", wanted[i]);
		}
		if (n == 0)
			continue;
		if (cut != columns) {
			r = error_set(e, ERR_INVALID, "score.row", NULL, "line %jd has %d columns, not %d",
			              (intmax_t)n + 1, cut, columns);
			break;
		}
		if (s->count == UINT32_MAX || !rows_grow(s)) {
			r = error_nomem(e);
			break;
		}
		uint64_t dirt = dirt_read(field[at[DIRT]]);
		if ((dirt >> CASHIER_EMAIL & 1 && !shared_add(s, field[at[EMAIL_AT]])) ||
		    (dirt & phones && !shared_add(s, field[at[PHONE_AT]]))) {
			r = error_nomem(e);
			break;
		}
		s->rows[s->count] = (struct row){ .dirt = dirt, .offset = offset };
		s->names[KEY][s->count] = key_hash(field[at[SOURCE]], field[at[SOURCE_KEY]]);
		s->names[PERSON][s->count] = hash64(field[at[TRUTH]], strlen(field[at[TRUTH]]), 2);
		s->names[HOUSEHOLD][s->count++] = hash64(field[at[HOME]], strlen(field[at[HOME]]), 2);
	}
	free(line);
	return r == OK && ferror(in) ? error_set(e, ERR_IO, "score.read", NULL, "the records cannot be read") : r;
}

/* ---- Sorting ---------------------------------------------------------------------------------------------------- */

static int keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* Stable, by 11 bits at a time, the passes in which all are equal left out. */
static bool keyed_sort(struct keyed *a, size_t n)
{
	enum { BITS = 11, RADIX = 1 << BITS };
	struct keyed *b = mem_alloc((n + 1) * sizeof(*b)), *from = a, *to = b;

	if (!b)
		return false;
	for (int shift = 0; shift < 64; shift += BITS) {
		size_t at[RADIX] = { 0 }, sum = 0;

		for (size_t i = 0; i < n; i++)
			at[from[i].key >> shift & (RADIX - 1)]++;
		if (n && at[from[0].key >> shift & (RADIX - 1)] == n)
			continue;
		for (size_t i = 0; i < RADIX; i++) {
			size_t here = at[i];

			at[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < n; i++)
			to[at[from[i].key >> shift & (RADIX - 1)]++] = from[i];
		struct keyed *other = from;
		from = to;
		to = other;
	}
	if (from != a)
		memcpy(a, from, n * sizeof(*a));
	mem_free(b);
	return true;
}

/* Small numbers for hashes: equal ones get one number. */
static bool number(struct score *s, const uint64_t *hashes, size_t member, uint32_t *count)
{
	struct keyed *k = mem_alloc((s->count + 1) * sizeof(*k));

	if (!k)
		return false;
	for (size_t i = 0; i < s->count; i++)
		k[i] = (struct keyed){ hashes[i], (uint32_t)i };
	bool ok = keyed_sort(k, s->count);
	uint32_t n = 0;
	for (size_t i = 0; ok && i < s->count; i++) {
		n += i > 0 && k[i].key != k[i - 1].key;
		memcpy((char *)&s->rows[k[i].row] + member, &n, sizeof(n));
	}
	*count = s->count ? n + 1 : 0;
	mem_free(k);
	return ok;
}

/* ---- The clusters ----------------------------------------------------------------------------------------------- */

static enum result key_index(struct score *s, struct keyed **out, struct error *e)
{
	struct keyed *k = mem_alloc((s->count + 1) * sizeof(*k));

	if (!k)
		return error_nomem(e);
	*out = k;
	for (size_t i = 0; i < s->count; i++)
		k[i] = (struct keyed){ s->names[KEY][i], (uint32_t)i };
	if (!keyed_sort(k, s->count))
		return error_nomem(e);
	for (size_t i = 1; i < s->count; i++)
		if (k[i].key == k[i - 1].key)
			return error_set(e, ERR_INVALID, "score.twice", NULL, "a record is there twice");
	return OK;
}

/* Puts the hash of its cluster where the hash of the key was: names[KEY]. */
static enum result clusters_take(struct score *s, FILE *in, const struct keyed *k, unsigned char *seen, struct error *e)
{
	char *line = NULL, *field[COLUMNS_MAX];
	size_t room = 0;
	int source = -1, key = -1, cluster = -1;
	enum result r = OK;

	for (int64_t n = 0; r == OK && getline(&line, &room, in) > 0; n++) {
		int cut = csv_cut(line, field, COLUMNS_MAX);

		if (n == 0) {
			source = csv_column(field, cut, "source");
			key = csv_column(field, cut, "source_key");
			cluster = csv_column(field, cut, "cluster");
			if (source < 0 || key < 0 || cluster < 0)
				r = error_set(e, ERR_INVALID, "score.column", NULL,
				              "the clusters need the columns source, source_key, cluster");
			continue;
		}
		if (cut <= source || cut <= key || cut <= cluster) {
			r = error_set(e, ERR_INVALID, "score.row", NULL, "clusters' line %jd is short",
			              (intmax_t)n + 1);
			break;
		}
		struct keyed probe = { key_hash(field[source], field[key]), 0 };
		size_t lo = 0, hi = s->count;
		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (keyed_cmp(k + mid, &probe) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo == s->count || k[lo].key != probe.key) {
			s->out->unknown++;
			continue;
		}
		uint32_t row = k[lo].row;
		if (seen[row]++) {
			r = error_set(e, ERR_INVALID, "score.twice", NULL, "clusters' line %jd: listed twice",
			              (intmax_t)n + 1);
			break;
		}
		s->names[KEY][row] = hash64(field[cluster], strlen(field[cluster]), 4);
	}
	free(line);
	return r == OK && ferror(in) ? error_set(e, ERR_IO, "score.read", NULL, "the clusters cannot be read") : r;
}

static enum result clusters_read(struct score *s, FILE *in, struct error *e)
{
	struct keyed *k = NULL;
	unsigned char *seen = mem_calloc(s->count + 1, 1);
	enum result r = seen ? key_index(s, &k, e) : error_nomem(e);

	if (r == OK)
		r = clusters_take(s, in, k, seen, e);
	for (size_t i = 0; r == OK && i < s->count; i++) {
		if (seen[i])
			continue;
		s->out->missing++;
		s->names[KEY][i] = hash64(&i, sizeof(i), 5); /* alone */
	}
	mem_free(k);
	mem_free(seen);
	return r;
}

/* ---- Counting --------------------------------------------------------------------------------------------------- */

static int64_t pairs(int64_t n)
{
	return n * (n - 1) / 2;
}

struct group {
	int64_t n, clean, with[KINDS];
};

static void group_add(struct group *g, uint64_t dirt)
{
	g->n++;
	g->clean += !dirt;
	for (; dirt; dirt &= dirt - 1)
		g->with[__builtin_ctzll(dirt)]++;
}

static int64_t group_pairs(const struct group *g, int k)
{
	return k == KINDS ? pairs(g->clean) : pairs(g->n) - pairs(g->n - g->with[k]);
}

/* Rows in the order of a number, those of equal number in the order they had. */
static bool order_by(struct score *s, size_t member)
{
	struct keyed *k = mem_alloc((s->count + 1) * sizeof(*k));

	if (!k)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		uint32_t n;

		memcpy(&n, (char *)&s->rows[s->order[i]] + member, sizeof(n));
		k[i] = (struct keyed){ n, s->order[i] };
	}
	bool ok = keyed_sort(k, s->count);
	for (size_t i = 0; ok && i < s->count; i++)
		s->order[i] = k[i].row;
	mem_free(k);
	return ok;
}

static void persons_count(struct score *s)
{
	struct torture_score *o = s->out;

	for (size_t i = 0, end; i < s->count; i = end) {
		struct group g = { 0 };
		uint32_t person = s->rows[s->order[i]].person;

		for (end = i; end < s->count && s->rows[s->order[end]].person == person; end++)
			group_add(&g, s->rows[s->order[end]].dirt);
		s->person_size[person] = (uint32_t)g.n;
		o->largest_person = g.n > o->largest_person ? g.n : o->largest_person;
		o->true_pairs += pairs(g.n);
		o->reachable_pairs += pairs(g.n - g.with[LONE]);
		for (int k = 0; k <= KINDS; k++) {
			o->kinds[k].pairs += group_pairs(&g, k);
			o->kinds[k].records += k == KINDS ? g.clean : g.with[k];
		}
	}
}

static void worst_note(struct score *s, int64_t persons, int64_t records, size_t from)
{
	struct worst w = { persons, records, from };

	for (int i = 0; persons > 1 && i < WORST; i++)
		if (w.persons > s->worst[i].persons ||
		    (w.persons == s->worst[i].persons && w.records > s->worst[i].records)) {
			struct worst keep = s->worst[i];

			s->worst[i] = w;
			w = keep;
		}
}

/* Customer by customer, and in each person by person; cells: persons' parts in customers. */
static int64_t clusters_count(struct score *s)
{
	struct torture_score *o = s->out;
	int64_t cells = 0;
	double b3_precision = 0, b3_recall = 0;

	for (size_t i = 0, end; i < s->count;) {
		struct group all = { 0 };
		size_t from = i;
		uint32_t cluster = s->rows[s->order[i]].cluster;
		int64_t persons = 0, size = s->cluster_size[cluster];

		for (; i < s->count && s->rows[s->order[i]].cluster == cluster; i = end) {
			struct group g = { 0 };
			uint32_t person = s->rows[s->order[i]].person;

			for (end = i; end < s->count && s->rows[s->order[end]].cluster == cluster &&
			              s->rows[s->order[end]].person == person;
			     end++) {
				group_add(&g, s->rows[s->order[end]].dirt);
				group_add(&all, s->rows[s->order[end]].dirt);
			}
			persons++;
			o->found += pairs(g.n);
			o->reachable_found += pairs(g.n - g.with[LONE]);
			b3_precision += (double)g.n * (double)g.n / (double)size;
			b3_recall += (double)g.n * (double)g.n / s->person_size[person];
			for (int k = 0; k <= KINDS; k++) {
				o->kinds[k].found += group_pairs(&g, k);
				o->kinds[k].wrong -= group_pairs(&g, k);
			}
		}
		for (int k = 0; k <= KINDS; k++)
			o->kinds[k].wrong += group_pairs(&all, k);
		o->wrong += pairs(size);
		o->merged += persons - 1;
		cells += persons;
		if (size > o->largest || (size == o->largest && persons > o->largest_persons)) {
			o->largest = size;
			o->largest_persons = persons;
		}
		worst_note(s, persons, size, from);
	}
	o->wrong -= o->found;
	o->b3_precision = s->count ? b3_precision / (double)s->count : 1;
	o->b3_recall = s->count ? b3_recall / (double)s->count : 1;
	return cells;
}

#define CASHIER_COMMON 20

static int shared_cmp(const void *a, const void *b)
{
	const struct shared *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->cluster != y->cluster)
		return x->cluster < y->cluster ? -1 : 1;
	if (x->household != y->household)
		return x->household < y->household ? -1 : 1;
	return x->person < y->person ? -1 : x->person > y->person;
}

static void shared_count(struct score *s)
{
	struct torture_score *o = s->out;
	int64_t run = 0, strangers = 0;

	for (size_t i = 0; i < s->shared_count; i++) {
		struct shared *h = s->shared + i;

		h->cluster = s->rows[h->row].cluster;
		h->person = s->rows[h->row].person;
		h->household = s->rows[h->row].household;
	}
	if (s->shared_count)
		qsort(s->shared, s->shared_count, sizeof(*s->shared), shared_cmp);
	for (size_t i = 0; i < s->shared_count; i++) {
		const struct shared *h = s->shared + i, *b = h - 1;
		bool same = i && b->value == h->value, together = same && b->cluster == h->cluster;

		o->cashier_values += !same;
		run = same ? run + 1 : 1;
		strangers = (same ? strangers : 0) + (together && b->household != h->household);
		o->cashier_top = run > o->cashier_top ? run : o->cashier_top;
		o->cashier_joined += together && b->person != h->person;
		o->cashier_strangers += together && b->household != h->household;
		if (run >= CASHIER_COMMON && (i + 1 == s->shared_count || h[1].value != h->value)) {
			o->cashier_common++;
			o->cashier_common_strangers += strangers;
		}
	}
	o->cashier_records = (int64_t)s->shared_count;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 1; /* of nothing, nothing is wrong */
}

static double harmonic(double a, double b)
{
	return a + b > 0 ? 2 * a * b / (a + b) : 0;
}

static enum result count(struct score *s, struct error *e)
{
	struct torture_score *o = s->out;
	uint32_t households;

	if (!number(s, s->names[PERSON], offsetof(struct row, person), &s->persons) ||
	    !number(s, s->names[HOUSEHOLD], offsetof(struct row, household), &households) ||
	    !number(s, s->names[KEY], offsetof(struct row, cluster), &s->clusters))
		return error_nomem(e);
	for (int i = 0; i < 3; i++) {
		mem_free(s->names[i]);
		s->names[i] = NULL;
	}
	s->order = mem_alloc((s->count + 1) * sizeof(*s->order));
	s->person_size = mem_calloc(s->persons + 1, sizeof(uint32_t));
	s->cluster_size = mem_calloc(s->clusters + 1, sizeof(uint32_t));
	if (!s->order || !s->person_size || !s->cluster_size)
		return error_nomem(e);
	for (size_t i = 0; i < s->count; i++) {
		s->order[i] = (uint32_t)i;
		s->cluster_size[s->rows[i].cluster]++;
	}
	o->records = (int64_t)s->count;
	o->persons = s->persons;
	o->customers = s->clusters;
	if (!order_by(s, offsetof(struct row, person)))
		return error_nomem(e);
	persons_count(s);
	if (!order_by(s, offsetof(struct row, cluster)))
		return error_nomem(e);
	o->split = clusters_count(s) - o->persons;
	shared_count(s);
	o->precision = ratio((double)o->found, (double)(o->found + o->wrong));
	o->recall = ratio((double)o->found, (double)o->true_pairs);
	o->reachable_recall = ratio((double)o->reachable_found, (double)o->reachable_pairs);
	o->f1 = harmonic(o->precision, o->recall);
	o->b3_f1 = harmonic(o->b3_precision, o->b3_recall);
	o->merged_per_10000_customers = o->customers ? (double)o->merged * 1e4 / (double)o->customers : 0;
	o->split_per_10000_persons = o->persons ? (double)o->split * 1e4 / (double)o->persons : 0;
	return OK;
}

/* ---- The report ------------------------------------------------------------------------------------------------- */

static void worst_print(const struct score *s, FILE *records, FILE *to)
{
	char *line = NULL;
	size_t room = 0;

	for (int i = 0; i < WORST && s->worst[i].persons; i++) {
		const struct worst *w = s->worst + i;

		fprintf(to, "\n%jd records of %jd persons made one customer, among them:\n", (intmax_t)w->records,
		        (intmax_t)w->persons);
		for (int64_t n = 0, step = (w->records + WORST_RECORDS - 1) / WORST_RECORDS; n < w->records;
		     n += step) {
			const struct row *r = s->rows + s->order[w->from + (size_t)n];

			if (fseeko(records, r->offset, SEEK_SET) == 0 && getline(&line, &room, records) > 0)
				fprintf(to, "  %s", line);
		}
	}
	free(line);
}

static void report_print(const struct score *s, FILE *records, FILE *to)
{
	const struct torture_score *o = s->out;

	fprintf(to, "records %jd, persons %jd, customers %jd (%jd records in no cluster, %jd clusters' rows unknown)\n",
	        (intmax_t)o->records, (intmax_t)o->persons, (intmax_t)o->customers, (intmax_t)o->missing,
	        (intmax_t)o->unknown);
	fprintf(to, "pairwise   precision %.5f  recall %.5f  F1 %.5f  (%jd true pairs, %jd found, %jd false)\n",
	        o->precision, o->recall, o->f1, (intmax_t)o->true_pairs, (intmax_t)o->found, (intmax_t)o->wrong);
	fprintf(to, "           of pairs that have anything in common: recall %.5f (%jd of %jd)\n", o->reachable_recall,
	        (intmax_t)o->reachable_found, (intmax_t)o->reachable_pairs);
	fprintf(to, "B3         precision %.5f  recall %.5f  F1 %.5f\n", o->b3_precision, o->b3_recall, o->b3_f1);
	fprintf(to, "false merges %.2f per 10,000 customers (%jd), false splits %.2f per 10,000 persons (%jd)\n",
	        o->merged_per_10000_customers, (intmax_t)o->merged, o->split_per_10000_persons, (intmax_t)o->split);
	fprintf(to, "largest customer: %jd records of %jd persons (largest person: %jd records)\n",
	        (intmax_t)o->largest, (intmax_t)o->largest_persons, (intmax_t)o->largest_person);
	fprintf(to,
	        "cashiers' and stores' values: %jd on %jd records, at most %jd of one; persons joined who share one: "
	        "%jd, of several households: %jd; of the %jd values on %d records and more: %jd\n",
	        (intmax_t)o->cashier_values, (intmax_t)o->cashier_records, (intmax_t)o->cashier_top,
	        (intmax_t)o->cashier_joined, (intmax_t)o->cashier_strangers, (intmax_t)o->cashier_common,
	        CASHIER_COMMON, (intmax_t)o->cashier_common_strangers);
	fprintf(to, "\n%-18s %10s %10s %8s %10s %9s\n", "kind", "records", "pairs", "recall", "false", "precision");
	for (int k = KINDS; k >= 0; k--) {
		int shown = k == KINDS ? KINDS : KINDS - 1 - k;
		const struct kind_score *ks = o->kinds + shown;

		if (ks->records)
			fprintf(to, "%-18s %10jd %10jd %8.4f %10jd %9.4f\n",
			        shown == KINDS ? "(clean)" : kind_table[shown].name, (intmax_t)ks->records,
			        (intmax_t)ks->pairs, ratio((double)ks->found, (double)ks->pairs), (intmax_t)ks->wrong,
			        ratio((double)ks->found, (double)(ks->found + ks->wrong)));
	}
	worst_print(s, records, to);
}

enum result torture_score(FILE *records, FILE *clusters, FILE *report, struct torture_score *out, struct error *e)
{
	struct torture_score got = { 0 };
	struct score s = { .out = &got };
	enum result r = records_read(&s, records, e);

	if (r == OK)
		r = clusters_read(&s, clusters, e);
	if (r == OK)
		r = count(&s, e);
	if (r == OK && report)
		report_print(&s, records, report);
	if (r == OK)
		*out = got;
	for (int i = 0; i < 3; i++)
		mem_free(s.names[i]);
	mem_free(s.rows);
	mem_free(s.order);
	mem_free(s.shared);
	mem_free(s.person_size);
	mem_free(s.cluster_size);
	return r;
}
