#include "base/json.h"
#include "demo/dirt.h"
#include "demo/world.h"
#include <stdio.h>

static const char *const file_name[SOURCES] = { "till.jsonl", "web.jsonl", "loyalty.jsonl", "callcentre.jsonl",
	                                        "chat.jsonl" };

struct teller {
	struct world *w;
	struct buf line;
	struct json_writer jw;
};

void minor_text(int64_t minor, char out[24])
{
	snprintf(out, 24, "%s%lld.%02lld", minor < 0 ? "-" : "", (long long)(minor < 0 ? -minor : minor) / 100,
	         (long long)(minor < 0 ? -minor : minor) % 100);
}

static void amount(struct json_writer *w, const char *key, int64_t minor)
{
	char text[24];
	minor_text(minor, text);
	jw_key(w, key);
	jw_raw(w, str_c(text));
}

static void text_if(struct json_writer *w, const char *key, const char *s)
{
	if (*s)
		jw_kcstr(w, key, s);
}

/* {"messageId":…,"type":…,"timestamp":…, and who. */
static void begin(struct teller *t, const struct event *ev, size_t n, const char *type, bool user)
{
	char id[32], key[40];
	buf_clear(&t->line);
	jw_init(&t->jw, &t->line);
	jw_object(&t->jw);
	snprintf(id, sizeof(id), "%s-%09zu", source_name[ev->source], n);
	jw_kcstr(&t->jw, "messageId", id);
	jw_kcstr(&t->jw, "type", type);
	jw_ktime(&t->jw, "timestamp", ev->at * USEC);
	const struct rec *rec = &t->w->recs[ev->rec];
	if (user) {
		rec_key(t->w, rec, key);
		jw_kcstr(&t->jw, "userId", key);
	}
	if (ev->source == WEB) {
		device_key(t->w, rec->person, ev->kind == EV_PAGE || ev->kind == EV_VIEW ? ev->ref : 0, key);
		jw_kcstr(&t->jw, "anonymousId", key);
	}
}

/* What a few have told somebody about themselves. */
static void facts(struct json_writer *w, const struct person *p, const struct rec *rec)
{
	static const char *const served[] = { "Likes to look around alone first",
		                              "Don't ask, just show me the navy ones", "In a hurry: have it ready",
		                              "Wants a second opinion", "Prefers to be served in English" };
	static const char *const dislikes[] = { "wool",       "bright colours", "high heels",
		                                "synthetics", "logos",          "perfume in the shop" };
	struct rnd r = rnd_of(rec->seed, 'F', 0);
	int often = rec->source == LOYALTY || rec->source == CALLCENTRE ? 130 : rec->source == TILL ? 50 : 0;
	if (!rnd_chance(&r, often))
		return;
	jw_key(w, "facts");
	jw_object(w);
	if (rnd_chance(&r, 400))
		jw_kcstr(w, "served_how", served[rnd_below(&r, 5)]);
	if (rnd_chance(&r, 500)) {
		char size[SIZE_BYTES];
		size_text(SHOES, (enum gender)p->gender, p->fits[2], size);
		jw_kcstr(w, "size.Shoes", size);
	}
	if (rnd_chance(&r, 500))
		jw_kcstr(w, "likes", colour_name[p->colours[0]]);
	if (rnd_chance(&r, 350))
		jw_kcstr(w, "dislikes", dislikes[rnd_below(&r, 6)]);
	if (p->married_day && rnd_chance(&r, 700)) {
		char day[16];
		int y, m, d;
		date_from_days(p->married_day, &y, &m, &d);
		snprintf(day, sizeof(day), "%02d-%02d", m % 100, d % 100);
		jw_kcstr(w, "milestone.anniversary", day);
	}
	jw_end_object(w);
}

