/* Evidence, the review queue and the estimate as text. */
#include "app/print.h"

#include "base/str.h"

static struct str text_of(const struct json *v, const char *key)
{
	return json_str(json_get(v, key));
}

static int64_t number_of(const struct json *v, const char *key)
{
	int64_t n = 0;
	json_i64(json_get(v, key), &n);
	return n;
}

static double real_of(const struct json *v, const char *key)
{
	double x = 0;
	json_f64(json_get(v, key), &x);
	return x;
}

static bool is(const struct json *v, const char *key)
{
	bool b = false;
	json_bool(json_get(v, key), &b);
	return b;
}

/* Weights are thousandths of bits. */
static double bits(const struct json *v, const char *key)
{
	return (double)number_of(v, key) / 1000;
}

/* By characters, not bytes. */
static void padded(FILE *f, struct str s, int width)
{
	int chars = 0;
	size_t n = 0;
	while (n < s.n && chars < width) {
		n++;
		while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n++;
		chars++;
	}
	fprintf(f, "%.*s%*s", (int)n, s.p ? s.p : "", width - chars, "");
}

/* ---- Why -----------------------------------------------------------------------------------------------------------
 */

static void print_side(FILE *f, const char *letter, const struct json *side)
{
	const struct json *r = json_at(json_get(side, "records"), 0);
	fprintf(f, "%s  %.*s  %.*s", letter, STR_ARG(text_of(side, "customer")), STR_ARG(text_of(side, "name")));
	if (r)
		fprintf(f, "  (%.*s %.*s)", STR_ARG(text_of(r, "source")), STR_ARG(text_of(r, "source_key")));
	fprintf(f, "\n");
}

static void print_fields(FILE *f, const struct json *why)
{
	const struct json *fields = json_get(why, "fields");
	fprintf(f, "\n  %-14s%-34s%-26s%-26s%8s\n", "field", "how it agrees", "A", "B", "weight");
	for (size_t i = 0; i < json_count(fields); i++) {
		const struct json *v = json_at(fields, i);
		struct str kind = text_of(v, "kind");
		fprintf(f, "  ");
		padded(f, kind.n ? kind : text_of(v, "comparison"), 13);
		fprintf(f, " ");
		padded(f, text_of(v, "level"), 33);
		fprintf(f, " ");
		padded(f, text_of(v, "a"), 25);
		fprintf(f, " ");
		padded(f, text_of(v, "b"), 25);
		fprintf(f, " %+8.2f\n", bits(v, "weight"));
	}
	fprintf(f, "  %-100s%+8.2f\n", "before looking (two records at random)", bits(why, "prior"));
	fprintf(f, "  %-100s%+8.2f\n", "sum", bits(why, "score"));
	fprintf(f, "\n  One person above %+.2f, compared further above %+.2f (model %lld).\n", bits(why, "link"),
	        bits(why, "component"), (long long)number_of(why, "epoch"));
}

void print_why(FILE *f, const struct json *answer)
{
	const struct json *why = json_get(answer, "why"), *links = json_get(why, "links");
	const struct json *decisions = json_get(why, "decisions");
	print_side(f, "A", json_get(answer, "a"));
	print_side(f, "B", json_get(answer, "b"));
	if (json_kind(why) != JSON_OBJECT) {
		fprintf(f, "Two customers. No model was trained yet, and nothing verified or decided ties them.\n");
		return;
	}
	fprintf(f, "%s\n", is(why, "same") ? "One customer." : "Two customers.");
	if (json_kind(json_get(why, "score")) == JSON_INT)
		print_fields(f, why);
	for (size_t i = 0; i < json_count(links); i++) {
		const struct json *l = json_at(links, i);
		fprintf(f, "  Both have the %.*s %.*s%s%s%.*s\n", STR_ARG(text_of(l, "kind")),
		        STR_ARG(text_of(l, "value")), is(l, "verified") ? ", verified by both" : "",
		        str_is(text_of(l, "state"), "normal") ? "" : ", ",
		        str_is(text_of(l, "state"), "normal") ? 0 : (int)text_of(l, "state").n, text_of(l, "state").p);
	}
	for (size_t i = 0; i < json_count(decisions); i++) {
		const struct json *d = json_at(decisions, i);
		struct str at = text_of(d, "at");
		fprintf(f, "  By hand: %.*s on %.*s%s  %.*s  %.*s\n", STR_ARG(text_of(d, "kind")),
		        (int)(at.n > 10 ? 10 : at.n), at.p, is(d, "standing") ? "" : ", taken back",
		        STR_ARG(text_of(d, "decision")), STR_ARG(text_of(d, "reason")));
	}
}

/* ---- The queue -----------------------------------------------------------------------------------------------------
 */

static void print_one(FILE *f, const struct json *side)
{
	const struct json *r = json_at(json_get(side, "records"), 0), *spend = json_get(side, "spend");
	const struct json *place = json_get(r, "address");
	fprintf(f, "    ");
	padded(f, text_of(side, "customer"), 18);
	padded(f, text_of(side, "name"), 28);
	padded(f, text_of(r, "birthday"), 12);
	padded(f, text_of(place, "city"), 18);
	if (json_kind(spend) == JSON_OBJECT)
		fprintf(f, "%.*s %.*s", STR_ARG(text_of(spend, "currency")), STR_ARG(text_of(spend, "amount")));
	fprintf(f, "\n");
}

void print_review(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (json_count(items) == 0)
		fprintf(f, "Nothing is in doubt.\n");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *item = json_at(items, i);
		fprintf(f, "%3zu  score %+.2f\n", i + 1, bits(item, "score"));
		print_one(f, json_get(item, "a"));
		print_one(f, json_get(item, "b"));
	}
	if (json_count(items))
		fprintf(f, "%lld waiting.\n", (long long)number_of(answer, "waiting"));
}

static void print_share(FILE *f, const char *what, const struct json *share)
{
	if (json_kind(share) != JSON_OBJECT)
		return;
	fprintf(f, "%-10s %5.1f %%  (%.1f to %.1f)\n", what, 100 * real_of(share, "value"), 100 * real_of(share, "low"),
	        100 * real_of(share, "high"));
}

#define LEAST_LOOKS 20 /* as the server has it */

void print_estimate(FILE *f, const struct json *answer)
{
	const struct json *bands = json_get(answer, "bands");
	long long looked = number_of(answer, "looked");
	if (!is(answer, "enough")) {
		fprintf(f, "Too few to say: %lld looked at, %d needed.\n", looked, LEAST_LOOKS);
		return;
	}
	print_share(f, "precision", json_get(answer, "precision"));
	print_share(f, "recall", json_get(answer, "recall"));
	fprintf(f,
	        "By %lld decisions, %lld of them \"one person\"; 95 %% intervals. Of %.0f %% of the joined pairs "
	        "nobody has "
	        "looked\nat such scores: there the model's own probability is taken.\n\n",
	        looked, (long long)number_of(answer, "same"), 100 * real_of(answer, "by_model"));
	fprintf(f, "%16s %8s %8s %22s\n", "score", "looked", "same", "share");
	for (size_t i = 0; i < json_count(bands); i++) {
		const struct json *b = json_at(bands, i);
		fprintf(f, "%+6.0f to %+6.0f %8lld %8lld %6.1f %% (%5.1f to %5.1f)\n", bits(b, "from"), bits(b, "to"),
		        (long long)number_of(b, "looked"), (long long)number_of(b, "same"), 100 * real_of(b, "share"),
		        100 * real_of(b, "low"), 100 * real_of(b, "high"));
	}
}
