#include "app/print.h"
#include "app/print_text.h"

struct str text_of(const struct json *v, const char *key)
{
	return json_str(json_get(v, key));
}

int64_t number_of(const struct json *v, const char *key)
{
	int64_t n = 0;
	json_i64(json_get(v, key), &n);
	return n;
}

void print_money(FILE *f, const struct json *m)
{
	if (json_kind(m) == JSON_OBJECT)
		fprintf(f, "%.*s %.*s", STR_ARG(text_of(m, "currency")), STR_ARG(text_of(m, "amount")));
}

static void print_share(FILE *f, const struct json *v)
{
	double share = 0;
	if (json_f64(json_get(v, "full_price_share"), &share))
		fprintf(f, "%5.1f%%", share * 100);
	else
		fprintf(f, "%6s", "–");
}

struct str day_of(const struct json *v, const char *key)
{
	struct str s = text_of(v, key);
	return (struct str){ s.p, s.n > 10 ? 10 : s.n };
}

/* The bytes of the first `chars` characters, at most; *chars: how many there are. */
static size_t chars_bytes(struct str s, int *chars)
{
	size_t bytes = 0;
	int n = 0;
	for (; bytes < s.n && n < *chars; n++) {
		bytes++;
		while (bytes < s.n && ((unsigned char)s.p[bytes] & 0xc0) == 0x80)
			bytes++;
	}
	*chars = n;
	return bytes;
}

void print_padded(FILE *f, struct str s, int width)
{
	int chars = width;
	bool cut = chars_bytes(s, &chars) < s.n;
	chars = cut ? width - 2 : width; /* "… " ends it */
	size_t bytes = chars_bytes(s, &chars);
	fprintf(f, "%.*s%s%*s", (int)bytes, s.p ? s.p : "", cut ? "…" : "", width - chars - cut, "");
}

void print_find(FILE *f, const struct json *answer)
{
	const struct json *results = json_get(answer, "results");
	if (json_count(results) == 0)
		fprintf(f, "Nobody found.\n");
	for (size_t i = 0; i < json_count(results); i++) {
		const struct json *r = json_at(results, i);
		print_padded(f, text_of(r, "customer"), 19);
		print_padded(f, text_of(r, "name"), 28);
		print_padded(f, text_of(r, "city"), 18);
		print_padded(f, text_of(r, "phone_hint"), 10);
		print_padded(f, text_of(r, "email_hint"), 24);
		fprintf(f, "%.*s\n", STR_ARG(day_of(r, "last_purchase_at")));
	}
}

/* One line a fact, with how we know it. */
static void print_facts(FILE *f, const char *heading, const struct json *facts)
{
	for (size_t i = 0; i < json_count(facts); i++) {
		const struct json *fact = json_at(facts, i);
		bool say = true;
		json_bool(json_get(fact, "say"), &say);
		fprintf(f, "  %-12s %.*s%s  (%.*s)\n", i == 0 ? heading : "", STR_ARG(text_of(fact, "label")),
		        say ? "" : " [not aloud]", STR_ARG(text_of(json_get(fact, "how"), "text")));
	}
}

static void print_texts(FILE *f, const char *heading, const struct json *list)
{
	for (size_t i = 0; i < json_count(list); i++)
		fprintf(f, "  %-12s %.*s\n", i == 0 ? heading : "", STR_ARG(text_of(json_at(list, i), "text")));
}

static void print_last_purchase(FILE *f, const struct json *last)
{
	const struct json *lines = json_get(last, "lines");
	if (json_kind(last) != JSON_OBJECT)
		return;
	fprintf(f, "  %-12s %.*s, %.*s, ", "last", STR_ARG(day_of(last, "at")), STR_ARG(text_of(last, "channel")));
	print_money(f, json_get(last, "total"));
	fprintf(f, "\n");
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i);
		fprintf(f, "  %-12s %lld × %.*s %.*s %.*s\n", "", (long long)number_of(l, "qty"),
		        STR_ARG(text_of(l, "title")), STR_ARG(text_of(l, "colour")), STR_ARG(text_of(l, "size")));
	}
}

static void print_spend(FILE *f, const struct json *spend)
{
	if (json_kind(spend) != JSON_OBJECT)
		return;
	fprintf(f, "  %-12s ", "spend");
	print_money(f, json_get(spend, "total"));
	fprintf(f, " in %lld orders, ", (long long)number_of(spend, "orders"));
	print_money(f, json_get(spend, "last_12_months"));
	fprintf(f, " in the last 12 months, at full price");
	print_share(f, spend);
	fprintf(f, "\n");
}

