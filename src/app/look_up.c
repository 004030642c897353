#include "app/look_up.h"

#include <stdio.h>
#include <strings.h>

static void id_take(char id[ID_TEXT_BYTES], const struct json *v, const char *member)
{
	snprintf(id, ID_TEXT_BYTES, "%.*s", STR_ARG(json_str(json_get(v, member))));
}

static bool says(const struct json *v, const char *member, const char *word)
{
	struct str s = json_str(json_get(v, member));
	return s.n == strlen(word) && !strncasecmp(s.p, word, s.n);
}

enum result look_up_store(struct client *c, const char *word, char id[ID_TEXT_BYTES], struct error *e)
{
	static const char *const by[] = { "id", "code", "name" };
	JSON_AUTO struct json *answer = NULL;
	TRY(client_call(c, "GET", "/v1/stores", NULL, &answer, NULL, e));
	const struct json *items = json_get(answer, "items");
	for (size_t k = 0; k < sizeof(by) / sizeof(*by); k++)
		for (size_t i = 0; i < json_count(items); i++)
			if (says(json_at(items, i), by[k], word)) {
				id_take(id, json_at(items, i), "id");
				return OK;
			}
	return error_set(e, ERR_NOT_FOUND, "store.unknown", "store", "There is no store \"%s\".", word);
}

enum result look_up_sku(struct client *c, const char *word, char id[ID_TEXT_BYTES], char product[ID_TEXT_BYTES],
                        struct error *e)
{
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf path;
	int64_t n;
	buf_init(&path, 0);
	if (id_parse(str_c(word), ID_SKU, &n)) {
		buf_printf(&path, "/v1/skus/%s", word);
		TRY(client_call(c, "GET", path.p, NULL, &answer, NULL, e));
		id_take(id, answer, "id");
		if (product)
			id_take(product, answer, "product");
		return OK;
	}
	buf_str(&path, "/v1/skus?limit=2&q=");
	client_escape(&path, str_c(word));
	TRY(client_call(c, "GET", path.p, NULL, &answer, NULL, e));
	const struct json *items = json_get(answer, "items"), *first = json_at(items, 0);
	if (!json_count(items))
		return error_set(e, ERR_NOT_FOUND, "sku.unknown", "sku", "There is no SKU \"%s\".", word);
	/* A code or a barcode stands first, whatever else has these words. */
	bool exact = says(first, "code", word) || says(first, "barcode", word);
	if (json_count(items) > 1 && !exact)
		return error_set(e, ERR_CONFLICT, "sku.many", "sku",
		                 "Several SKUs are like \"%s\": %.*s, %.*s, … Name one by its code.", word,
		                 STR_ARG(json_str(json_get(first, "code"))),
		                 STR_ARG(json_str(json_get(json_at(items, 1), "code"))));
	id_take(id, first, "id");
	if (product)
		id_take(product, first, "product");
	return OK;
}
