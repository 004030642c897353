/* Figures over groups whose truth is known. B³: Bagga and Baldwin, "Algorithms for scoring coreference chains" (1998).
 */
#include "people/evaluate.h"
#include <stdlib.h>

#define PAIRS_LOOKED_AT 2000000

struct cell { /* records of one group that are one person */
	int group, truth, record;
};

static int by_group(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->group != y->group)
		return x->group - y->group;
	return x->truth != y->truth ? x->truth - y->truth : x->record - y->record;
}

static int by_truth(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->truth != y->truth)
		return x->truth - y->truth;
	return x->group != y->group ? x->group - y->group : x->record - y->record;
}

static int64_t pairs(int64_t n)
{
	return n * (n - 1) / 2;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 1;
}

static double f1(double p, double r)
{
	return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

static void tally(const struct cell *cells, int count, const int *group_size, const int *truth_size,
                  struct evaluate_figures *out)
{
	for (int i = 0, end; i < count; i = end) {
		double n;

		for (end = i; end < count && cells[end].group == cells[i].group && cells[end].truth == cells[i].truth;
		     end++)
			;
		n = end - i;
		out->right_pairs += pairs(end - i);
		out->b3_precision += n * n / group_size[cells[i].group];
		out->b3_recall += n * n / truth_size[cells[i].truth];
		out->false_merges++; /* a person in a group; what is right is taken off at the end */
	}
	out->false_splits = out->false_merges - out->people;
	out->false_merges -= out->groups;
}

enum result evaluate_groups(const int *group, const int *truth, int count, struct evaluate_figures *result,
                            struct error *e)
{
	struct evaluate_figures f = { .records = count };
	struct cell *cells = mem_alloc((size_t)count * sizeof(*cells) + 1);
	int *sizes = mem_calloc(2 * (size_t)count + 1, sizeof(*sizes));

	if (!cells || !sizes) {
		mem_free(cells);
		mem_free(sizes);
		return error_nomem(e);
	}
	for (int i = 0; i < count; i++) {
		cells[i] = (struct cell){ .group = group[i], .truth = truth[i], .record = i };
		sizes[group[i]]++;
		sizes[count + truth[i]]++;
	}
	for (int i = 0; i < count; i++) {
		f.groups += sizes[i] > 0;
		f.people += sizes[count + i] > 0;
		f.found_pairs += pairs(sizes[i]);
		f.true_pairs += pairs(sizes[count + i]);
		f.largest_group = sizes[i] > f.largest_group ? sizes[i] : f.largest_group;
		f.largest_person = sizes[count + i] > f.largest_person ? sizes[count + i] : f.largest_person;
	}
	qsort(cells, (size_t)count, sizeof(*cells), by_group);
	tally(cells, count, sizes, sizes + count, &f);
	mem_free(cells);
	mem_free(sizes);
	f.precision = ratio((double)f.right_pairs, (double)f.found_pairs);
	f.recall = ratio((double)f.right_pairs, (double)f.true_pairs);
	f.f1 = f1(f.precision, f.recall);
	f.b3_precision = ratio(f.b3_precision, count);
	f.b3_recall = ratio(f.b3_recall, count);
	f.b3_f1 = f1(f.b3_precision, f.b3_recall);
	f.false_merges_10000 = 10000 * ratio(f.false_merges, f.groups);
	*result = f;
	return OK;
}

/* ---- Worst examples ---------------------------------------------------------------------------------------------- */

struct worst {
	const struct match_model *model;
	struct match_record *const *records;
	struct evaluate_wrong *out;
	int from, n, limit, looked;
	bool merged;
};

/* Keeps the limit worst in order. */
static void consider(struct worst *w, int a, int b)
{
	struct evaluate_wrong x = { .a = a, .b = b, .merged = w->merged };
	int at;

	x.score = match_score(w->model, w->records[a], w->records[b], NULL, NULL);
	at = w->from + w->n;
	if (w->n == w->limit) {
		const struct evaluate_wrong *last = &w->out[w->from + w->n - 1];

		if (w->limit == 0 || (w->merged ? x.score <= last->score : x.score >= last->score))
			return;
		at--;
	} else {
		w->n++;
	}
	while (at > w->from && (w->merged ? w->out[at - 1].score < x.score : w->out[at - 1].score > x.score)) {
		w->out[at] = w->out[at - 1];
		at--;
	}
	w->out[at] = x;
}

/* Pairs of neighbouring cells: the same group and another person, or the other way round. */
static void look(struct worst *w, const struct cell *cells, int count)
{
	for (int i = 0; i < count; i++)
		for (int j = i + 1; j < count && w->looked < PAIRS_LOOKED_AT; j++) {
			bool group = cells[i].group == cells[j].group, truth = cells[i].truth == cells[j].truth;

			if (!(w->merged ? group : truth))
				break;
			w->looked++;
			if (group != truth)
				consider(w, cells[i].record, cells[j].record);
		}
}

enum result evaluate_worst(const struct match_model *m, struct match_record *const *records, const int *group,
                           const int *truth, int count, int limit, struct evaluate_wrong *out, int *found,
                           struct error *e)
{
	struct worst w = { .model = m, .records = records, .out = out, .limit = limit, .merged = true };
	struct cell *cells = mem_alloc((size_t)count * sizeof(*cells) + 1);

	if (!cells)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		cells[i] = (struct cell){ .group = group[i], .truth = truth[i], .record = i };
	qsort(cells, (size_t)count, sizeof(*cells), by_group);
	look(&w, cells, count);
	w.from = w.n;
	w.n = w.looked = 0;
	w.merged = false;
	qsort(cells, (size_t)count, sizeof(*cells), by_truth);
	look(&w, cells, count);
	mem_free(cells);
	*found = w.from + w.n;
	return OK;
}