static void identify(struct teller *t, const struct event *ev, size_t n)
{
	struct json_writer *w = &t->jw;
	struct traits x;
	traits_of(t->w, &t->w->recs[ev->rec], (int32_t)(ev->at / 86400), &x);
	begin(t, ev, n, "identify", true);
	jw_key(w, "traits");
	jw_object(w);
	text_if(w, "firstName", x.given);
	text_if(w, "lastName", x.family);
	text_if(w, "email", x.email);
	if (x.email_verified && *x.email)
		jw_kbool(w, "emailVerified", true);
	if (ev->source == WEB) {
		char key[40];
		rec_key(t->w, &t->w->recs[ev->rec], key);
		jw_kcstr(w, "accountId", key);
	}
	text_if(w, "phone", x.phone);
	text_if(w, "birthday", x.birthday);
	text_if(w, "gender", x.gender);
	text_if(w, "language", x.language);
	text_if(w, "loyaltyNumber", x.loyalty);
	if (x.loyalty_verified && *x.loyalty)
		jw_kbool(w, "loyaltyVerified", true);
	jw_key(w, "address");
	jw_object(w);
	text_if(w, "street", x.street);
	text_if(w, "city", x.city);
	text_if(w, "postalCode", x.postcode);
	text_if(w, "country", x.country);
	jw_end_object(w);
	if (x.consent_email >= 0) {
		jw_key(w, "consent");
		jw_object(w);
		jw_kbool(w, "email", x.consent_email);
		if (x.consent_phone >= 0)
			jw_kbool(w, "phone", x.consent_phone);
		jw_end_object(w);
	}
	facts(w, &t->w->people[t->w->recs[ev->rec].person], &t->w->recs[ev->rec]);
	jw_end_object(w);
	t->w->counts.identifies++;
}

static void order_number(const struct world *w, uint32_t order, char out[32])
{
	snprintf(out, 32, "%s-%07u", shops[w->orders[order].store].code, w->order_number[order]);
}

static void place(struct json_writer *w, int store, int associate, const struct world *world)
{
	jw_kcstr(w, "store", shops[store].code);
	if (associate >= 0)
		jw_kcstr(w, "associate", world->associates[associate].code);
	jw_kcstr(w, "channel", store == WEB_STORE ? "web" : store == CALL_STORE ? "phone" : "store");
}

static void product_tell(struct json_writer *w, const struct product *p, int size, bool fully)
{
	char sku[40], text[SIZE_BYTES];
	size_text((enum category)p->category, (enum gender)p->gender, size, text);
	snprintf(sku, sizeof(sku), "%s%s%s", p->code, *text ? "-" : "", text);
	jw_kcstr(w, "product_id", p->code);
	jw_kcstr(w, "sku", sku);
	jw_kcstr(w, "name", p->title);
	if (!fully)
		return;
	jw_kcstr(w, "brand", brand_name[p->brand]);
	jw_kcstr(w, "category", category_spec[p->category].name);
	jw_kcstr(w, "variant", colour_name[p->colour]);
	text_if(w, "size", text);
}

static void line_tell(struct json_writer *w, const struct world *world, const struct basket_line *l)
{
	jw_object(w);
	product_tell(w, &world->products[l->product], l->size, true);
	amount(w, "price", l->price);
	amount(w, "list_price", l->list);
	jw_ki64(w, "quantity", l->quantity);
	if (l->discount)
		amount(w, "discount", l->discount);
	jw_end_object(w);
}

static bool order(struct teller *t, const struct event *ev, size_t n)
{
	struct world *world = t->w;
	struct json_writer *w = &t->jw;
	struct basket b;
	char number[32];
	int64_t discount = 0;
	basket_make(world, &world->people[world->recs[ev->rec].person], (int32_t)(ev->at / 86400), ev->store, ev->seed,
	            &b);
	if (!b.count)
		return false;
	begin(t, ev, n, "track", true);
	jw_kcstr(w, "event", "Order Completed");
	jw_key(w, "properties");
	jw_object(w);
	order_number(world, ev->ref, number);
	jw_kcstr(w, "order_id", number);
	place(w, b.store, b.associate, world);
	jw_kcstr(w, "currency", demo_currency[b.currency]);
	jw_key(w, "products");
	jw_array(w);
	for (int i = 0; i < b.count; i++) {
		line_tell(w, world, &b.line[i]);
		discount += b.line[i].discount;
		world->counts.units += b.line[i].quantity;
	}
	jw_end_array(w);
	amount(w, "subtotal", b.subtotal);
	if (discount)
		amount(w, "discount", discount);
	amount(w, "shipping", b.shipping);
	amount(w, "tax", b.tax);
	amount(w, "total", b.total);
	jw_end_object(w);
	world->counts.orders++;
	world->counts.order_lines += b.count;
	world->counts.sold_minor[b.currency] += b.subtotal;
	return true;
}

