/* rooms: money base */
/* Amounts and decimals from text: what is read is written and read again; rounding or not gives the same where nothing
 * is cut. */
#include "fuzz/fuzz.h"
#include "money/money.h"

static void amounts(struct str s, const char *code, char mark)
{
	struct money exact, rounded, back;
	char text[MONEY_TEXT_BYTES];
	int16_t currency;
	bool ok;

	HOLD(currency_find(str_c(code), &currency));
	exact = rounded = money_of_minor(currency, 12345);
	ok = money_parse(s, currency, mark, false, &exact, NULL) == OK;
	if (!ok)
		HOLD(money_minor(exact) == 12345);
	if (money_parse(s, currency, mark, true, &rounded, NULL) != OK) {
		HOLD(!ok && money_minor(rounded) == 12345);
		return;
	}
	HOLD(!ok || money_cmp(exact, rounded) == 0);
	money_format(text, rounded);
	HOLD(money_parse(str_c(text), currency, '.', false, &back, NULL) == OK && money_cmp(back, rounded) == 0);
	money_display(text, rounded);
	HOLD(money_parse(str_c(text), currency, '.', false, &back, NULL) == OK && money_cmp(back, rounded) == 0);
}

static void decimals(struct str s, char mark)
{
	struct decimal d, back;
	char text[MONEY_TEXT_BYTES];

	if (decimal_parse(s, mark, &d, NULL) != OK)
		return;
	decimal_format(text, d);
	HOLD(decimal_parse(str_c(text), '.', &back, NULL) == OK && decimal_micro(back) == decimal_micro(d));
}

/* Weights from the bytes. */
static void allocation(const uint8_t *data, size_t size)
{
	enum { MOST = 16 };
	struct money total, parts[MOST], sum = money_none();
	int64_t weights[MOST], minor = 0;
	size_t count = 0;
	int16_t currency;

	HOLD(currency_find(STR("EUR"), &currency));
	if (size < 9)
		return;
	memcpy(&minor, data, 8);
	data += 8;
	size -= 8;
	for (; count < MOST && size >= 8; count++, data += 8, size -= 8)
		memcpy(&weights[count], data, 8);
	if (count == 0)
		return;
	total = money_of_minor(currency, minor);
	HOLD(money_allocate(total, weights, count, parts, NULL) == OK);
	for (size_t i = 0; i < count; i++)
		HOLD(money_add(sum, parts[i], &sum, NULL) == OK);
	HOLD(money_minor(sum) == minor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };

	amounts(s, "EUR", '.');
	amounts(s, "EUR", ',');
	amounts(s, "JPY", '.');
	amounts(s, "KWD", '.');
	decimals(s, '.');
	decimals(s, ',');
	allocation(data, size);
	return 0;
}
