/* How good the matching is, by what people said of doubtful pairs. */
#include "people/internal.h"
#include <math.h>

/* Scores are thousandths of log2 of the odds: bands of two bits. */
#define BAND_WIDTH 2000
#define BANDS 24
#define BAND_FROM (-20000)

struct band {
	int64_t looked, same, joined, apart;
};

static int band_of(int64_t score)
{
	int64_t i = score < BAND_FROM ? 0 : (score - BAND_FROM) / BAND_WIDTH;

	return i < BANDS ? (int)i : BANDS - 1;
}

static int band_score(int i)
{
	return BAND_FROM + i * BAND_WIDTH;
}

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

/* A decision about several pairs is one look, at the best of them. */
DB_STMT(verdict_scores, "", "ii",
        "SELECT q.score, q.same FROM (SELECT v.decision AS decision, MAX(v.score) AS score, MAX(v.same) AS same FROM "
        "person_verdict v GROUP BY v.decision) AS q "
        "JOIN person_decision d ON d.rkey = (q.decision & 4095) AND d.id = q.decision WHERE d.standing = 1")
static enum result looks_count(struct db_tx *tx, struct band *bands, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &verdict_scores, &rows, e, DB_NONE));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct band *b = &bands[band_of(db_int(rows, 0))];

		b->looked++;
		b->same += db_int(rows, 1) != 0;
	}
	return rows_end(step, e);
}

#define PAIRS_ENOUGH 20000
#define BUCKETS_FIRST 64

/* Doubts below the component threshold are pairs too. */
DB_STMT(pair_scores, "i", "iii",
        "SELECT q.score, CASE WHEN x.customer = y.customer THEN 1 ELSE 0 END AS one, COUNT(*) FROM "
        "(SELECT a, b, score FROM person_pair WHERE rkey < $1 AND a < b UNION "
        "SELECT a, b, score FROM person_doubt WHERE rkey < $1) AS q "
        "JOIN person_record x ON x.rkey = (q.a & 4095) AND x.id = q.a "
        "JOIN person_record y ON y.rkey = (q.b & 4095) AND y.id = q.b GROUP BY 1, 2")
static enum result pairs_count(struct db_tx *tx, int buckets, struct band *bands, int64_t *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	*count = 0;
	TRY(db_query(tx, &pair_scores, &rows, e, DB_INT(buckets)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct band *b = &bands[band_of(db_int(rows, 0))];
		int64_t n = db_int(rows, 2);

		*(db_int(rows, 1) ? &b->joined : &b->apart) += n;
		*count += n;
	}
	return rows_end(step, e);
}

/* Of a part of the records where that is enough. */
static enum result pairs_sample(struct db_tx *tx, struct band *bands, struct error *e)
{
	for (int buckets = BUCKETS_FIRST;; buckets = ID_BUCKETS) {
		int64_t count;

		for (int i = 0; i < BANDS; i++)
			bands[i].joined = bands[i].apart = 0;
		TRY(pairs_count(tx, buckets, bands, &count, e));
		if (count >= PAIRS_ENOUGH || buckets == ID_BUCKETS)
			return OK;
	}
}

/* ---- Estimating -------------------------------------------------------------------------------------------------- */

struct share {
	double value, low, high;
};

#define NORMAL_95 1.959964

/* E. B. Wilson, "Probable inference", 1927. */
static struct share wilson(int64_t hits, int64_t of)
{
	double n = (double)of, p = (double)hits / n, z2 = NORMAL_95 * NORMAL_95;
	double mid = (p + z2 / (2 * n)) / (1 + z2 / n);
	double half = NORMAL_95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));

	return (struct share){ p, fmax(0, mid - half), fmin(1, mid + half) };
}

static struct share band_share(const struct band *b, int i)
{
	double p = 1 / (1 + exp2(-(band_score(i) + BAND_WIDTH / 2.0) / 1000));

	return b->looked ? wilson(b->same, b->looked) : (struct share){ p, p, p };
}

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

static double part(double x, double y)
{
	return x + y > 0 ? x / (x + y) : 0;
}

struct sums {
	double joined, by_model;
	struct share hit, missed; /* pairs of one person: joined, apart */
};

static struct sums bands_sum(const struct band *bands)
{
	struct sums s = { 0 };

	for (int i = 0; i < BANDS; i++) {
		const struct band *b = &bands[i];
		struct share p = band_share(b, i);
		double joined = (double)b->joined, apart = (double)b->apart;

		s.joined += joined;
		s.by_model += b->looked ? 0 : joined;
		s.hit.value += joined * p.value;
		s.hit.low += joined * p.low;
		s.hit.high += joined * p.high;
		s.missed.value += apart * p.value;
		s.missed.low += apart * p.low;
		s.missed.high += apart * p.high;
	}
	return s;
}

static void bands_write(struct json_writer *w, const struct band *bands)
{
	jw_key(w, "bands");
	jw_array(w);
	for (int i = BANDS - 1; i >= 0; i--) {
		const struct band *b = &bands[i];
		struct share p = band_share(b, i);

		if (!b->looked)
			continue;
		jw_object(w);
		jw_ki64(w, "from", band_score(i));
		jw_ki64(w, "to", band_score(i + 1));
		jw_ki64(w, "looked", b->looked);
		jw_ki64(w, "same", b->same);
		jw_kf64(w, "share", rounded(p.value));
		jw_kf64(w, "low", rounded(p.low));
		jw_kf64(w, "high", rounded(p.high));
		jw_ki64(w, "joined", b->joined);
		jw_ki64(w, "apart", b->apart);
		jw_end_object(w);
	}
	jw_end_array(w);
}

enum result people_estimate(struct db_tx *tx, struct json_writer *w, struct error *e)
{
	struct band bands[BANDS] = { 0 };
	int64_t looked = 0, same = 0;
	struct sums s;
	bool enough;

	TRY(looks_count(tx, bands, e));
	for (int i = 0; i < BANDS; i++) {
		looked += bands[i].looked;
		same += bands[i].same;
	}
	enough = looked >= ESTIMATE_LEAST;
	if (enough)
		TRY(pairs_sample(tx, bands, e));
	s = bands_sum(bands);
	jw_object(w);
	jw_ki64(w, "looked", looked);
	jw_ki64(w, "same", same);
	jw_kbool(w, "enough", enough);
	share_write(w, "precision", enough && s.joined > 0,
	            (struct share){ s.hit.value / s.joined, s.hit.low / s.joined, s.hit.high / s.joined });
	share_write(w, "recall", enough && s.hit.value + s.missed.value > 0,
	            (struct share){ part(s.hit.value, s.missed.value), part(s.hit.low, s.missed.high),
	                            part(s.hit.high, s.missed.low) });
	jw_kf64(w, "by_model", s.joined > 0 ? rounded(s.by_model / s.joined) : 0);
	bands_write(w, bands);
	jw_end_object(w);
	return OK;
}
