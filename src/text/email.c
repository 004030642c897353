#include "text/text.h"
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define LONGEST_ADDRESS 254 /* RFC 5321 */
#define LONGEST_LOCAL 64
#define LONGEST_LABEL 63

static enum result malformed(struct error *e, const char *why)
{
	return error_set(e, ERR_INVALID, "email.malformed", NULL, "not an e-mail address: %s", why);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 5322 dot-atom, with RFC 6531's letters. Dots may stand anywhere but first: Japanese carriers gave out a..b@ and
 * a.@. */
static bool local_good(struct str s)
{
	if (s.n == 0 || s.n > LONGEST_LOCAL || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && (unsigned char)s.p[i] < 0x80 &&
		    (!s.p[i] || !strchr("!#$%&'*+-/=?^_`{|}~.", s.p[i])))
			return false;
	return true;
}

static bool label_good(struct str s)
{
	if (s.n == 0 || s.n > LONGEST_LABEL || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

static bool domain_good(struct str s)
{
	struct str rest = s, label = STR("");
	size_t labels = 0, digits = 0;

	for (; str_split(&rest, '.', &label); labels++)
		if (!label_good(label))
			return false;
	for (size_t i = 0; i < label.n; i++)
		digits += label.p[i] >= '0' && label.p[i] <= '9';
	return labels >= 2 && label.n >= 2 && digits < label.n;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* "müller" in any spelling → NFC, lower case. */
static bool local_to_lower(struct str in, char *out, size_t size, size_t *n)
{
	UErrorCode err = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&err);
	UChar a[EMAIL_BYTES], b[EMAIL_BYTES];
	int32_t length = 0;

	u_strFromUTF8(a, EMAIL_BYTES, &length, in.p, (int32_t)in.n, &err);
	length = u_strToLower(b, EMAIL_BYTES, a, U_SUCCESS(err) ? length : 0, "", &err);
	length = U_SUCCESS(err) ? unorm2_normalize(nfc, b, length, a, EMAIL_BYTES, &err) : 0;
	if (U_FAILURE(err))
		return false;
	u_strToUTF8(out, (int32_t)size, &length, a, length, &err);
	*n = (size_t)length;
	return U_SUCCESS(err) && (size_t)length < size;
}

/* "bücher.example" → "xn--bcher-kva.example" */
static bool domain_to_ascii(struct str in, char *out, size_t size, size_t *n)
{
	UErrorCode err = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI, &err);
	int32_t length;

	if (U_FAILURE(err))
		return false;
	length = uidna_nameToASCII_UTF8(idna, in.p, (int32_t)in.n, out, (int32_t)size, &info, &err);
	uidna_close(idna);
	*n = (size_t)length;
	return U_SUCCESS(err) && info.errors == 0 && (size_t)length < size;
}

static bool take(struct str part, bool domain, char *out, size_t size, size_t *n)
{
	if (!is_ascii(part))
		return str_utf8_valid(part) &&
		       (domain ? domain_to_ascii(part, out, size, n) : local_to_lower(part, out, size, n));
	if (part.n >= size)
		return false;
	for (size_t i = 0; i < part.n; i++)
		out[i] = lower(part.p[i]);
	*n = part.n;
	return true;
}

enum result email_normalise(struct str in, char out[EMAIL_BYTES], struct error *e)
{
	char text[EMAIL_BYTES];
	struct str s = str_trim(in), local, domain;
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
	size_t n, m;

	if (s.n > LONGEST_ADDRESS)
		return malformed(e, "too long");
	if (!at)
		return malformed(e, "no @");
	local = (struct str){ s.p, (size_t)(at - s.p) };
	domain = (struct str){ at + 1, s.n - local.n - 1 };
	if (!take(local, false, text, sizeof(text), &n) || !local_good((struct str){ text, n }))
		return malformed(e, "the part before the @");
	text[n++] = '@';
	if (!take(domain, true, text + n, sizeof(text) - n, &m) || !domain_good((struct str){ text + n, m }))
		return malformed(e, "the domain");
	if (n + m > LONGEST_ADDRESS)
		return malformed(e, "too long");
	memcpy(out, text, n + m);
	out[n + m] = '\0';
	return OK;
}

static bool listed(struct str s, const char *list)
{
	struct str rest = str_c(list), part;

	while (str_split(&rest, ' ', &part))
		if (str_eq(part, s))
			return true;
	return false;
}

static bool ends_with(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* "xxx", "aa", "000" */
static bool one_character(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] != s.p[0])
			return false;
	return s.n > 1;
}

bool email_is_generic(struct str address)
{
	const char *at = address.n ? memrchr(address.p, '@', address.n) : NULL;
	struct str local, domain;

	if (!at)
		return true;
	local = (struct str){ address.p, (size_t)(at - address.p) };
	domain = (struct str){ at + 1, address.n - local.n - 1 };
	if (listed(domain, "example.com example.org example.net test.com none.com noemail.com nomail.com no.com na.com "
	                   "email.invalid mailinator.com") ||
	    ends_with(domain, ".example") || ends_with(domain, ".test") || ends_with(domain, ".invalid") ||
	    ends_with(domain, ".localhost") || ends_with(domain, ".local"))
		return true;
	return one_character(local) ||
	       listed(local,
	              "test tests tester testing test1 test123 noreply no-reply no_reply donotreply do-not-reply none "
	              "no "
	              "na n/a nil null nobody unknown noemail no-email no_email nomail notprovided not-provided "
	              "declined refused anonymous anon guest customer client user someone email e-mail mail asdf "
	              "qwerty abc fake dummy sample example info admin sales office contact service support hello "
	              "shop store marketing webmaster postmaster hostmaster abuse root mailer-daemon");
}
