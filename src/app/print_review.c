/* Evidence, the review queue and the estimate as text. */
#include "app/print.h"
#include "app/print_text.h"

#include "base/str.h"

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

/* "by Robin Keller on 2026-05-12" */
static void print_who(FILE *f, const struct json *d)
{
	struct str by = text_of(d, "by"), at = text_of(d, "at");
	if (by.n)
		fprintf(f, " by %.*s", STR_ARG(by));
	fprintf(f, " on %.*s", (int)(at.n > 10 ? 10 : at.n), at.p);
}

static const struct {
	const char *reason, *text;
	bool numbers, weights; /* {number} and {limit} are told; in bits */
} apart_texts[] = {
	{ "never", "they were told apart for good", false, false },
	{ "split", "they were split", false, false },
	{ "taken_back", "their automatic merge was taken back", false, false },
	{ "account", "they have different verified accounts", false, false },
	{ "too_many_records", "together they would have too many records", true, false },
	{ "waiting", "they wait on the worklist to be looked at again", false, false },
	{ "quarantine", "too many are connected with them, so weaker pairs are left out", true, false },
	{ "score", "the score does not reach the threshold", true, true },
	{ "average", "not all of their records agree: the average does not reach the threshold", true, true },
	{ "not_compared", "no key of theirs brought them together", false, false },
	{ "unsettled", "nothing does: their records are still to be looked at again", false, false },
};

static void print_apart(FILE *f, const struct json *r)
{
	size_t i = 0, n = sizeof(apart_texts) / sizeof(apart_texts[0]);
	struct str why = text_of(r, "why");
	while (i < n && !str_is(text_of(r, "reason"), apart_texts[i].reason))
		i++;
	if (i == n)
		return;
	fprintf(f, "  Kept apart: %s", apart_texts[i].text);
	if (text_of(r, "decision").n)
		print_who(f, r);
	if (text_of(r, "a").n)
		fprintf(f, ": %.*s and %.*s", STR_ARG(text_of(r, "a")), STR_ARG(text_of(r, "b")));
	if (apart_texts[i].weights)
		fprintf(f, " (%+.2f, %+.2f needed)", bits(r, "number"), bits(r, "limit"));
	else if (apart_texts[i].numbers)
		fprintf(f, " (%lld, %lld allowed)", (long long)number_of(r, "number"),
		        (long long)number_of(r, "limit"));
	if (text_of(r, "decision").n)
		fprintf(f, "  %.*s", STR_ARG(text_of(r, "decision")));
	fprintf(f, "%s%.*s\n", why.n ? "  " : "", STR_ARG(why));
}

static void print_decision(FILE *f, const struct json *d)
{
	bool automatic = str_is(text_of(d, "kind"), "auto_merge");
	fprintf(f, "  %s%.*s", automatic ? "By itself: merge" : "By hand: ", automatic ? 0 : (int)text_of(d, "kind").n,
	        text_of(d, "kind").p);
	print_who(f, d);
	fprintf(f, "%s  %.*s  %.*s\n", is(d, "standing") ? "" : ", taken back", STR_ARG(text_of(d, "decision")),
	        STR_ARG(text_of(d, "reason")));
}

void print_why(FILE *f, const struct json *answer)
{
	const struct json *why = json_get(answer, "why"), *links = json_get(why, "links");
	const struct json *decisions = json_get(why, "decisions"), *apart = json_get(why, "apart");
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
	for (size_t i = 0; i < json_count(decisions); i++)
		print_decision(f, json_at(decisions, i));
	for (size_t i = 0; i < json_count(apart); i++)
		print_apart(f, json_at(apart, i));
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

/* Two records of one customer. */
static void print_record(FILE *f, const struct json *side)
{
	const struct json *r = json_at(json_get(side, "records"), 0), *place = json_get(r, "address");
	fprintf(f, "    ");
	padded(f, text_of(r, "id"), 18);
	padded(f, text_of(r, "name"), 28);
	padded(f, text_of(r, "birthday"), 12);
	padded(f, text_of(place, "city"), 18);
	fprintf(f, "%.*s %.*s\n", STR_ARG(text_of(r, "source")), STR_ARG(text_of(r, "source_key")));
}

void print_sample(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *item = json_at(items, i);
		fprintf(f, "%3zu  %.*s", i + 1, STR_ARG(text_of(json_get(item, "a"), "customer")));
		if (json_kind(json_get(item, "score")) == JSON_INT)
			fprintf(f, "  score %+.2f", bits(item, "score"));
		fprintf(f, "\n");
		print_record(f, json_get(item, "a"));
		print_record(f, json_get(item, "b"));
	}
	fprintf(f, "%lld looked at, %lld of them one person; %lld left (seed %lld).\n",
	        (long long)number_of(answer, "looked"), (long long)number_of(answer, "same"),
	        (long long)number_of(answer, "left"), (long long)number_of(answer, "seed"));
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
	        "By %lld decisions, %lld of them \"one person\"; %lld of them on the sample of joined pairs; 95 %% "
	        "intervals.\nOf %.0f %% of the joined pairs nobody has looked at the like: there the model's own "
	        "probability is taken.\n\n",
	        looked, (long long)number_of(answer, "same"), (long long)number_of(answer, "drawn"),
	        100 * real_of(answer, "by_model"));
	fprintf(f, "%16s %8s %8s %22s\n", "score", "looked", "same", "share");
	for (size_t i = 0; i < json_count(bands); i++) {
		const struct json *b = json_at(bands, i);
		if (json_kind(json_get(b, "from")) == JSON_INT)
			fprintf(f, "%+6.0f to %+6.0f", bits(b, "from"), bits(b, "to"));
		else
			fprintf(f, "%16s", "without a score");
		fprintf(f, " %8lld %8lld %6.1f %% (%5.1f to %5.1f)\n", (long long)number_of(b, "looked"),
		        (long long)number_of(b, "same"), 100 * real_of(b, "share"), 100 * real_of(b, "low"),
		        100 * real_of(b, "high"));
	}
}
