/* Orders for a person at a terminal. */
#include "app/print.h"
#include "app/print_text.h"

static void print_name(FILE *f, const struct json *named)
{
	fprintf(f, "%.*s", STR_ARG(text_of(named, "name")));
}

/* "label amount" unless it is nothing. */
static void print_sum(FILE *f, const char *label, const struct json *m)
{
	struct str amount = text_of(m, "amount");
	for (size_t i = 0; i < amount.n; i++)
		if (amount.p[i] >= '1' && amount.p[i] <= '9') {
			fprintf(f, "  %s ", label);
			print_money(f, m);
			return;
		}
}

static void print_units(FILE *f, const struct json *o)
{
	static const char *const names[] = { "waiting", "open",    "picked",    "ready",
		                             "handed",  "shipped", "cancelled", "returned" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (number_of(o, names[i]))
			fprintf(f, " %lld %s", (long long)number_of(o, names[i]), names[i]);
}

static void print_line(FILE *f, const struct json *l)
{
	const struct json *sku = json_get(l, "sku"), *parts = json_get(l, "parts");
	fprintf(f, "%4lld  %lld × ", (long long)number_of(l, "line"), (long long)number_of(l, "qty"));
	print_padded(f, text_of(l, "title"), 28);
	fprintf(f, " %-16.*s %8.*s  net ", STR_ARG(text_of(sku, "code")), STR_ARG(text_of(l, "unit_price")));
	print_money(f, json_get(l, "net"));
	fprintf(f, " ");
	print_units(f, l);
	fprintf(f, "\n");
	for (size_t i = 0; i < json_count(parts); i++) {
		const struct json *p = json_at(parts, i);
		fprintf(f, "        %.*s, %.*s:", STR_ARG(text_of(json_get(p, "location"), "name")),
		        STR_ARG(text_of(p, "method")));
		print_units(f, p);
		fprintf(f, "\n");
	}
}

static void print_book(FILE *f, const struct json *b)
{
	const struct json *lines = json_get(b, "lines"), *m = json_get(b, "money"), *trail = json_get(b, "trail");
	const struct json *allowed = json_get(b, "allowed");
	for (size_t i = 0; i < json_count(lines); i++)
		print_line(f, json_at(lines, i));
	fprintf(f, "      total ");
	print_money(f, json_get(m, "total"));
	print_sum(f, "to be paid", json_get(m, "receivable"));
	print_sum(f, "taken", json_get(m, "captured"));
	print_sum(f, "owed", json_get(m, "payable"));
	print_sum(f, "on its way back", json_get(m, "refunding"));
	print_sum(f, "given back", json_get(m, "refunded"));
	fprintf(f, "\n");
	for (size_t i = json_count(trail); i-- > 0;) {
		const struct json *t = json_at(trail, i);
		fprintf(f, "      %.16s  %-14.*s %-10.*s", text_of(t, "at").p, STR_ARG(text_of(t, "command")),
		        STR_ARG(text_of(t, "state")));
		print_sum(f, "", json_get(t, "amount"));
		fprintf(f, "  %.*s %.*s %.*s\n", STR_ARG(text_of(json_get(t, "store"), "name")),
		        STR_ARG(text_of(t, "by")), STR_ARG(text_of(t, "text")));
	}
	fprintf(f, "      next:");
	for (size_t i = 0; i < json_count(allowed); i++)
		fprintf(f, " %.*s", STR_ARG(json_str(json_at(allowed, i))));
	fprintf(f, "\n");
}

void print_done(FILE *f, const struct json *answer)
{
	bool replayed = false;
	json_bool(json_get(answer, "replayed"), &replayed);
	fprintf(f, "%.*s  %.*s%s", STR_ARG(text_of(answer, "order")), STR_ARG(text_of(answer, "state")),
	        replayed ? " (done before)" : "");
	print_sum(f, "amount", json_get(answer, "amount"));
	print_sum(f, "given back", json_get(answer, "refunded"));
	fprintf(f, "\n");
	if (json_kind(json_get(answer, "book")) == JSON_OBJECT)
		print_book(f, json_get(answer, "book"));
}

/* state: of an order that was made here, its book's; else as it was told. */
static void print_head(FILE *f, const struct json *o, struct str state)
{
	print_padded(f, text_of(o, "id"), 19);
	print_padded(f, text_of(o, "number"), 16);
	print_padded(f, text_of(o, "kind"), 7);
	print_padded(f, state, 10);
	fprintf(f, "%.*s  ", STR_ARG(day_of(o, "placed_at")));
	print_money(f, json_get(o, "total"));
	fprintf(f, "  ");
	print_name(f, json_get(o, "store"));
	fprintf(f, "  ");
	print_name(f, json_get(o, "customer"));
	fprintf(f, "\n");
}

void print_order(FILE *f, const struct json *answer)
{
	const struct json *lines = json_get(answer, "lines"), *book = json_get(answer, "book");
	bool here = json_kind(book) == JSON_OBJECT;
	print_head(f, answer, text_of(here ? book : answer, "state"));
	if (here) {
		print_book(f, book);
		return;
	}
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i);
		fprintf(f, "      %lld × %.*s  %.*s  ", (long long)number_of(l, "qty"), STR_ARG(text_of(l, "title")),
		        STR_ARG(text_of(l, "sku")));
		print_money(f, json_get(l, "net"));
		fprintf(f, "\n");
	}
}

