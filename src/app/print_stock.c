/* Stock as text. */
#include "app/print.h"

static struct str text_of(const struct json *v, const char *key)
{
	return json_str(json_get(v, key));
}

static struct str name_of(const struct json *v, const char *key)
{
	return text_of(json_get(v, key), "name");
}

static int64_t number_of(const struct json *v, const char *key)
{
	int64_t n = 0;
	json_i64(json_get(v, key), &n);
	return n;
}

/* "2026-11-22 14:05" of a time; "–" of none. */
static void print_time(FILE *f, const struct json *v, const char *key)
{
	struct str s = text_of(v, key);
	if (s.n < 16)
		fprintf(f, "%-16s", "–");
	else
		fprintf(f, "%.10s %.5s", s.p, s.p + 11);
}

static int width_of(struct str s)
{
	int n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Pads, and cuts, by characters. */
static void print_padded(FILE *f, struct str s, int width)
{
	size_t bytes = 0;
	int chars = 0;
	while (bytes < s.n && chars < width) {
		do
			bytes++;
		while (bytes < s.n && ((unsigned char)s.p[bytes] & 0xc0) == 0x80);
		chars++;
	}
	fprintf(f, "%.*s%*s", (int)bytes, s.p ? s.p : "", width - chars, "");
}

/* "Oxford shoe brown 42 (OX-42)" */
static void print_sku(FILE *f, const struct json *k)
{
	static const char *const parts[] = { "title", "colour", "size" };
	const char *sep = "";
	for (size_t i = 0; i < 3; i++) {
		struct str s = text_of(k, parts[i]);
		if (s.n)
			fprintf(f, "%s%.*s", sep, STR_ARG(s)), sep = " ";
	}
	fprintf(f, "%s(%.*s)", sep, STR_ARG(text_of(k, "code")));
}

static const struct json *cell_at(const struct json *grid, struct str sku, struct str place)
{
	const struct json *cells = json_get(grid, "cells");
	for (size_t i = 0; i < json_count(cells); i++) {
		const struct json *c = json_at(cells, i);
		if (str_eq(text_of(c, "sku"), sku) && str_eq(text_of(c, "location"), place))
			return c;
	}
	return NULL;
}

static bool empty(FILE *f, const struct json *items, const char *what)
{
	if (!json_count(items))
		fprintf(f, "%s\n", what);
	return !json_count(items);
}

static void print_km(FILE *f, const struct json *p)
{
	double km;
	if (json_f64(json_get(p, "km"), &km))
		fprintf(f, " %7.1f", km);
	else
		fprintf(f, " %7s", "–");
}

void print_stock(FILE *f, const struct json *grid)
{
	static const char *const states[] = { "available", "held",   "committed", "picked",  "quality",
		                              "damaged",   "safety", "transit",   "incoming" };
	const struct json *skus = json_get(grid, "skus"), *places = json_get(grid, "places");
	for (size_t i = 0; i < json_count(skus); i++) {
		const struct json *k = json_at(skus, i);
		print_sku(f, k);
		fprintf(f, "\n%-24s %7s", "", "km");
		for (size_t n = 0; n < sizeof(states) / sizeof(*states); n++)
			fprintf(f, " %9s", states[n]);
		fprintf(f, "  last move\n");
		for (size_t p = 0; p < json_count(places); p++) {
			const struct json *place = json_at(places, p);
			const struct json *c = cell_at(grid, text_of(k, "id"), text_of(place, "id"));
			bool low = false;
			json_bool(json_get(c, "low"), &low);
			print_padded(f, text_of(place, "name"), 24);
			print_km(f, place);
			for (size_t n = 0; n < sizeof(states) / sizeof(*states); n++)
				fprintf(f, " %9lld", (long long)number_of(c, states[n]));
			fprintf(f, "  ");
			print_time(f, place, "updated_at");
			fprintf(f, "%s\n", low ? "  low" : "");
		}
	}
	if (!json_count(places))
		fprintf(f, "It never was anywhere.\n");
}

#define COLUMN 7

/* One block a colour: stores down, sizes across; what is available, and + what is on the way. */
static void print_block(FILE *f, const struct json *grid, struct str colour)
{
	const struct json *skus = json_get(grid, "skus"), *places = json_get(grid, "places");
	print_padded(f, colour, 24);
	for (size_t i = 0; i < json_count(skus); i++)
		if (str_eq(text_of(json_at(skus, i), "colour"), colour)) {
			struct str size = text_of(json_at(skus, i), "size");
			if (!size.n)
				size = STR("–");
			int width = width_of(size);
			fprintf(f, "%*s", width < COLUMN ? COLUMN - width : 1, "");
			print_padded(f, size, width);
		}
	fprintf(f, "\n");
	for (size_t p = 0; p < json_count(places); p++) {
		const struct json *place = json_at(places, p);
		print_padded(f, text_of(place, "name"), 24);
		for (size_t i = 0; i < json_count(skus); i++) {
			const struct json *k = json_at(skus, i);
			if (!str_eq(text_of(k, "colour"), colour))
				continue;
			const struct json *c = cell_at(grid, text_of(k, "id"), text_of(place, "id"));
			long long there = (long long)number_of(c, "available"),
			          more = (long long)number_of(c, "incoming");
			char text[48];
			snprintf(text, sizeof(text), more ? "%lld+%lld" : "%lld", there, more);
			fprintf(f, "%*s", COLUMN, there || more ? text : ".");
		}
		fprintf(f, "\n");
	}
}

void print_grid(FILE *f, const struct json *grid)
{
	const struct json *skus = json_get(grid, "skus");
	bool more = false;
	fprintf(f, "%.*s\n", STR_ARG(text_of(json_at(skus, 0), "title")));
	for (size_t i = 0; i < json_count(skus); i++) { /* colours stand together */
		struct str colour = text_of(json_at(skus, i), "colour");
		if (!i || !str_eq(colour, text_of(json_at(skus, i - 1), "colour")))
			print_block(f, grid, colour);
	}
	json_bool(json_get(grid, "more"), &more);
	if (more)
		fprintf(f, "The product has more SKUs than are shown.\n");
}

void print_ways(FILE *f, const struct json *answer)
{
	const struct json *ways = json_get(answer, "ways");
	print_sku(f, json_get(answer, "sku"));
	fprintf(f, "\n");
	if (empty(f, ways, "There is no way: not here, not elsewhere, not expected, and nothing is like it."))
		return;
	for (size_t i = 0; i < json_count(ways); i++) {
		const struct json *w = json_at(ways, i), *cost = json_get(w, "cost");
		bool closed = false, elsewhere = false;
		json_bool(json_get(w, "closed"), &closed);
		json_bool(json_get(w, "elsewhere"), &elsewhere);
		fprintf(f, "%2zu  %-10.*s  ", i + 1, STR_ARG(text_of(w, "way")));
		print_time(f, w, "ready_at");
		fprintf(f, "  %.*s", STR_ARG(text_of(w, "text")));
		if (json_kind(cost) == JSON_OBJECT)
			fprintf(f, ", %.*s %.*s", STR_ARG(text_of(cost, "currency")), STR_ARG(text_of(cost, "amount")));
		if (str_is(text_of(w, "way"), "substitute"))
			fprintf(f, " (%.*s)", STR_ARG(text_of(json_get(w, "sku"), "code")));
		fprintf(f, "%s%s\n", closed ? " [closed]" : "", elsewhere ? " [counted elsewhere]" : "");
	}
}

void print_moves(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "Nothing ever moved."))
		return;
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *m = json_at(items, i), *from = json_get(m, "from"), *to = json_get(m, "to");
		print_time(f, m, "at");
		fprintf(f, " %5lld  ", (long long)number_of(m, "qty"));
		print_padded(f, text_of(m, "reason"), 15);
		fprintf(f, " %.*s %.*s → %.*s", STR_ARG(name_of(from, "location")), STR_ARG(text_of(from, "state")),
		        STR_ARG(text_of(to, "state")));
		if (!str_eq(name_of(from, "location"), name_of(to, "location")))
			fprintf(f, " at %.*s", STR_ARG(name_of(to, "location")));
		fprintf(f, "  %.*s\n", STR_ARG(text_of(m, "by")));
	}
}

