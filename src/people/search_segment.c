/* Segments: look-up, death, digest. */
#include "people/search_segment.h"
#include "base/hash.h"
#include <stdio.h>

struct segment *segment_ref(struct segment *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

static void keyset_free(struct keyset *k)
{
	mem_free(k->blob);
	mem_free(k->at);
	mem_free(k->slot);
}

void segment_unref(struct segment *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	dict_free(&s->dict);
	keyset_free(&s->emails);
	keyset_free(&s->loyalties);
	mem_free(s->customer);
	mem_free((void *)s->standing);
	mem_free((void *)s->dead);
	mem_free(s->posting_at);
	mem_free(s->posting);
	mem_free(s->forward_at);
	mem_free(s->forward);
	mem_free(s->phone);
	mem_free(s->phone_back);
	mem_free(s->phone_slot);
	mem_free(s->phone_back_slot);
	mem_free(s->letters);
	mem_free(s);
}

bool segment_find(const struct segment *s, int64_t customer, uint32_t *slot)
{
	uint32_t lo = 0, hi = s->count;
	uint64_t key = customer_order(customer);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (customer_order(s->customer[mid]) < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	*slot = lo;
	return lo < s->count && s->customer[lo] == customer;
}

void segment_kill(struct segment *s, uint32_t slot)
{
	uint64_t bit = 1ull << (slot % 64);

	if (!(atomic_fetch_or(&s->dead[slot / 64], bit) & bit))
		atomic_fetch_add(&s->dead_count, 1);
}

int segment_tokens(const struct segment *s, uint32_t slot, uint32_t out[DOC_TOKENS_MAX])
{
	const uint8_t *p = s->forward + s->forward_at[slot], *end = s->forward + s->forward_at[slot + 1];
	uint32_t token = 0;
	int n = 0;

	while (p < end && n < DOC_TOKENS_MAX) {
		uint32_t v = 0;
		int shift = 0;

		do {
			v |= (uint32_t)(*p & 0x7f) << shift;
			shift += 7;
		} while (*p++ & 0x80);
		token += v;
		out[n++] = token;
	}
	return n;
}

/* ---- Digest: a sum over (customer, field, value), so that the order and the cut into segments do not matter. ----- */

static void digest_add(uint64_t sum[2], int64_t customer, char field, const char *value, size_t n)
{
	unsigned char h[HASH128_BYTES];
	uint64_t words[2];
	char head[32];

	snprintf(head, sizeof(head), "%c%lld", field, (long long)customer);
	hash128(h, (const struct str[]){ str_c(head), { value, n } }, 2);
	memcpy(words, h, sizeof(words));
	sum[0] += words[0];
	sum[1] += words[1];
}

static void keyset_digest(const struct segment *s, const struct keyset *k, char field, uint64_t sum[2])
{
	for (uint32_t i = 0; i < k->count; i++)
		if (!slot_dead(s, k->slot[i]))
			digest_add(sum, s->customer[k->slot[i]], field, k->blob + k->at[i], strlen(k->blob + k->at[i]));
}

void segment_digest(const struct segment *s, uint64_t sum[2])
{
	uint32_t tokens[DOC_TOKENS_MAX];
	size_t n;

	for (uint32_t slot = 0; slot < s->count; slot++) {
		int count = slot_dead(s, slot) ? 0 : segment_tokens(s, slot, tokens);

		for (int i = 0; i < count; i++) {
			const char *text = dict_token(&s->dict, tokens[i], &n);

			digest_add(sum, s->customer[slot], 't', text, n);
		}
	}
	for (uint32_t i = 0; i < s->phone_count; i++) {
		char text[24];

		if (slot_dead(s, s->phone_slot[i]))
			continue;
		n = (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)phone_number(s->phone[i]));
		digest_add(sum, s->customer[s->phone_slot[i]], 'p', text, n);
	}
	keyset_digest(s, &s->emails, 'e', sum);
	keyset_digest(s, &s->loyalties, 'l', sum);
}
