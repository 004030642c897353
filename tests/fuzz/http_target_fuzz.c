/* rooms: http base */
/* A request target, its parameters by a table of every type, and header lines: whatever is taken is clean, and written
 * anew it is the same. The input: a target, then (after a line feed) lines "name: value". */
#include "fuzz/fuzz.h"
#include "http/http_int.h"

static const struct http_param specs[] = {
	{ .name = "id", .type = JF_ID, .min = ID_CUSTOMER },
	{ .name = "n", .type = JF_I64, .min = -5, .max = 1000 },
	{ .name = "b", .type = JF_BOOL },
	{ .name = "t", .type = JF_TIME },
	{ .name = "e", .type = JF_ENUM, .names = "red|green|blue" },
	{ .name = "s", .type = JF_STR, .min = 1, .max = 20 },
	{ .name = "p", .type = JF_STR },
	{ 0 },
};

static void encode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, "%%%02X", (unsigned char)s.p[i]);
}

static void clean(struct str s)
{
	HOLD(str_utf8_valid(s));
	for (size_t i = 0; i < s.n; i++)
		HOLD((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
}

/* Written out with everything encoded it must read as the same. */
static void again(struct arena *a, const struct target *t)
{
	struct target back;
	BUF_AUTO struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < t->segment_count; i++) {
		clean(t->segments[i]);
		buf_char(&out, '/');
		encode(&out, t->segments[i]);
	}
	if (!t->segment_count)
		buf_char(&out, '/');
	for (size_t i = 0; i < t->param_count; i++) {
		clean(t->names[i]);
		clean(t->values[i]);
		buf_char(&out, i ? '&' : '?');
		encode(&out, t->names[i]);
		buf_char(&out, '=');
		encode(&out, t->values[i]);
	}
	HOLD(target_parse(a, buf_view(&out), &back, NULL) == OK);
	HOLD(back.segment_count == t->segment_count && back.param_count == t->param_count);
	for (size_t i = 0; i < t->segment_count; i++)
		HOLD(str_eq(back.segments[i], t->segments[i]));
	for (size_t i = 0; i < t->param_count; i++)
		HOLD(str_eq(back.names[i], t->names[i]) && str_eq(back.values[i], t->values[i]));
}

static void params(const struct target *t)
{
	static const struct http_route route = { .path = "/a/{p}", .params = specs };
	static struct route_entry entry = { .route = &route };
	struct param_value v[HTTP_ROUTE_PARAMS];
	struct error e = { 0 };
	entry.param_count = 7;
	for (int i = 0; i < 7; i++) {
		entry.params[i].spec = &specs[i];
		entry.params[i].segment = i == 6 && t->segment_count ? 0 : -1;
	}
	if (params_read(&entry, t, v, &e) != OK) {
		HOLD(e.result == ERR_INVALID && e.field[0] && str_utf8_valid(str_c(e.field)));
		return;
	}
	HOLD(!v[1].has || (v[1].i >= -5 && v[1].i <= 1000));
	HOLD(!v[4].has || (v[4].i >= 0 && v[4].i <= 2));
	HOLD(!v[5].has || (v[5].text.n >= 1 && v[5].text.n <= 20));
}

static void heads(struct str lines)
{
	struct head h = { 0 };
	struct error e = { 0 };
	struct str line;
	while (str_split(&lines, '\n', &line)) {
		const char *colon = memchr(line.p, ':', line.n);
		if (colon)
			head_add(&h, (struct str){ line.p, (size_t)(colon - line.p) },
			         (struct str){ colon + 1, line.n - (size_t)(colon + 1 - line.p) });
	}
	int status = head_check(&h, true, &e);
	HOLD(status == 0 || ((status == 400 || status == 431) && e.code[0] && e.field[0]));
	if (status == 0)
		HOLD(h.hosts == 1 && h.lengths + h.encodings <= 1 && !h.malformed);
	head_type_is_json(h.type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	const char *end = size ? memchr(data, '\n', size) : NULL;
	struct str raw = { (const char *)data, end ? (size_t)(end - (const char *)data) : size };
	struct target t;
	struct error e = { 0 };
	if (!a || raw.n > HTTP_TARGET_BYTES)
		return 0;
	raw.p = arena_strndup(a, raw.p, raw.n);
	if (target_parse(a, raw, &t, &e) == OK) {
		again(a, &t);
		params(&t);
	} else {
		HOLD(e.result == ERR_INVALID && e.code[0] && e.field[0]);
	}
	if (end)
		heads((struct str){ end + 1, size - raw.n - 1 });
	return 0;
}
