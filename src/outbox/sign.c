/* Secrets and signatures, by the Standard Webhooks specification, on libsodium. */
#include "outbox/room.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(crypto_auth_hmacsha256_BYTES == 32, "HMAC-SHA256");
_Static_assert(SECRET_SEALED_BYTES >=
                       1 + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + 8 + OUTBOX_SECRET_BYTES,
               "a sealed secret fits");

enum { STORED_PLAIN = 0, STORED_SEALED = 1 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct outbox_config configured;

static void init(void)
{
	if (sodium_init() < 0)
		abort(); /* no random numbers: no secret */
}

void outbox_configure(const struct outbox_config *config)
{
	configured = *config;
}

const struct outbox_config *outbox_configured(void)
{
	return &configured;
}

void outbox_key_derive(unsigned char key[32], struct str text)
{
	static const unsigned char domain[crypto_generichash_KEYBYTES] = "byname.outbox.secret";
	pthread_once(&once, init);
	crypto_generichash(key, 32, (const unsigned char *)text.p, text.n, domain, sizeof(domain));
}

/* ---- Secrets ------------------------------------------------------------------------------------------------------
 */

void secret_new(unsigned char secret[OUTBOX_SECRET_BYTES])
{
	pthread_once(&once, init);
	randombytes_buf(secret, OUTBOX_SECRET_BYTES);
}

void secret_text(char out[OUTBOX_SECRET_TEXT], const unsigned char secret[OUTBOX_SECRET_BYTES])
{
	memcpy(out, "whsec_", 6);
	sodium_bin2base64(out + 6, OUTBOX_SECRET_TEXT - 6, secret, OUTBOX_SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL);
}

void secret_forget(void *p, size_t n)
{
	sodium_memzero(p, n);
}

/* What is sealed: the endpoint's id and the secret, so that one endpoint's cannot be put in another's place. */
struct sealed {
	int64_t endpoint;
	unsigned char secret[OUTBOX_SECRET_BYTES];
};

struct str secret_seal(const unsigned char secret[OUTBOX_SECRET_BYTES], int64_t endpoint,
                       unsigned char out[SECRET_SEALED_BYTES])
{
	struct sealed in = { .endpoint = endpoint };
	unsigned char *nonce = out + 1, *box = nonce + crypto_secretbox_NONCEBYTES;
	pthread_once(&once, init);
	if (!configured.has_key) {
		out[0] = STORED_PLAIN;
		memcpy(out + 1, secret, OUTBOX_SECRET_BYTES);
		return (struct str){ (const char *)out, 1 + OUTBOX_SECRET_BYTES };
	}
	memcpy(in.secret, secret, sizeof(in.secret));
	out[0] = STORED_SEALED;
	randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(box, (const unsigned char *)&in, sizeof(in), nonce, configured.key);
	sodium_memzero(&in, sizeof(in));
	return (struct str){ (const char *)out,
		             1 + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + sizeof(in) };
}

bool secret_open(struct str stored, int64_t endpoint, unsigned char out[OUTBOX_SECRET_BYTES])
{
	struct sealed in;
	const unsigned char *p = (const unsigned char *)stored.p;
	const size_t head = 1 + crypto_secretbox_NONCEBYTES;
	if (stored.n == 1 + OUTBOX_SECRET_BYTES && p[0] == STORED_PLAIN) {
		memcpy(out, p + 1, OUTBOX_SECRET_BYTES);
		return true;
	}
	if (!configured.has_key || stored.n != head + crypto_secretbox_MACBYTES + sizeof(in) || p[0] != STORED_SEALED ||
	    crypto_secretbox_open_easy((unsigned char *)&in, p + head, stored.n - head, p + 1, configured.key) != 0)
		return false;
	bool ours = in.endpoint == endpoint;
	if (ours)
		memcpy(out, in.secret, OUTBOX_SECRET_BYTES);
	sodium_memzero(&in, sizeof(in));
	return ours;
}

/* ---- Signatures ---------------------------------------------------------------------------------------------------
 */

void signature_make(char out[SIGNATURE_TEXT], const unsigned char secret[OUTBOX_SECRET_BYTES], const char *id,
                    int64_t timestamp_s, struct str body)
{
	crypto_auth_hmacsha256_state st;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char head[WEBHOOK_ID_BYTES + 32];
	int n = snprintf(head, sizeof(head), "%s.%lld.", id, (long long)timestamp_s);
	crypto_auth_hmacsha256_init(&st, secret, OUTBOX_SECRET_BYTES);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)head, (size_t)n);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)body.p, body.n);
	crypto_auth_hmacsha256_final(&st, mac);
	memcpy(out, "v1,", 3);
	sodium_bin2base64(out + 3, SIGNATURE_TEXT - 3, mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(&st, sizeof(st));
}

void message_id(char out[WEBHOOK_ID_BYTES], struct str event)
{
	memcpy(out, "msg_", 4);
	hex_encode(out + 4, (const unsigned char *)event.p, event.n < EVENT_BYTES ? event.n : EVENT_BYTES);
}