void print_holds(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "Nothing is held."))
		return;
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *h = json_at(items, i);
		print_padded(f, text_of(h, "id"), 19);
		print_time(f, h, "until");
		fprintf(f, "  ");
		print_padded(f, name_of(h, "location"), 20);
		fprintf(f, " %3lld  ", (long long)number_of(h, "qty"));
		print_sku(f, json_get(h, "sku"));
		fprintf(f, "  %.*s\n", STR_ARG(name_of(h, "customer")));
	}
}

void print_waiting(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "Nobody waits."))
		return;
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *x = json_at(items, i);
		struct str at = name_of(x, "location");
		print_padded(f, text_of(x, "id"), 19);
		print_time(f, x, "joined_at");
		fprintf(f, " %3lld  ", (long long)number_of(x, "qty"));
		print_padded(f, at.n ? at : STR("anywhere"), 20);
		print_padded(f, text_of(x, "state"), 9);
		fprintf(f, "%.*s\n", STR_ARG(name_of(x, "customer")));
	}
}

static void print_transfer_head(FILE *f, const struct json *t)
{
	print_padded(f, text_of(t, "id"), 19);
	print_time(f, t, "requested_at");
	fprintf(f, "  ");
	print_padded(f, text_of(t, "state"), 11);
	fprintf(f, "%.*s → %.*s\n", STR_ARG(name_of(t, "from")), STR_ARG(name_of(t, "to")));
}

