/* byname order: everything that can be done with orders, through the same doors as every client. */
#include "app/app.h"
#include "app/look_up.h"
#include "app/order_words.h"
#include "app/print.h"

#include <argp.h>
#include <stdio.h>

struct order_cli {
	struct client *c;
	const char *db, *store, *to, *customer, *channel, *number, *currency, *shipping, *detail, *phone, *email,
	        *limit;
	struct words words, items, pays, discounts;
	bool json, may_wait, on_account, tax_included, reprice, refund_rest, price;
};

/* ---- Verbs ------------------------------------------------------------------------------------------------------ */

/* What a verb's words are, and which members its body may have. */
enum {
	UNITS = 1u << 0, /* words after the order: units */
	PAYS = 1u << 1,  /* words after the order: payments; else by --pay */
	PAYMENT = 1u << 2,
	ITEMS = 1u << 3,   /* --item */
	PAYABLE = 1u << 4, /* --pay */
	REST = 1u << 5,    /* --refund-rest */
	WAIT = 1u << 6,
	TERMS = 1u << 7, /* --discount, --shipping */
	DISCOUNT = 1u << 8,
	ACCOUNT = 1u << 9,
	TO = 1u << 10,
};
static const struct verb {
	const char *word, *path, *says;
	unsigned takes;
} verbs[] = {
	{ "confirm", "place", "ORDER: a quote becomes an order", UNITS | PAYABLE | WAIT | ACCOUNT },
	{ "change", "change", "ORDER --item ITEM…: these are the items from now on",
	  ITEMS | UNITS | PAYABLE | WAIT | TERMS },
	{ "cancel", "cancel", "ORDER [UNITS…]", UNITS | REST },
	{ "allocate", "allocate", "ORDER LINE*QTY,from=STORE,method=ship…", UNITS },
	{ "release", "release", "ORDER [UNITS…]: they wait again", UNITS },
	{ "pick", "pick", "ORDER [UNITS…]", UNITS },
	{ "unpick", "unpick", "ORDER [UNITS…]", UNITS },
	{ "problem", "problem", "ORDER UNITS…: they are not to be found", UNITS },
	{ "ready", "ready", "ORDER [UNITS…]: put aside to be fetched", UNITS },
	{ "transfer", "transfer", "ORDER LINE*QTY… --to STORE: they are to be sent there", UNITS | TO },
	{ "arrive", "arrive", "ORDER: the customer is there", 0 },
	{ "hand-over", "hand_over", "ORDER [UNITS…]", UNITS },
	{ "ship", "ship", "ORDER [UNITS…]", UNITS },
	{ "deliver", "deliver", "ORDER [UNITS…]: what was sent has arrived", UNITS },
	{ "no-show", "no_show", "ORDER [UNITS…]: nobody fetched them", UNITS },
	{ "pay", "pay", "ORDER TENDER=AMOUNT…", PAYS },
	{ "return", "return", "ORDER LINE*QTY,condition=good… --store STORE [--price]", UNITS | PAYABLE | REST },
	{ "inspect", "inspect", "ORDER LINE*QTY,condition=good…", UNITS },
	{ "refund", "refund", "ORDER [TENDER=AMOUNT[,pending]…]; none: what is owed", PAYS | REST },
	{ "refund-done", "refund_done", "ORDER PAYMENT", PAYMENT },
	{ "refund-failed", "refund_failed", "ORDER PAYMENT", PAYMENT },
	{ "exchange", "exchange", "ORDER UNITS… --item ITEM…", UNITS | ITEMS | PAYABLE | REST | WAIT | DISCOUNT },
	{ "close", "close", "ORDER: nothing more is to be done", 0 },
	{ 0 },
};

static const char about[] =
        "Orders: quote, place, fulfil, take back.\v"
        "byname order quote|place ITEM… --store STORE [--customer cus_…] [--pay card=80.00]\n"
        "byname order show ORDER\n"
        "byname order find NUMBER | --phone PHONE | --email EMAIL | --customer cus_…\n"
        "byname order queue [STORE]\n"
        "byname order reviews | parked\n"
        "byname order VERB ORDER [WORDS…], VERB one of confirm, change, cancel, allocate, release, pick, unpick, "
        "problem, "
        "ready, transfer, arrive, hand-over, ship, deliver, no-show, pay, return, inspect, refund, refund-done, "
        "refund-failed, "
        "exchange, "
        "close.\n\n"
        "ORDER is a number or ord_…, STORE a code or sto_…. ITEM is SKU[*QTY] with, after commas, price=80.00, list=, "
        "tax=8.1, "
        "discount=10%, title=, from=STORE, method=take|pick_up|ship|deliver, hold=hld_…, to=STORE (a transfer brings "
        "it there to be given out), line=N (change). UNITS are "
        "LINE[*QTY] with from=STORE, method=, to=STORE, condition=good|unknown|damaged|scrap; where they may be left "
        "out, all "
        "that "
        "can be. Example:\n\n"
        "byname order place SHOE-42*3,price=80.00,from=S1 --store S1 --pay card=240.00\n"
        "byname order return em65qk57w 1,condition=good --store S2 --refund-rest";

