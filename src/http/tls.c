/* TLS: the certificate that is shown to whoever comes, read again while serving. libmicrohttpd's callback is given no
 * context, so that there is one certificate a process. */
#include "http/http_int.h"
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdio.h>

#define PEM_BYTES (64 << 10)
#define CHAIN_MAX 16
#define KEY_ID_BYTES 64

/* A certificate with its chain and key. Those that were replaced stay until the end: a handshake may still use one. */
struct identity {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned count;
	gnutls_privkey_t key;
	struct identity *older;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct identity *newest;
static int listeners;

static enum result broken(struct error *e, const char *path, const char *what)
{
	return error_set(e, ERR_INVALID, "http.tls", NULL, "%s: %s", path, what);
}

static void identity_free(struct identity *t)
{
	for (unsigned i = 0; i < t->count; i++)
		gnutls_pcert_deinit(&t->chain[i]);
	if (t->key)
		gnutls_privkey_deinit(t->key);
	mem_free(t);
}

static enum result pem_read(const char *path, gnutls_datum_t *out, struct error *e)
{
	FILE *f = fopen(path, "re");
	unsigned char *text = f ? mem_alloc(PEM_BYTES) : NULL;
	size_t n = text ? fread(text, 1, PEM_BYTES, f) : 0;
	if (f)
		fclose(f);
	if (n == 0 || n == PEM_BYTES) {
		mem_free(text);
		return broken(e, path, "cannot be read");
	}
	*out = (gnutls_datum_t){ text, (unsigned)n };
	return OK;
}

static void pem_free(gnutls_datum_t *d)
{
	if (d->data)
		explicit_bzero(d->data, d->size);
	mem_free(d->data);
}

/* Whether the key is that of the first certificate. */
static bool key_fits(const struct identity *t)
{
	unsigned char mine[KEY_ID_BYTES], theirs[KEY_ID_BYTES];
	size_t a = sizeof(mine), b = sizeof(theirs);
	gnutls_pubkey_t pub;
	if (gnutls_pubkey_init(&pub) < 0)
		return false;
	bool fits = gnutls_pubkey_import_privkey(pub, t->key, 0, 0) >= 0 &&
	            gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, mine, &a) >= 0 &&
	            gnutls_pubkey_get_key_id(t->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, theirs, &b) >= 0 && a == b &&
	            memcmp(mine, theirs, a) == 0;
	gnutls_pubkey_deinit(pub);
	return fits;
}

static enum result identity_fill(struct identity *t, const char *cert_path, const char *key_path, struct error *e)
{
	__attribute__((cleanup(pem_free))) gnutls_datum_t cert = { 0 }, key = { 0 };
	unsigned count = CHAIN_MAX;
	TRY(pem_read(cert_path, &cert, e));
	TRY(pem_read(key_path, &key, e));
	int rc = gnutls_pcert_list_import_x509_raw(t->chain, &count, &cert, GNUTLS_X509_FMT_PEM, 0);
	if (rc < 0 || count == 0)
		return broken(e, cert_path, rc < 0 ? gnutls_strerror(rc) : "no certificate");
	t->count = count;
	rc = gnutls_privkey_init(&t->key);
	if (rc >= 0)
		rc = gnutls_privkey_import_x509_raw(t->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc < 0)
		return broken(e, key_path, gnutls_strerror(rc));
	return key_fits(t) ? OK : broken(e, key_path, "not the key of that certificate");
}

enum result tls_read(const char *cert_path, const char *key_path, struct error *e)
{
	struct identity *t = mem_calloc(1, sizeof(*t));
	if (!t)
		return error_nomem(e);
	enum result r = identity_fill(t, cert_path, key_path, e);
	if (r != OK) {
		identity_free(t);
		return r;
	}
	pthread_mutex_lock(&lock);
	t->older = newest;
	newest = t;
	pthread_mutex_unlock(&lock);
	return OK;
}

int tls_identity(gnutls_session_t session, const gnutls_datum_t *req_ca_rdn, int nreqs,
                 const gnutls_pk_algorithm_t *pk_algos, int pk_algos_length, gnutls_pcert_st **chain, unsigned *count,
                 gnutls_privkey_t *key)
{
	(void)session, (void)req_ca_rdn, (void)nreqs, (void)pk_algos, (void)pk_algos_length;
	pthread_mutex_lock(&lock);
	struct identity *t = newest;
	pthread_mutex_unlock(&lock);
	if (!t)
		return -1;
	*chain = t->chain;
	*count = t->count;
	*key = t->key;
	return 0;
}

enum result tls_open(const char *cert_path, const char *key_path, struct error *e)
{
	TRY(tls_read(cert_path, key_path, e));
	pthread_mutex_lock(&lock);
	listeners++;
	pthread_mutex_unlock(&lock);
	return OK;
}

void tls_close(void)
{
	pthread_mutex_lock(&lock);
	while (listeners == 1 && newest) {
		struct identity *t = newest;
		newest = t->older;
		identity_free(t);
	}
	listeners--;
	pthread_mutex_unlock(&lock);
}