/* What comes back of a basket: some lines, some pieces of a line; at least one. */
static int refund_lines(const struct basket *b, uint32_t seed, struct basket_line out[BASKET_MAX])
{
	struct rnd r = rnd_of(seed, 'f', 0);
	int count = 0, sure = (int)rnd_below(&r, (uint32_t)b->count);
	for (int i = 0; i < b->count; i++) {
		if (i != sure && !rnd_chance(&r, 300))
			continue;
		out[count] = b->line[i];
		out[count].quantity = rnd_between(&r, 1, b->line[i].quantity);
		out[count].discount = b->line[i].discount * out[count].quantity / b->line[i].quantity;
		count++;
	}
	return count;
}

static bool refund(struct teller *t, const struct event *ev, size_t n)
{
	struct world *world = t->w;
	struct json_writer *w = &t->jw;
	const struct order_made *o = &world->orders[ev->ref];
	struct basket b;
	struct basket_line back[BASKET_MAX];
	char number[32], return_id[40];
	basket_make(world, &world->people[world->recs[o->rec].person], (int32_t)(o->at / 86400), o->store, o->seed, &b);
	if (!b.count)
		return false;
	int count = refund_lines(&b, ev->seed, back);
	int64_t net = 0;
	begin(t, ev, n, "track", true);
	jw_kcstr(w, "event", "Order Refunded");
	jw_key(w, "properties");
	jw_object(w);
	order_number(world, ev->ref, number);
	jw_kcstr(w, "order_id", number);
	snprintf(return_id, sizeof(return_id), "R-%s", number);
	jw_kcstr(w, "return_id", return_id);
	place(w, ev->store, -1, world);
	jw_kcstr(w, "currency", demo_currency[b.currency]);
	jw_key(w, "products");
	jw_array(w);
	for (int i = 0; i < count; i++) {
		line_tell(w, world, &back[i]);
		net += back[i].price * back[i].quantity - back[i].discount;
	}
	jw_end_array(w);
	int64_t tax = b.subtotal ? b.tax * net / b.subtotal : 0;
	amount(w, "tax", tax);
	amount(w, "total", net + tax);
	jw_end_object(w);
	world->counts.refunds++;
	world->counts.refund_lines += count;
	world->counts.refunded_minor[b.currency] += net;
	return true;
}

/* A look at something that is on offer and that she might like. */
static bool view(struct teller *t, const struct event *ev, size_t n)
{
	struct json_writer *w = &t->jw;
	struct rnd r = rnd_of(ev->seed, 'v', 0);
	bool known = !rnd_chance(&r, 350);
	if (ev->kind == EV_PAGE) {
		const char *name = category_spec[rnd_below(&r, CATEGORIES)].name;
		char path[64], slug[48];
		dirt_ascii(name, slug, sizeof(slug));
		snprintf(path, sizeof(path), "/c/%s", slug);
		begin(t, ev, n, "page", known);
		jw_kcstr(w, "name", name);
		jw_key(w, "properties");
		jw_object(w);
		jw_kcstr(w, "path", path);
		jw_kcstr(w, "title", name);
		jw_end_object(w);
		t->w->counts.pages++;
		return true;
	}
	struct basket b;
	basket_make(t->w, &t->w->people[t->w->recs[ev->rec].person], (int32_t)(ev->at / 86400), WEB_STORE, ev->seed,
	            &b);
	if (!b.count)
		return false;
	begin(t, ev, n, "track", known);
	jw_kcstr(w, "event", "Product Viewed");
	jw_key(w, "properties");
	jw_object(w);
	product_tell(w, &t->w->products[b.line[0].product], b.line[0].size, true);
	amount(w, "price", b.line[0].price);
	jw_kcstr(w, "currency", demo_currency[b.currency]);
	jw_end_object(w);
	t->w->counts.product_views++;
	return true;
}

