/* The dictionary: a trie in preorder, walked with a bit-parallel automaton that counts edits (insert, delete,
 * substitute, transpose neighbours), so that a misspelt beginning costs one pass over the few branches that can still
 * match. */
#include "people/search_segment.h"

#define EDITS_MAX 3

static size_t common_prefix(const char *a, size_t an, const char *b, size_t bn)
{
	size_t n = an < bn ? an : bn, i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Nodes that the sorted tokens need. */
static uint32_t nodes_count(const struct dict *d)
{
	uint32_t nodes = 0;
	const char *was = "";
	size_t was_n = 0, n;

	for (uint32_t t = 0; t < d->count; t++) {
		const char *s = dict_token(d, t, &n);

		nodes += (uint32_t)(n - common_prefix(was, was_n, s, n));
		was = s;
		was_n = n;
	}
	return nodes;
}

bool dict_build(struct dict *d)
{
	uint32_t path[TOKEN_MAX + 2], node = 0;
	const char *was = "";
	size_t was_n = 0, n;

	d->nodes = nodes_count(d);
	d->label = mem_alloc(d->nodes + 1);
	d->depth = mem_alloc(d->nodes + 1);
	d->end = mem_alloc(((size_t)d->nodes + 1) * sizeof(uint32_t));
	d->token = mem_alloc(((size_t)d->nodes + 1) * sizeof(uint32_t));
	if (!d->label || !d->depth || !d->end || !d->token)
		return false;
	d->name_token = d->count;
	d->name_node = d->nodes;
	for (uint32_t t = 0; t < d->count; t++) {
		const char *s = dict_token(d, t, &n);
		size_t common = common_prefix(was, was_n, s, n);

		if (s[0] != POSTCODE_MARK && d->name_token == d->count) {
			d->name_token = t;
			d->name_node = node;
		}
		for (size_t i = common; i < was_n; i++)
			d->end[path[i]] = node;
		for (size_t i = common; i < n; i++) {
			path[i] = node;
			d->label[node] = (uint8_t)s[i];
			d->depth[node] = (uint8_t)(i + 1);
			d->token[node++] = t;
		}
		was = s;
		was_n = n;
	}
	for (size_t i = 0; i < was_n; i++)
		d->end[path[i]] = node;
	d->token[node] = d->count;
	return true;
}

void dict_free(struct dict *d)
{
	mem_free(d->blob);
	mem_free(d->at);
	mem_free(d->label);
	mem_free(d->depth);
	mem_free(d->end);
	mem_free(d->token);
}

size_t dict_bytes(const struct dict *d)
{
	return (size_t)d->nodes * 10 + ((size_t)d->count + 1) * 4 + d->at[d->count];
}

static uint32_t first_not_below(const struct dict *d, struct str bytes)
{
	uint32_t lo = 0, hi = d->count;
	size_t n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const char *s = dict_token(d, mid, &n);

		if (str_cmp((struct str){ s, n }, bytes) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct token_range dict_prefix(const struct dict *d, struct str bytes)
{
	struct token_range r = { .lo = first_not_below(d, bytes) };
	char next[TOKEN_MAX + 2];
	size_t n = bytes.n;

	r.hi = d->count;
	if (n == 0 || n > TOKEN_MAX)
		return (struct token_range){ 0 };
	memcpy(next, bytes.p, n);
	while (n > 0 && (unsigned char)next[n - 1] == 0xff)
		n--;
	if (n > 0) {
		next[n - 1]++;
		r.hi = first_not_below(d, (struct str){ next, n });
	}
	return r;
}

/* Bit i of row[j]: i letters of the word are accounted for with at most j edits. */
struct rows {
	uint64_t row[EDITS_MAX + 1];
};

struct walk {
	const struct dict *d;
	uint64_t mask[256], all;
	int k, length;
	struct token_range *out;
	int count, max;
};

static void range_emit(struct walk *w, uint32_t lo, uint32_t hi, int k)
{
	struct token_range *last = w->count ? &w->out[w->count - 1] : NULL;

	if (lo >= hi)
		return;
	if (last && last->hi == lo && last->k == k)
		last->hi = hi;
	else if (w->count < w->max)
		w->out[w->count++] = (struct token_range){ lo, hi, (uint8_t)k };
}

/* now: rows after one more letter c; before: the rows two letters ago, for transpositions with p, the letter before c.
 */
static void rows_step(const struct walk *w, const struct rows *was, const struct rows *before, uint8_t p, uint8_t c,
                      struct rows *now)
{
	uint64_t hit = w->mask[c];

	now->row[0] = (was->row[0] & hit) << 1;
	for (int j = 1; j <= w->k; j++) {
		now->row[j] = (was->row[j] & hit) << 1 | was->row[j - 1] << 1 | was->row[j - 1] | now->row[j - 1] << 1;
		if (before)
			now->row[j] |= (before->row[j - 1] & w->mask[p] >> 1 & hit) << 2;
		now->row[j] &= w->all;
	}
}

/* Edits of the whole word against the letters so far; k + 1: more. */
static int rows_edits(const struct walk *w, const struct rows *r)
{
	for (int j = 0; j <= w->k; j++)
		if (r->row[j] >> w->length & 1)
			return j;
	return w->k + 1;
}

static void walk_init(struct walk *w, const struct dict *d, struct str word, int k, struct token_range *out, int max)
{
	memset(w->mask, 0, sizeof(w->mask));
	for (size_t i = 0; i < word.n; i++)
		w->mask[(uint8_t)word.p[i]] |= 1ull << i;
	w->d = d;
	w->k = k;
	w->length = (int)word.n;
	w->all = (2ull << word.n) - 1;
	w->out = out;
	w->count = 0;
	w->max = max;
}

int dict_fuzzy(const struct dict *d, struct str word, int k, bool prefix, struct token_range *out, int max)
{
	struct rows stack[TOKEN_MAX + 2];
	uint8_t letter[TOKEN_MAX + 2], best[TOKEN_MAX + 2];
	struct walk w;

	if (word.n == 0 || word.n > TOKEN_MAX || k > EDITS_MAX)
		return 0;
	walk_init(&w, d, word, k, out, max);
	for (int j = 0; j <= k; j++)
		stack[0].row[j] = ((2ull << j) - 1) & w.all;
	best[0] = (uint8_t)(k + 1);
	for (uint32_t i = d->name_node; i < d->nodes;) {
		int depth = d->depth[i], edits;
		uint32_t t = d->token[i], stop = d->token[d->end[i]];
		bool terminal = d->at[t + 1] - d->at[t] == (uint32_t)depth;

		letter[depth] = d->label[i];
		rows_step(&w, &stack[depth - 1], depth > 1 ? &stack[depth - 2] : NULL, letter[depth - 1], letter[depth],
		          &stack[depth]);
		edits = rows_edits(&w, &stack[depth]);
		best[depth] = (uint8_t)(prefix && best[depth - 1] < edits ? best[depth - 1] : edits);
		if (best[depth] <= k && prefix && (best[depth] == 0 || stack[depth].row[best[depth] - 1] == 0)) {
			range_emit(&w, t, stop, best[depth]); /* it will not get better below */
			i = d->end[i];
			continue;
		}
		if (terminal && best[depth] <= k)
			range_emit(&w, t, t + 1, best[depth]);
		if (stack[depth].row[k] == 0) {
			i = d->end[i];
			continue;
		}
		i++;
	}
	return w.count;
}