static void none(FILE *f, const struct json *items, const char *what)
{
	if (!json_count(items))
		fprintf(f, "%s\n", what);
}

void print_orders(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	none(f, items, "No order found.");
	for (size_t i = 0; i < json_count(items); i++)
		print_head(f, json_at(items, i), text_of(json_at(items, i), "state"));
}

void print_queue(FILE *f, const struct json *answer)
{
	static const char *const stages[] = { "new", "picking", "problem", "ready", "waiting" };
	const struct json *items = json_get(answer, "items"), *counts = json_get(answer, "counts");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *q = json_at(items, i), *sku = json_get(q, "sku");
		bool late = false;
		json_bool(json_get(q, "late"), &late);
		print_padded(f, text_of(q, "stage"), 8);
		print_padded(f, text_of(q, "number"), 14);
		fprintf(f, "line %lld ", (long long)number_of(q, "line"));
		print_padded(f, text_of(sku, "code"), 16);
		print_padded(f, text_of(json_get(q, "customer"), "name"), 24);
		print_padded(f, text_of(json_get(q, "location"), "name"), 16);
		print_padded(f, text_of(q, "method"), 8);
		if (number_of(q, "unplaced"))
			fprintf(f, " %lld without a location", (long long)number_of(q, "unplaced"));
		print_units(f, q);
		fprintf(f, "  due %.16s%s\n", text_of(q, "due_at").p, late ? " LATE" : "");
	}
	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
		fprintf(f, "%s%lld %s", i ? ", " : "", (long long)number_of(counts, stages[i]), stages[i]);
	fprintf(f, "\n");
}

void print_price(FILE *f, const struct json *answer)
{
	const struct json *lines = json_get(answer, "lines");
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i);
		fprintf(f, "%4lld × %.*s  ", (long long)number_of(l, "qty"), STR_ARG(text_of(l, "sku")));
		print_money(f, json_get(l, "gross"));
		print_sum(f, "off", json_get(l, "discount"));
		print_sum(f, "net", json_get(l, "net"));
		print_sum(f, "tax", json_get(l, "tax"));
		fprintf(f, "\n");
	}
	print_sum(f, "off", json_get(answer, "discount"));
	print_sum(f, "shipping", json_get(answer, "shipping"));
	print_sum(f, "tax", json_get(answer, "tax"));
	fprintf(f, "  total ");
	print_money(f, json_get(answer, "total"));
	fprintf(f, "\n");
}

void print_back(FILE *f, const struct json *answer)
{
	const struct json *lines = json_get(answer, "lines"), *tenders = json_get(answer, "tenders");
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i);
		fprintf(f, "line %lld: %lld", (long long)number_of(l, "line"), (long long)number_of(l, "qty"));
		print_sum(f, "net", json_get(l, "net"));
		print_sum(f, "tax", json_get(l, "tax"));
		fprintf(f, "\n");
	}
	fprintf(f, "total ");
	print_money(f, json_get(answer, "total"));
	print_sum(f, "charged back", json_get(answer, "clawed"));
	print_sum(f, "off what is to be paid", json_get(answer, "off_receivable"));
	for (size_t i = 0; i < json_count(tenders); i++) {
		fprintf(f, "  %.*s ", STR_ARG(text_of(json_at(tenders, i), "tender")));
		print_money(f, json_get(json_at(tenders, i), "amount"));
	}
	fprintf(f, "\n");
}

void print_order_reviews(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	none(f, items, "Nothing to look at.");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *r = json_at(items, i);
		print_padded(f, text_of(r, "id"), 19);
		print_padded(f, text_of(r, "number"), 16);
		fprintf(f, "%.*s  given back beyond what was due: ", STR_ARG(day_of(r, "at")));
		print_money(f, json_get(r, "unmatched"));
		fprintf(f, "\n");
	}
}

void print_parked(FILE *f, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	none(f, items, "No return waits for its sale.");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *r = json_at(items, i);
		print_padded(f, text_of(r, "id"), 19);
		print_padded(f, text_of(r, "number").n ? text_of(r, "number") : STR("no receipt"), 16);
		fprintf(f, "%.*s  %lld × %.*s  %.*s ", STR_ARG(day_of(r, "at")), (long long)number_of(r, "qty"),
		        STR_ARG(text_of(json_get(r, "sku"), "code")),
		        STR_ARG(text_of(json_get(r, "location"), "name")));
		print_sum(f, "given back", json_get(r, "refunded"));
		fprintf(f, "\n");
	}
}