/* ---- Options ---------------------------------------------------------------------------------------------------- */

enum {
	KEY_CUSTOMER = 0x100,
	KEY_CHANNEL,
	KEY_NUMBER,
	KEY_CURRENCY,
	KEY_SHIPPING,
	KEY_PHONE,
	KEY_EMAIL,
	KEY_ITEM,
	KEY_PAY,
	KEY_DISCOUNT,
	KEY_MAY_WAIT,
	KEY_ON_ACCOUNT,
	KEY_TAX_INCLUDED,
	KEY_REPRICE,
	KEY_REFUND_REST,
	KEY_PRICE
};

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "json", 'j', NULL, 0, "The answer as JSON", 0 },
	{ "store", 's', "STORE", 0, "Where it is done", 0 },
	{ "to", 't', "STORE", 0, "transfer: where to", 0 },
	{ "detail", 'm', "TEXT", 0, "Words for the trail", 0 },
	{ "limit", 'n', "N", 0, "At most N", 0 },
	{ "customer", KEY_CUSTOMER, "CUSTOMER", 0, "For whom (cus_…)", 0 },
	{ "channel", KEY_CHANNEL, "CHANNEL", 0, "store, web, phone, …", 0 },
	{ "number", KEY_NUMBER, "NUMBER", 0, "The order's number (else one is made)", 0 },
	{ "currency", KEY_CURRENCY, "ISO", 0, "Else the store's", 0 },
	{ "shipping", KEY_SHIPPING, "AMOUNT", 0, "What sending it costs", 0 },
	{ "discount", KEY_DISCOUNT, "10%|5.00", 0, "Of the whole order; 10%,over=100.00 from that on", 0 },
	{ "item", KEY_ITEM, "ITEM", 0, "change, exchange: an item", 0 },
	{ "pay", KEY_PAY, "TENDER=AMOUNT", 0, "cash, card, gift_card, transfer, wallet, store_credit", 0 },
	{ "may-wait", KEY_MAY_WAIT, NULL, 0, "Units without a location wait", 0 },
	{ "on-account", KEY_ON_ACCOUNT, NULL, 0, "Handed over before it is paid", 0 },
	{ "tax-included", KEY_TAX_INCLUDED, NULL, 0, "Prices include tax", 0 },
	{ "reprice", KEY_REPRICE, NULL, 0, "Returns charge back promotions that are no longer earned", 0 },
	{ "refund-rest", KEY_REFUND_REST, NULL, 0, "Give back what is owed, to where it came from", 0 },
	{ "price", KEY_PRICE, NULL, 0, "quote, return: only say what it would come to", 0 },
	{ "phone", KEY_PHONE, "PHONE", 0, "find: by phone", 0 },
	{ "email", KEY_EMAIL, "EMAIL", 0, "find: by e-mail", 0 },
	{ 0 },
};

static error_t word_add(struct words *w, const char *word, struct argp_state *state)
{
	if (w->count == ORDER_WORDS_MAX)
		argp_error(state, "at most %d words", ORDER_WORDS_MAX);
	w->word[w->count++] = word;
	return 0;
}

static error_t flag(struct order_cli *o, int key)
{
	bool *flags[] = { &o->may_wait, &o->on_account, &o->tax_included, &o->reprice, &o->refund_rest, &o->price };
	if (key < KEY_MAY_WAIT || key > KEY_PRICE)
		return ARGP_ERR_UNKNOWN;
	*flags[key - KEY_MAY_WAIT] = true;
	return 0;
}

static error_t text(struct order_cli *o, int key, const char *arg)
{
	const char **texts[] = {
		&o->customer, &o->channel, &o->number, &o->currency, &o->shipping, &o->phone, &o->email
	};
	if (key < KEY_CUSTOMER || key > KEY_EMAIL)
		return ARGP_ERR_UNKNOWN;
	*texts[key - KEY_CUSTOMER] = arg;
	return 0;
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct order_cli *o = state->input;
	switch (key) {
	case 'd':
		o->db = arg;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 's':
		o->store = arg;
		return 0;
	case 't':
		o->to = arg;
		return 0;
	case 'm':
		o->detail = arg;
		return 0;
	case 'n':
		o->limit = arg;
		return 0;
	case KEY_ITEM:
		return word_add(&o->items, arg, state);
	case KEY_PAY:
		return word_add(&o->pays, arg, state);
	case KEY_DISCOUNT:
		return word_add(&o->discounts, arg, state);
	case ARGP_KEY_ARG:
		return word_add(&o->words, arg, state);
	default:
		return key >= KEY_MAY_WAIT ? flag(o, key) : text(o, key, arg);
	}
}

