/* How good the matching is, by what people said of doubtful pairs and of a sample of the joined ones. */
#include "people/sample.h"
#include <math.h>

struct band {
	int64_t looked, same;      /* doubts */
	int64_t drawn, drawn_same; /* of the sample */
	int64_t joined, apart;     /* pairs there are */
};

static void looks_count(struct band *bands, const struct look *looks, int count)
{
	for (int i = 0; i < count; i++) {
		struct band *b = &bands[stratum_of(looks[i].score)];

		if (looks[i].drawn) {
			b->drawn++;
			b->drawn_same += looks[i].same;
		} else {
			b->looked++;
			b->same += looks[i].same;
		}
	}
}

/* ---- Shares ------------------------------------------------------------------------------------------------------ */

struct share {
	double value, low, high;
};

#define NORMAL_95 1.959964

/* The middle of Wilson's interval: never 0 nor 1. */
static double wilson_middle(int64_t hits, int64_t of, double z)
{
	return ((double)hits + z * z / 2) / ((double)of + z * z);
}

/* E. B. Wilson, "Probable inference", 1927. */
static struct share wilson(int64_t hits, int64_t of, double z)
{
	double n = (double)of, p = (double)hits / n;
	double mid = wilson_middle(hits, of, z);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	return (struct share){ p, fmax(0, mid - half), fmin(1, mid + half) };
}

/* One stratum of a sum: so many pairs, of which people looked at some. */
struct part {
	double weight;
	int64_t hits, of; /* of 0: nobody looked */
	double model;     /* then this */
};

/* Yan and Su: people.h says more. */
static double quantile(const struct part *parts)
{
	double squares = 0, sum = 0;

	for (int i = 0; i < STRATA; i++) {
		const struct part *s = &parts[i];
		double p, deviation;

		if (!s->of)
			continue;
		p = wilson_middle(s->hits, s->of, NORMAL_95);
		deviation = s->weight * sqrt(p * (1 - p) / (double)s->of);
		squares += deviation * deviation;
		sum += deviation;
	}
	return sum > 0 ? NORMAL_95 * sqrt(squares) / sum : NORMAL_95;
}

/* Weights need not sum up to one: so does the answer. */
static struct share stratified(const struct part *parts)
{
	struct share out = { 0 };
	double z = quantile(parts);

	for (int i = 0; i < STRATA; i++) {
		const struct part *s = &parts[i];
		struct share p = { s->model, s->model, s->model };

		if (s->of)
			p = wilson(s->hits, s->of, z);
		out.value += s->weight * p.value;
		out.low += s->weight * p.low;
		out.high += s->weight * p.high;
	}
	return out;
}

static double by_model(int i)
{
	return i < BANDS ? 1 / (1 + exp2(-(stratum_score(i) + BAND_WIDTH / 2.0) / 1000)) : 1;
}

static struct part part_joined(const struct band *b, int i)
{
	bool drawn = b->drawn > 0;

	return (struct part){ (double)b->joined, drawn ? b->drawn_same : b->same, drawn ? b->drawn : b->looked,
		              by_model(i) };
}

static struct part part_apart(const struct band *b, int i)
{
	return (struct part){ (double)b->apart, b->same, b->looked, by_model(i) };
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static double rounded(double x)
{
	return round(x * 1e4) / 1e4;
}

static void share_write(struct json_writer *w, const char *key, bool there, struct share s)
{
	jw_key(w, key);
	if (!there) {
		jw_null(w);
		return;
	}
	jw_object(w);
	jw_kf64(w, "value", rounded(s.value));
	jw_kf64(w, "low", rounded(s.low));
	jw_kf64(w, "high", rounded(s.high));
	jw_end_object(w);
}

static double part_of(double x, double y)
{
	return x + y > 0 ? x / (x + y) : 0;
}

static void band_write(struct json_writer *w, const struct band *b, int i)
{
	struct share p = wilson(b->same + b->drawn_same, b->looked + b->drawn, NORMAL_95);

	jw_object(w);
	jw_key(w, "from");
	i < BANDS ? jw_i64(w, stratum_score(i)) : jw_null(w);
	jw_key(w, "to");
	i < BANDS ? jw_i64(w, stratum_score(i + 1)) : jw_null(w);
	jw_ki64(w, "looked", b->looked + b->drawn);
	jw_ki64(w, "same", b->same + b->drawn_same);
	jw_ki64(w, "drawn", b->drawn);
	jw_ki64(w, "drawn_same", b->drawn_same);
	jw_kf64(w, "share", rounded(p.value));
	jw_kf64(w, "low", rounded(p.low));
	jw_kf64(w, "high", rounded(p.high));
	jw_ki64(w, "joined", b->joined);
	jw_ki64(w, "apart", b->apart);
	jw_end_object(w);
}

static void estimate_write(struct json_writer *w, const struct band *bands, bool enough)
{
	struct part joined[STRATA], apart[STRATA];
	struct share hit, missed;
	double all = 0, unseen = 0;

	for (int i = 0; i < STRATA; i++) {
		joined[i] = part_joined(&bands[i], i);
		apart[i] = part_apart(&bands[i], i);
		all += joined[i].weight;
		unseen += joined[i].of ? 0 : joined[i].weight;
	}
	hit = stratified(joined);
	missed = stratified(apart);
	share_write(w, "precision", enough && all > 0,
	            (struct share){ hit.value / all, hit.low / all, hit.high / all });
	share_write(w, "recall", enough && hit.value + missed.value > 0,
	            (struct share){ part_of(hit.value, missed.value), part_of(hit.low, missed.high),
	                            part_of(hit.high, missed.low) });
	jw_kf64(w, "by_model", all > 0 ? rounded(unseen / all) : 0);
}

#define ESTIMATE_SEED 1 /* of the part of the database in which pairs are counted */

enum result people_estimate(struct db_tx *tx, struct json_writer *w, struct error *e)
{
	struct band bands[STRATA] = { 0 };
	int64_t sums[4] = { 0 };
	struct look *looks;
	struct frame frame = { 0 };
	int count;

	TRY(looks_read(tx, &looks, &count, e));
	looks_count(bands, looks, count);
	for (int i = 0; i < STRATA; i++) {
		sums[0] += bands[i].looked + bands[i].drawn;
		sums[1] += bands[i].same + bands[i].drawn_same;
		sums[2] += bands[i].drawn;
		sums[3] += bands[i].drawn_same;
	}
	if (sums[0] >= ESTIMATE_LEAST)
		TRY(frame_read(tx, ESTIMATE_SEED, &frame, e));
	for (int i = 0; i < STRATA; i++) {
		/* what the sample parted was joined */
		bands[i].joined =
		        frame.joined[i] + llround(frame.part * (double)(bands[i].drawn - bands[i].drawn_same));
		bands[i].apart = frame.apart[i];
	}
	jw_object(w);
	jw_ki64(w, "looked", sums[0]);
	jw_ki64(w, "same", sums[1]);
	jw_ki64(w, "drawn", sums[2]);
	jw_ki64(w, "drawn_same", sums[3]);
	jw_kbool(w, "enough", sums[0] >= ESTIMATE_LEAST);
	estimate_write(w, bands, sums[0] >= ESTIMATE_LEAST);
	jw_key(w, "bands");
	jw_array(w);
	for (int i = STRATA - 1; i >= 0; i--)
		if (bands[i].looked + bands[i].drawn)
			band_write(w, &bands[i], i);
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}
