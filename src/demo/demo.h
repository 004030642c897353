/* The demo chain: a retailer made up from a seed, told as its source systems would tell it, with the truth beside it.
 *
 * Twelve stores in eight time zones and five currencies, a web shop, a call centre; people in households, as five
 * systems know them (till, web, loyalty, callcentre, chat), with the dirt of real life: typos, nicknames, shared
 * e-mails and phones, the cashier's phone, placeholders, changed surnames, moves, several alphabets. Conventions:
 * README.md. */
#ifndef BYNAME_DEMO_H
#define BYNAME_DEMO_H

#include "base/str.h"

struct demo_config {
	uint64_t seed;
	int people;    /* 0: 30,000; at most 10,000,000 */
	int years;     /* of history; 0: 10; at most 30 */
	int busyness;  /* percent of the usual number of purchases and visits a person; 0: 100 */
	int64_t until; /* the end of the story, UTC microseconds; 0: 2026-01-01 */
};

/* What was told, each message once: what was sent again (resent) or broken on purpose counts there only. */
#define DEMO_CURRENCIES 5
extern const char *const demo_currency[DEMO_CURRENCIES]; /* "EUR", … */
struct demo_counts {
	int64_t people, households, records, devices;
	int64_t stores, associates, products, skus;
	int64_t lines; /* of the five .jsonl files, all told */
	int64_t identifies, groups, aliases, pages, product_views, calls, chats, surveys;
	int64_t orders, order_lines, units, refunds, refund_lines;
	int64_t resent, broken;
	int64_t sold_minor[DEMO_CURRENCIES]; /* sum of lines: price × quantity − discount, without tax and shipping */
	int64_t refunded_minor[DEMO_CURRENCIES];
};

/* Takes one line (without its newline) of one file: "stores.csv", "associates.csv", "products.csv", "rates.csv" (with
 * header lines), "stock.csv", "matters.csv" (README.md), "truth.csv", and "till.jsonl", "web.jsonl", "loyalty.jsonl",
 * "callcentre.jsonl", "chat.jsonl" (in order of time). The line is valid during the call only. Not OK stops the
 * generation and is handed on. */
typedef enum result demo_emit_fn(void *ctx, const char *file, struct str line, struct error *e);

/* Makes it all up: the same config gives the same bytes. CSV files come first, then truth.csv, then the events of all
 * sources, interleaved by time. counts may be NULL. Needs about 100 bytes of memory an event. */
MUST_CHECK enum result demo_generate(const struct demo_config *config, demo_emit_fn *emit, void *ctx,
                                     struct demo_counts *counts, struct error *e);

#endif
