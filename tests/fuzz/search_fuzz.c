/* rooms: people feed db text base */
/* Search takes any text: hits are sorted, distinct, within their limit and scores. */
#include "fuzz/fuzz.h"
#include "people/search_match.h"

#define PEOPLE 500

static struct search *search;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const given[] = { "anna", "bob", "maria", "john", "jurgen", "maryann", "li" };
	static const char *const family[] = { "smith",      "smithson", "muller", "obrien",
		                              "vanderberg", "garcia",   "ek",     "montgomery" };
	static struct doc d;
	struct segment_builder *b = builder_new();
	char email[64], loyalty[32];

	(void)argc, (void)argv;
	HOLD(text_start(NULL) == OK && b && search_new(NULL, NULL, &search, NULL) == OK);
	for (unsigned i = 0; i < PEOPLE; i++) {
		doc_start(&d, ((int64_t)i + 1) << 12);
		doc_name(&d, str_c(given[i % 7]), STR(""), str_c(family[i % 8]));
		doc_postcode(&d, i % 2 ? STR("SW1A 1AA") : STR("8001"));
		snprintf(email, sizeof(email), "p%u@mail.org", i);
		snprintf(loyalty, sizeof(loyalty), "GOLD%u", 100000 + i);
		doc_identifier(&d, IDENT_EMAIL, email);
		doc_identifier(&d, IDENT_LOYALTY, loyalty);
		d.phones[d.phone_count++] = 41443330000ull + i * 7;
		HOLD(builder_add(b, &d));
	}
	search->view->segments[search->view->count++] = builder_finish(b);
	HOLD(search->view->segments[0]);
	atomic_store(&search->ready, true);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct search_hit hits[LIMIT_MAX];
	struct search_query q = { .limit = 10 };
	struct error e;
	int count = 0;

	if (size > 0)
		q.limit = 1 + data[0] % LIMIT_MAX;
	q.text = size > 1 ? (struct str){ (const char *)data + 1, size - 1 } : STR("");
	if (search_find(search, &q, hits, &count, &e) != OK) {
		HOLD(e.result == ERR_INVALID && (q.text.n > 100 || !str_utf8_valid(q.text)));
		return 0;
	}
	HOLD(count >= 0 && count <= q.limit);
	for (int i = 0; i < count; i++) {
		HOLD(hits[i].score >= 0 && hits[i].score <= 1000000);
		HOLD(hits[i].customer > 0 && hits[i].customer <= (int64_t)PEOPLE << 12);
		HOLD(hits[i].field >= SEARCH_NAME && hits[i].field <= SEARCH_POSTCODE);
		HOLD(i == 0 || hits[i - 1].score >= hits[i].score);
		for (int k = 0; k < i; k++)
			HOLD(hits[k].customer != hits[i].customer);
	}
	return 0;
}
