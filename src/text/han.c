/* Han characters by ICU's transliterator. It takes a global lock, some microseconds a call and 120 ms for the first
 * one, so each character of the common blocks is asked once and kept: a syllable has at most six letters, and fits
 * eight bytes. */
#include "text/fold.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utrans.h>

#define FIRST_CACHED 0x3400
#define LAST_CACHED 0x9FFF
#define SYLLABLE_BYTES 8
#define NO_SYLLABLE 1 /* asked, and there is none: not a letter, so never the first byte of one */

union syllable {
	uint64_t word;
	char text[SYLLABLE_BYTES];
};

static _Atomic uint64_t cache[LAST_CACHED - FIRST_CACHED + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static UTransliterator *transliterator;

static bool open_transliterator(void)
{
	static const char name[] = "Han-Latin/Names";
	UErrorCode err = U_ZERO_ERROR;
	UChar id[sizeof(name)];

	if (transliterator)
		return true;
	for (size_t i = 0; i < sizeof(name); i++)
		id[i] = (UChar)name[i];
	transliterator = utrans_openU(id, (int32_t)sizeof(name) - 1, UTRANS_FORWARD, NULL, 0, NULL, &err);
	if (U_FAILURE(err))
		transliterator = NULL;
	return transliterator != NULL;
}

/* "wáng" → "wang"; false when there is anything but letters and marks. */
static bool plain_syllable(const UChar *text, int32_t n, union syllable *out)
{
	UErrorCode err = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&err);
	UChar parts[64];
	size_t length = 0;

	n = U_SUCCESS(err) ? unorm2_normalize(nfkd, text, n, parts, 64, &err) : 0;
	if (U_FAILURE(err))
		return false;
	out->word = 0;
	for (int32_t i = 0; i < n; i++) {
		UChar c = parts[i] | 0x20;

		if (u_charType(parts[i]) == U_NON_SPACING_MARK)
			continue;
		if (c < 'a' || c > 'z' || length == SYLLABLE_BYTES - 1)
			return false;
		out->text[length++] = (char)c;
	}
	return length > 0;
}

static bool ask(uint32_t c, union syllable *out)
{
	UErrorCode err = U_ZERO_ERROR;
	UChar text[32];
	int32_t n = 0, limit;
	bool error = false;

	U16_APPEND(text, n, 32, c, error);
	if (error || !open_transliterator())
		return false;
	limit = n;
	utrans_transUChars(transliterator, text, &n, 32, 0, &limit, &err);
	return U_SUCCESS(err) && plain_syllable(text, n, out);
}

const char *fold_han(uint32_t c)
{
	static _Thread_local union syllable answer;
	bool cached = c >= FIRST_CACHED && c <= LAST_CACHED;

	answer.word = cached ? atomic_load_explicit(&cache[c - FIRST_CACHED], memory_order_relaxed) : 0;
	if (answer.word == 0) {
		pthread_mutex_lock(&lock);
		if (!ask(c, &answer)) {
			answer.word = 0;
			answer.text[0] = NO_SYLLABLE;
		}
		pthread_mutex_unlock(&lock);
		if (cached)
			atomic_store_explicit(&cache[c - FIRST_CACHED], answer.word, memory_order_relaxed);
	}
	return answer.text[0] == NO_SYLLABLE ? NULL : answer.text;
}

void fold_han_stop(void)
{
	pthread_mutex_lock(&lock);
	if (transliterator)
		utrans_close(transliterator);
	transliterator = NULL;
	pthread_mutex_unlock(&lock);
}
