/* Prints the API's answers as text for a person at a terminal (docs/api.md has the shapes). */
#ifndef BYNAME_APP_PRINT_H
#define BYNAME_APP_PRINT_H

#include "base/json.h"
#include <stdio.h>

void print_find(FILE *f, const struct json *answer);
void print_card(FILE *f, const struct json *answer);
void print_top(FILE *f, const struct json *answer);
void print_status(FILE *f, const struct json *answer);
void print_why(FILE *f, const struct json *answer);
void print_review(FILE *f, const struct json *answer);
void print_sample(FILE *f, const struct json *answer);
void print_estimate(FILE *f, const struct json *answer);
/* print_order.c */
void print_done(FILE *f, const struct json *answer);
void print_order(FILE *f, const struct json *answer);
void print_orders(FILE *f, const struct json *answer);
void print_queue(FILE *f, const struct json *answer);
void print_price(FILE *f, const struct json *answer);
void print_back(FILE *f, const struct json *answer);
void print_order_reviews(FILE *f, const struct json *answer);
void print_parked(FILE *f, const struct json *answer);

/* print_stock.c */
void print_stock(FILE *f, const struct json *answer);
void print_grid(FILE *f, const struct json *answer);
void print_ways(FILE *f, const struct json *answer);
void print_moves(FILE *f, const struct json *answer);
void print_holds(FILE *f, const struct json *answer);
void print_waiting(FILE *f, const struct json *answer);
void print_transfers(FILE *f, const struct json *answer);
void print_transfer(FILE *f, const struct json *answer);
void print_counts(FILE *f, const struct json *answer);
void print_low(FILE *f, const struct json *answer);
void print_expected(FILE *f, const struct json *answer);
void print_stock_done(FILE *f, const struct json *answer);

#endif
