/* rooms: text base */
/* Folding is idempotent and clean; similarity, names, streets, postcodes, e-mails and phones take any bytes. */
#include "fuzz/fuzz.h"
#include "text/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	HOLD(text_start(NULL) == OK);
	return 0;
}

static void fold(struct str s, char out[TEXT_FOLD_BYTES])
{
	char again[TEXT_FOLD_BYTES];
	size_t n = text_fold(s, out);

	HOLD(n <= TEXT_FOLD_MAX && strlen(out) == n && str_utf8_valid(str_c(out)));
	for (size_t i = 0; i < n; i++)
		HOLD((unsigned char)out[i] >= 0x80 || (out[i] >= 'a' && out[i] <= 'z') ||
		     (out[i] >= '0' && out[i] <= '9') || (out[i] == ' ' && i > 0 && i < n - 1 && out[i - 1] != ' '));
	HOLD(text_fold(str_c(out), again) == n && strcmp(again, out) == 0);
}

static void similar(struct str s)
{
	struct str a = { s.p, s.n / 2 }, b = { s.p + s.n / 2, s.n - s.n / 2 };
	double d = text_jaro_winkler(a, b);
	int edits = text_osa_distance(a, b, 1000);
	char key[9];

	HOLD(d >= 0 && d <= 1.0000001);
	HOLD(edits == text_osa_distance(b, a, 1000));
	HOLD(text_osa_distance(a, b, 2) == (edits > 2 ? 3 : edits));
	text_phonetic(s, key);
	HOLD(strlen(key) <= 8);
}

static void names(struct str s)
{
	struct name_parts n;
	bool valid = str_utf8_valid(s);

	name_split(s, &n);
	if (valid)
		HOLD(str_utf8_valid(str_c(n.given)) && str_utf8_valid(str_c(n.middle)) &&
		     str_utf8_valid(str_c(n.family)) && str_utf8_valid(str_c(n.prefix)) &&
		     str_utf8_valid(str_c(n.suffix)));
}

static void contacts(struct str s)
{
	char email[EMAIL_BYTES], again[EMAIL_BYTES], phone[PHONE_BYTES], same[PHONE_BYTES];

	if (email_normalise(s, email, NULL) == OK) {
		HOLD(str_utf8_valid(str_c(email)));
		HOLD(email_normalise(str_c(email), again, NULL) == OK && strcmp(email, again) == 0);
		(void)email_is_generic(str_c(email));
	}
	(void)email_is_generic(s);
	(void)phone_is_generic(s);
	if (phone_normalise(s, s.n % 2 ? "US" : "CH", phone, NULL) == OK) {
		HOLD(phone[0] == '+');
		HOLD(phone_normalise(str_c(phone), "", same, NULL) == OK && strcmp(phone, same) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	char out[TEXT_FOLD_BYTES], again[TEXT_FOLD_BYTES], code[POSTCODE_BYTES];

	fold(s, out);
	similar(s);
	names(s);
	contacts(s);
	HOLD(street_fold(s, out) == strlen(out));
	street_fold(str_c(out), again);
	postcode_normalise(s, code);
	return 0;
}