static void contact(struct teller *t, const struct event *ev, size_t n)
{
	static const struct {
		const char *topic, *summary;
	} talk[] = {
		{ "delivery", "Asked where the parcel is; tracking link sent." },
		{ "size advice", "Unsure between two sizes; advised to take the larger one, shoes run small." },
		{ "return", "Wants to return without the receipt; found the order by name." },
		{ "availability", "Looking for the coat in camel; asked to be told when it is back." },
		{ "care", "How to wash cashmere; care card sent." },
		{ "complaint", "A seam opened after two weeks; offered repair." },
		{ "invoice", "Needs an invoice with the company's name." },
		{ "gift", "Gift for the sister, prefers navy, no wool." },
		{ "appointment", "Would like Saturday morning with the usual associate." },
		{ "loyalty", "Points of the last purchase were missing; added." },
		{ "alteration", "Trousers shortened, asked when they are ready." },
		{ "preference", "Prefers to be written to, not called." },
	};
	struct json_writer *w = &t->jw;
	struct rnd r = rnd_of(ev->seed, 't', 0);
	size_t i = rnd_below(&r, sizeof(talk) / sizeof(talk[0]));
	bool call = ev->kind == EV_CALL;
	begin(t, ev, n, "track", true);
	jw_kcstr(w, "event", call ? "Call Ended" : "Chat Ended");
	jw_key(w, "properties");
	jw_object(w);
	jw_kcstr(w, "channel", call ? "phone" : "chat");
	jw_kcstr(w, "store", shops[CALL_STORE].code);
	jw_kcstr(w, "associate", t->w->associates[shops[CALL_STORE].first_associate + (int)rnd_below(&r, 10)].code);
	jw_kcstr(w, "topic", talk[i].topic);
	jw_kcstr(w, "summary", talk[i].summary);
	jw_ki64(w, "duration", rnd_between(&r, 40, 900));
	if (call)
		jw_kcstr(w, "direction", rnd_chance(&r, 850) ? "inbound" : "outbound");
	jw_end_object(w);
	t->w->counts.calls += call;
	t->w->counts.chats += !call;
}

static void survey(struct teller *t, const struct event *ev, size_t n)
{
	static const char *const good[] = { "Lovely advice, thank you.", "Found exactly what I wanted.",
		                            "They remembered my size!", "" };
	static const char *const bad[] = { "Had to wait too long at the till.", "My size was not there again.",
		                           "Nobody greeted me.", "" };
	struct rnd r = rnd_of(ev->seed, 's', 0);
	int score = rnd_chance(&r, 720) ? rnd_between(&r, 8, 10) : rnd_between(&r, 1, 7);
	begin(t, ev, n, "track", true);
	jw_kcstr(&t->jw, "event", "Survey Answered");
	jw_key(&t->jw, "properties");
	jw_object(&t->jw);
	jw_kcstr(&t->jw, "channel", "survey");
	jw_kcstr(&t->jw, "survey", "after purchase");
	jw_kcstr(&t->jw, "store", shops[ev->store].code);
	jw_ki64(&t->jw, "score", score);
	text_if(&t->jw, "comment", (score >= 8 ? good : bad)[rnd_below(&r, 4)]);
	jw_end_object(&t->jw);
	t->w->counts.surveys++;
}