/* ---- Calls ------------------------------------------------------------------------------------------------------ */

typedef void order_print_fn(FILE *f, const struct json *answer);

static enum result call(struct order_cli *o, const char *method, const struct buf *path, const struct buf *body,
                        order_print_fn *print, struct error *e)
{
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf raw = { 0 };
	if (path->failed || (body && body->failed))
		return error_nomem(e);
	buf_init(&raw, 0);
	TRY(client_call(o->c, method, path->p, body ? body->p : NULL, &answer, &raw, e));
	if (o->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	else
		print(stdout, answer);
	return OK;
}

static enum result store_member(struct order_cli *o, const char *key, const char *store, struct json_writer *w,
                                struct error *e)
{
	char id[ID_TEXT_BYTES];
	if (!store)
		return OK;
	TRY(look_up_store(o->c, store, id, e));
	jw_kcstr(w, key, id);
	return OK;
}

static void text_member(struct json_writer *w, const char *key, const char *value)
{
	if (value)
		jw_kcstr(w, key, value);
}

static void flag_member(struct json_writer *w, const char *key, bool value)
{
	if (value)
		jw_kbool(w, key, true);
}

static enum result run_new(struct order_cli *o, bool quote, struct error *e)
{
	BUF_AUTO struct buf path, body;
	struct json_writer w;
	buf_init(&path, 0);
	buf_init(&body, 0);
	buf_str(&path, o->price ? "/v1/orders/price" : "/v1/orders");
	jw_init(&w, &body);
	jw_object(&w);
	TRY(store_member(o, "store", o->store, &w, e));
	text_member(&w, "customer", o->customer);
	text_member(&w, "channel", o->channel);
	text_member(&w, "number", o->number);
	text_member(&w, "currency", o->currency);
	text_member(&w, "shipping", o->shipping);
	text_member(&w, "detail", o->detail);
	text_member(&w, "policy", o->reprice ? "reprice_kept" : NULL);
	flag_member(&w, "may_wait", o->may_wait);
	flag_member(&w, "on_account", o->on_account);
	flag_member(&w, "tax_included", o->tax_included);
	flag_member(&w, "quote", quote && !o->price);
	TRY(words_items(o->c, &o->words, &w, e));
	TRY(words_discounts(&o->discounts, &w, e));
	TRY(words_pays(&o->pays, &w, e));
	jw_end_object(&w);
	return call(o, "POST", &path, &body, o->price ? print_price : print_done, e);
}

/* Members of a command's body, of those that the verb takes. */
static enum result verb_body(struct order_cli *o, const struct verb *v, struct json_writer *w, struct error *e)
{
	const struct words rest = o->words;
	TRY(store_member(o, "store", o->store, w, e));
	if (!o->price)
		text_member(w, "detail", o->detail);
	if ((v->takes & UNITS) && rest.count)
		TRY(words_units(o->c, &rest, w, e));
	if (v->takes & ITEMS)
		TRY(words_items(o->c, &o->items, w, e));
	if (v->takes & (TERMS | DISCOUNT))
		TRY(words_discounts(&o->discounts, w, e));
	if (v->takes & TERMS)
		text_member(w, "shipping", o->shipping);
	if (v->takes & PAYS)
		TRY(words_pays(&rest, w, e));
	if ((v->takes & PAYABLE) && o->pays.count)
		TRY(words_pays(&o->pays, w, e));
	if (v->takes & TO && o->to)
		TRY(store_member(o, "to", o->to, w, e));
	if (v->takes & WAIT)
		flag_member(w, "may_wait", o->may_wait);
	if (v->takes & ACCOUNT)
		flag_member(w, "on_account", o->on_account);
	if (v->takes & REST && !o->price)
		flag_member(w, "refund_rest", o->refund_rest || ((v->takes & PAYS) && !rest.count));
	if (v->takes & PAYMENT) {
		int64_t n = 0;
		if (rest.count != 1 || !str_to_i64(str_c(rest.word[0]), &n))
			return error_set(e, ERR_INVALID, "word.malformed", "payment", "Which payment? Its number");
		jw_ki64(w, "payment", n);
	}
	return OK;
}

static enum result run_verb(struct order_cli *o, const struct verb *v, struct error *e)
{
	BUF_AUTO struct buf path = { 0 }, body = { 0 };
	struct json_writer w;
	char id[ID_TEXT_BYTES];
	if (!o->words.count)
		return error_set(e, ERR_INVALID, "order.order", "order", "Of which order? byname order %s %s", v->word,
		                 v->says);
	TRY(word_order(o->c, o->words.word[0], id, e));
	memmove(o->words.word, o->words.word + 1, (size_t)--o->words.count * sizeof(*o->words.word));
	if (o->words.count && !(v->takes & (UNITS | PAYS | PAYMENT)))
		return error_set(e, ERR_INVALID, "word.unknown", o->words.word[0], "byname order %s %s", v->word,
		                 v->says);
	bool priced = o->price && !strcmp(v->path, "return");
	buf_init(&path, 0);
	buf_init(&body, 0);
	buf_printf(&path, "/v1/orders/%s/%s%s", id, v->path, priced ? "/price" : "");
	jw_init(&w, &body);
	jw_object(&w);
	o->price = priced;
	TRY(verb_body(o, v, &w, e));
	jw_end_object(&w);
	return call(o, "POST", &path, &body, priced ? print_back : print_done, e);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static void query(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "%c%s=", memchr(path->p, '?', path->n) ? '&' : '?', name);
	client_escape(path, str_c(value));
}

static enum result run_show(struct order_cli *o, struct error *e)
{
	BUF_AUTO struct buf path = { 0 };
	char id[ID_TEXT_BYTES];
	if (o->words.count != 1)
		return error_set(e, ERR_INVALID, "order.order", "order", "Which order? Its number, or ord_…");
	TRY(word_order(o->c, o->words.word[0], id, e));
	buf_init(&path, 0);
	buf_printf(&path, "/v1/orders/%s", id);
	return call(o, "GET", &path, NULL, print_order, e);
}

static enum result run_find(struct order_cli *o, struct error *e)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, "/v1/orders");
	query(&path, "number", o->words.count ? o->words.word[0] : o->number);
	query(&path, "phone", o->phone);
	query(&path, "email", o->email);
	query(&path, "customer", o->customer);
	query(&path, "limit", o->limit);
	return call(o, "GET", &path, NULL, print_orders, e);
}

