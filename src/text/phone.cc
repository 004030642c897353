// The shim over libphonenumber: nothing that it throws gets out.
#include <cstring>
#include <new>
#include <string>
#include <phonenumbers/phonenumberutil.h>

extern "C" {
#include "text/fold.h"
}

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace
{

const size_t longest_input = 64; // the library's cost grows with the square of the length

enum result malformed(struct error *e)
{
	return error_set(e, ERR_INVALID, "phone.malformed", nullptr, "not a phone number");
}

bool region_of(const char *country, std::string *region)
{
	if (!country || !*country) {
		*region = "ZZ";
		return true;
	}
	if (strlen(country) != 2)
		return false;
	for (int i = 0; i < 2; i++) {
		char c = country[i];
		if (c >= 'a' && c <= 'z')
			c = static_cast<char>(c - 'a' + 'A');
		if (c < 'A' || c > 'Z')
			return false;
		region->push_back(c);
	}
	return true;
}

enum result normalise(struct str in, const char *country, char *out, struct error *e)
{
	const PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
	PhoneNumber number;
	std::string region, text;

	if (!region_of(country, &region))
		return error_set(e, ERR_INVALID, "phone.country", nullptr, "not a country's two letters");
	if (util->Parse(std::string(in.p, in.n), region, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
		return malformed(e);
	if (!util->IsPossibleNumber(number))
		return malformed(e);
	util->Format(number, PhoneNumberUtil::E164, &text);
	if (text.size() < 4 || text.size() >= PHONE_BYTES || text[0] != '+')
		return malformed(e);
	memcpy(out, text.c_str(), text.size() + 1);
	return OK;
}

} // namespace

extern "C" bool phone_start(void)
{
	try {
		return PhoneNumberUtil::GetInstance() != nullptr;
	} catch (...) {
		return false;
	}
}

extern "C" enum result phone_normalise(struct str in, const char *country, char out[PHONE_BYTES], struct error *e)
{
	in = str_trim(in);
	if (in.n == 0 || in.n > longest_input || !str_utf8_valid(in))
		return malformed(e);
	try {
		return normalise(in, country, out, e);
	} catch (const std::bad_alloc &) {
		return error_nomem(e);
	} catch (...) {
		return error_set(e, ERR_INTERNAL, "phone.library", nullptr, "the phone number library failed");
	}
}