static void group(struct teller *t, const struct event *ev, size_t n)
{
	const struct household *h = &t->w->households[t->w->people[t->w->recs[ev->rec].person].household];
	char key[24], name[120];
	begin(t, ev, n, "group", true);
	snprintf(key, sizeof(key), "F-%06d", 100000 + (int)(h - t->w->households));
	snprintf(name, sizeof(name), "%s", t->w->people[h->first].family.latin);
	jw_kcstr(&t->jw, "groupId", key);
	jw_key(&t->jw, "traits");
	jw_object(&t->jw);
	jw_kcstr(&t->jw, "name", name);
	jw_end_object(&t->jw);
	t->w->counts.groups++;
}

/* The new card takes the place of the old one. */
static bool alias(struct teller *t, const struct event *ev, size_t n)
{
	const struct person *p = &t->w->people[t->w->recs[ev->rec].person];
	for (int32_t i = p->record; i < ev->rec; i++) {
		if (t->w->recs[i].source != LOYALTY)
			continue;
		char old[40];
		rec_key(t->w, &t->w->recs[i], old);
		begin(t, ev, n, "alias", true);
		jw_kcstr(&t->jw, "previousId", old);
		t->w->counts.aliases++;
		return true;
	}
	return false;
}

/* Each of a few ways in which a line is no use. */
static void broken(struct teller *t, const struct event *ev, size_t n)
{
	struct json_writer *w = &t->jw;
	t->w->counts.broken++;
	if (ev->seed % 4 == 3) { /* cut off in the middle */
		begin(t, ev, n, "track", true);
		buf_str(&t->line, ",\"event\":\"Order Comp");
		return;
	}
	begin(t, ev, n, "track", ev->seed % 4 != 0 || ev->source == WEB);
	jw_kcstr(w, "event", "Order Completed");
	jw_key(w, "properties");
	jw_object(w);
	if (ev->seed % 4 != 1)
		jw_kcstr(w, "order_id", "TEST");
	jw_kcstr(w, "currency", ev->seed % 4 == 2 ? "EURO" : "EUR");
	jw_key(w, "products");
	jw_array(w);
	jw_object(w);
	jw_kcstr(w, "sku", "P10001-M");
	jw_ki64(w, "quantity", 1);
	jw_kcstr(w, "price", "ten");
	jw_end_object(w);
	jw_end_array(w);
	jw_end_object(w);
	jw_end_object(w);
}

static bool tell(struct teller *t, const struct event *ev, size_t n)
{
	switch ((enum event_kind)ev->kind) {
	case EV_IDENTIFY:
		identify(t, ev, n);
		return true;
	case EV_GROUP:
		group(t, ev, n);
		return true;
	case EV_ALIAS:
		return alias(t, ev, n);
	case EV_ORDER:
		return order(t, ev, n);
	case EV_REFUND:
		return refund(t, ev, n);
	case EV_PAGE:
	case EV_VIEW:
		return view(t, ev, n);
	case EV_CALL:
	case EV_CHAT:
		contact(t, ev, n);
		return true;
	case EV_SURVEY:
		survey(t, ev, n);
		return true;
	case EV_BROKEN:
		break;
	}
	return false;
}

static enum result tell_all(struct teller *t, demo_emit_fn *emit, void *ctx, struct error *e)
{
	for (size_t i = 0; i < t->w->event_count; i++) {
		const struct event *ev = &t->w->events[i];
		if (ev->kind == EV_BROKEN)
			broken(t, ev, i);
		else if (tell(t, ev, i))
			jw_end_object(&t->jw);
		else
			continue;
		if (t->line.failed)
			return error_nomem(e);
		for (int again = 0; again <= ev->again; again++) {
			TRY(emit(ctx, file_name[ev->source], buf_view(&t->line), e));
			t->w->counts.lines++;
			t->w->counts.resent += again;
		}
	}
	return OK;
}

enum result events_emit(struct world *w, demo_emit_fn *emit, void *ctx, struct error *e)
{
	struct teller t = { .w = w };
	buf_init(&t.line, 1 << 20);
	enum result r = tell_all(&t, emit, ctx, e);
	buf_free(&t.line);
	return r;
}