static void print_contact(FILE *f, const struct json *contact)
{
	for (size_t i = 0; i < json_count(contact); i++) {
		const struct json *c = json_at(contact, i);
		fprintf(f, "  %-12s %.*s for %.*s: %.*s\n", i == 0 ? "contact" : "", STR_ARG(text_of(c, "channel")),
		        STR_ARG(text_of(c, "purpose")), STR_ARG(text_of(c, "state")));
	}
}

void print_card(FILE *f, const struct json *answer)
{
	const struct json *name = json_get(answer, "name"), *opener = json_get(answer, "opener");
	const struct json *who = json_get(answer, "associate");
	fprintf(f, "%.*s  %.*s\n", STR_ARG(text_of(name, "display")), STR_ARG(text_of(answer, "customer")));
	if (text_of(name, "pronounce").n)
		fprintf(f, "  %-12s %.*s\n", "say", STR_ARG(text_of(name, "pronounce")));
	print_texts(f, "open", json_get(answer, "open"));
	if (json_kind(opener) == JSON_OBJECT)
		fprintf(f, "  %-12s %.*s  (%.*s)\n", "opener", STR_ARG(text_of(opener, "text")),
		        STR_ARG(text_of(opener, "evidence")));
	print_facts(f, "serve", json_get(answer, "served_how"));
	print_facts(f, "sizes", json_get(answer, "sizes"));
	print_facts(f, "likes", json_get(answer, "likes"));
	print_facts(f, "dislikes", json_get(answer, "dislikes"));
	print_texts(f, "soon", json_get(answer, "milestones"));
	if (json_kind(who) == JSON_OBJECT)
		fprintf(f, "  %-12s %.*s  (%.*s)\n", "associate", STR_ARG(text_of(who, "name")),
		        STR_ARG(text_of(json_get(who, "how"), "text")));
	print_last_purchase(f, json_get(answer, "last_purchase"));
	print_spend(f, json_get(answer, "spend"));
	print_contact(f, json_get(answer, "contact"));
	print_texts(f, "notes", json_get(answer, "notes"));
}

void print_top(FILE *f, const struct json *answer)
{
	const struct json *rows = json_get(answer, "rows"), *all = json_get(answer, "all");
	for (size_t i = 0; i < json_count(rows); i++) {
		const struct json *r = json_at(rows, i);
		fprintf(f, "%4zu  ", i + 1);
		print_padded(f, text_of(r, "customer"), 19);
		print_padded(f, text_of(r, "name"), 28);
		fprintf(f, "%14.*s  %4lld orders  ", STR_ARG(text_of(json_get(r, "net"), "amount")),
		        (long long)number_of(r, "orders"));
		print_share(f, r);
		fprintf(f, "  %.*s\n", STR_ARG(day_of(r, "last_at")));
	}
	fprintf(f, "%.*s to %.*s: %lld customers, net ", STR_ARG(text_of(answer, "from")),
	        STR_ARG(text_of(answer, "to")), (long long)number_of(all, "customers"));
	print_money(f, json_get(all, "net"));
	fprintf(f, ", of it without a customer ");
	print_money(f, json_get(all, "anonymous"));
	fprintf(f, ", at full price");
	print_share(f, all);
	fprintf(f, "\n");
	if (number_of(all, "unconverted_orders"))
		fprintf(f, "%lld orders in currencies without an exchange rate are left out.\n",
		        (long long)number_of(all, "unconverted_orders"));
}

static void print_members(FILE *f, const char *prefix, const struct json *object)
{
	for (size_t i = 0; i < json_count(object); i++) {
		struct str key;
		const struct json *v = json_member(object, i, &key);
		char name[64];
		int64_t n = 0;
		bool yes = false;
		snprintf(name, sizeof(name) - 1, "%s%.*s", prefix, STR_ARG(key));
		if (json_kind(v) == JSON_STRING)
			fprintf(f, "%-18s %.*s\n", name, STR_ARG(json_str(v)));
		else if (json_i64(v, &n))
			fprintf(f, "%-18s %lld\n", name, (long long)n);
		else if (json_bool(v, &yes))
			fprintf(f, "%-18s %s\n", name, yes ? "yes" : "no");
		else
			print_members(f, strcat(name, "."), v);
	}
}

void print_status(FILE *f, const struct json *answer)
{
	print_members(f, "", answer);
}
