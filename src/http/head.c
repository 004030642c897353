/* The header lines that decide where a message ends and whom it is for. libmicrohttpd takes the first of conflicting
 * ones; we refuse (request smuggling). */
#include "http/http_int.h"
#include <strings.h>

static bool name_is(struct str s, const char *name)
{
	return s.n == strlen(name) && !strncasecmp(s.p, name, s.n);
}

static bool value_clean(struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

void head_add(struct head *h, struct str name, struct str value)
{
	h->lines++;
	h->bytes += name.n + value.n + 4;
	if (!value_clean(value))
		h->malformed = true;
	if (name_is(name, "host")) {
		h->hosts++;
		h->host = value;
	} else if (name_is(name, "content-length")) {
		h->lengths++;
		h->length_text = value;
	} else if (name_is(name, "transfer-encoding")) {
		h->encodings++;
		h->encoding = value;
	} else if (name_is(name, "content-type")) {
		h->types++;
		h->type = value;
	} else if (name_is(name, "content-encoding")) {
		h->content_encodings++;
		h->content_encoding = value;
	} else if (name_is(name, "expect")) {
		h->expect = true;
	}
}

static int refuse(struct error *e, int status, const char *code, const char *field, const char *detail)
{
	error_set(e, ERR_INVALID, code, field, "%s", detail);
	return status;
}

static bool host_valid(struct str h)
{
	if (h.n == 0 || h.n > 260)
		return false;
	for (size_t i = 0; i < h.n; i++) {
		char c = h.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && !memchr("-._:[]", c, 6))
			return false;
	}
	return true;
}

static bool length_parse(struct str s, int64_t *out)
{
	if (s.n == 0 || s.n > 18)
		return false;
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

int head_check(struct head *h, bool http11, struct error *e)
{
	h->length = -1;
	if (h->bytes > HTTP_HEAD_BYTES || h->lines > HTTP_HEAD_LINES)
		return refuse(e, 431, "header.too_large", "headers", "The header lines are too many or too long.");
	if (h->malformed)
		return refuse(e, 400, "header.malformed", "headers", "A header line holds a control character.");
	if (h->hosts > 1 || (h->hosts == 0 && http11))
		return refuse(e, 400, "header.host", "Host", "There must be exactly one Host header.");
	if (h->hosts && !host_valid(h->host))
		return refuse(e, 400, "header.host", "Host", "The Host header is not a host name.");
	if (h->lengths > 1)
		return refuse(e, 400, "header.length", "Content-Length",
		              "There is more than one Content-Length header.");
	if (h->lengths && h->encodings)
		return refuse(e, 400, "header.length", "Content-Length",
		              "Content-Length and Transfer-Encoding exclude each other.");
	if (h->lengths && !length_parse(h->length_text, &h->length))
		return refuse(e, 400, "header.length", "Content-Length", "Content-Length is not a whole number.");
	if (h->encodings > 1 || (h->encodings && (!name_is(h->encoding, "chunked") || !http11)))
		return refuse(e, 400, "header.encoding", "Transfer-Encoding", "The only transfer encoding is chunked.");
	if (h->types > 1)
		return refuse(e, 400, "header.type", "Content-Type", "There is more than one Content-Type header.");
	if (h->content_encodings > 1)
		return refuse(e, 400, "header.encoding", "Content-Encoding",
		              "There is more than one Content-Encoding.");
	return 0;
}

/* application/json or …+json; a charset, where given, must be UTF-8. */
bool head_type_is_json(struct str type)
{
	const char *semi = memchr(type.p ? type.p : "", ';', type.n);
	struct str media = str_trim((struct str){ type.p, semi ? (size_t)(semi - type.p) : type.n });
	bool json = name_is(media, "application/json") || (media.n > 17 && !strncasecmp(media.p, "application/", 12) &&
	                                                   !strncasecmp(media.p + media.n - 5, "+json", 5));
	if (!json || !semi)
		return json;
	struct str rest = { semi + 1, type.n - (size_t)(semi + 1 - type.p) }, part;
	while (str_split(&rest, ';', &part)) {
		part = str_trim(part);
		if (part.n < 8 || strncasecmp(part.p, "charset=", 8))
			continue;
		struct str set = { part.p + 8, part.n - 8 };
		if (!name_is(set, "utf-8") && !name_is(set, "\"utf-8\""))
			return false;
	}
	return true;
}