static enum result run_queue(struct order_cli *o, struct error *e)
{
	BUF_AUTO struct buf path = { 0 };
	char id[ID_TEXT_BYTES];
	const char *store = o->words.count ? o->words.word[0] : o->store;
	if (store)
		TRY(look_up_store(o->c, store, id, e));
	buf_init(&path, 0);
	buf_str(&path, "/v1/queue");
	query(&path, "location", store ? id : NULL);
	query(&path, "limit", o->limit);
	return call(o, "GET", &path, NULL, print_queue, e);
}

static enum result run_list(struct order_cli *o, const char *where, order_print_fn *print, struct error *e)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, where);
	query(&path, "limit", o->limit);
	return call(o, "GET", &path, NULL, print, e);
}

/* ---- The command ------------------------------------------------------------------------------------------------ */

static enum result run(struct order_cli *o, const char *verb, struct error *e)
{
	if (!strcmp(verb, "quote") || !strcmp(verb, "place"))
		return run_new(o, verb[0] == 'q', e);
	if (!strcmp(verb, "show"))
		return run_show(o, e);
	if (!strcmp(verb, "find"))
		return run_find(o, e);
	if (!strcmp(verb, "queue"))
		return run_queue(o, e);
	if (!strcmp(verb, "reviews"))
		return run_list(o, "/v1/order-reviews", print_order_reviews, e);
	if (!strcmp(verb, "parked"))
		return run_list(o, "/v1/parked-returns", print_parked, e);
	for (const struct verb *v = verbs; v->word; v++)
		if (!strcmp(v->word, verb) || !strcmp(v->path, verb))
			return run_verb(o, v, e);
	return error_set(e, ERR_INVALID, "order.command", verb,
	                 "There is no such thing to do; see byname order --help");
}

static int run_order(int argc, char **argv)
{
	static const struct argp argp = { options, option, "VERB [WORDS...]", about, NULL, NULL, NULL };
	struct order_cli *o = mem_calloc(1, sizeof(*o));
	struct error e = { 0 };
	if (!o)
		return EXIT_FAILED;
	o->db = app_db();
	argp_parse(&argp, argc, argv, 0, NULL, o);
	const char *verb = o->words.count ? o->words.word[0] : "";
	if (o->words.count)
		memmove(o->words.word, o->words.word + 1, (size_t)--o->words.count * sizeof(*o->words.word));
	enum result r = *verb ? client_open(o->db, &o->c, &e)
	                      : error_set(&e, ERR_INVALID, "order.command", NULL, "Do what? See byname order --help");
	if (r == OK)
		r = run(o, verb, &e);
	client_close(o->c);
	mem_free(o);
	return r == OK ? EXIT_OK : app_fail(&e);
}

const struct command cmd_order[] = {
	{ "order", "Quote, place and fulfil orders, take them back", run_order },
	{ 0 },
};