void print_transfers(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "No transfer is open."))
		return;
	for (size_t i = 0; i < json_count(items); i++)
		print_transfer_head(f, json_at(items, i));
}

void print_transfer(FILE *f, const struct json *t)
{
	static const char *const parts[] = { "asked", "sent", "received", "lost", "returned", "over" };
	const struct json *lines = json_get(t, "lines");
	print_transfer_head(f, t);
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i);
		fprintf(f, "  ");
		print_sku(f, json_get(l, "sku"));
		fprintf(f, ":");
		for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++)
			if (k < 3 || number_of(l, parts[k]))
				fprintf(f, " %s %lld", parts[k], (long long)number_of(l, parts[k]));
		fprintf(f, "\n");
	}
}

void print_counts(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "Nothing is to be counted."))
		return;
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *x = json_at(items, i);
		print_padded(f, text_of(x, "id"), 19);
		print_time(f, x, "opened_at");
		fprintf(f, "  ");
		print_padded(f, name_of(x, "location"), 20);
		print_padded(f, text_of(x, "reason"), 15);
		print_sku(f, json_get(x, "sku"));
		fprintf(f, "%s\n", str_is(text_of(x, "state"), "short") ? "  short" : "");
	}
}

void print_low(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "Nothing is low."))
		return;
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *x = json_at(items, i);
		print_padded(f, name_of(x, "location"), 20);
		fprintf(f, " %4lld of %lld", (long long)number_of(x, "available"), (long long)number_of(x, "level"));
		if (number_of(x, "incoming"))
			fprintf(f, ", %lld on the way", (long long)number_of(x, "incoming"));
		fprintf(f, "  ");
		print_sku(f, json_get(x, "sku"));
		fprintf(f, "\n");
	}
}

void print_expected(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	if (empty(f, items, "Nothing is expected."))
		return;
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *x = json_at(items, i);
		print_padded(f, text_of(x, "id"), 19);
		print_time(f, x, "due_at");
		fprintf(f, "  ");
		print_padded(f, name_of(x, "location"), 20);
		fprintf(f, " %lld of %lld have come\n", (long long)number_of(x, "received"),
		        (long long)number_of(x, "qty"));
	}
}

void print_stock_done(FILE *f, const struct json *done)
{
	struct str id = text_of(done, "id"), state = text_of(done, "state");
	bool replayed = false;
	json_bool(json_get(done, "replayed"), &replayed);
	fprintf(f, "%.*s: %lld", STR_ARG(text_of(done, "kind")), (long long)number_of(done, "qty"));
	if (json_get(done, "expected"))
		fprintf(f, " (%lld were expected)", (long long)number_of(done, "expected"));
	if (number_of(done, "open"))
		fprintf(f, ", %lld missing", (long long)number_of(done, "open"));
	if (id.n)
		fprintf(f, ", %.*s", STR_ARG(id));
	if (state.n)
		fprintf(f, " is %.*s", STR_ARG(state));
	fprintf(f, "%s\n", replayed ? " (as before)" : "");
}
