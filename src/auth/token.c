/*
 * Access and refresh tokens: JWS compact serialization with HS256, the only
 * algorithm offered.  libjwt makes them.  It does not check them: what it lets
 * pass (other HMAC sizes, crit, duplicate names, times that are no integers)
 * would have to be found out beside it anyway, and it parses before it
 * verifies.  Here nothing but the header is parsed before the signature holds.
 */
#include "auth/auth.h"
#include "auth/auth_priv.h"

#include <stdlib.h>
#include <string.h>

#include <jwt.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "conf/conf.h"

/* header.payload.signature */
struct parts {
	struct str header, payload, signature;
	struct str input; /* header.payload */
};

/* the caller learns only that it is not valid */
static int
refuse(struct err *err, const char *why)
{
	err_world(err, ERR_TOKEN_INVALID, "token: %s", why);
	return -1;
}

bool
token_signature_ok(
    struct str alg, struct str key, struct str input, struct str signature)
{
	unsigned char mac[SHA256_BYTES];

	if (!str_eq_c(alg, "HS256") || key.len < KEY_BYTES_MIN ||
	    signature.len != sizeof(mac))
		return false;
	hmac_sha256(key, input, mac);
	return bytes_equal(mac, signature.p, sizeof(mac));
}

static int
split_token(struct str token, struct parts *p)
{
	struct str rest = token;

	if (!str_cut(&rest, '.', &p->header) ||
	    !str_cut(&rest, '.', &p->payload) ||
	    !str_cut(&rest, '.', &p->signature) || rest.p != NULL)
		return -1;
	p->input = str_sub(token, 0, p->header.len + 1 + p->payload.len);
	return 0;
}

/* text as a JSON object, or NULL */
static const struct json *
read_object(struct arena *a, struct str text)
{
	struct err dropped;
	struct json *j;

	err_init(&dropped, NULL);
	j = json_parse(a, text, &dropped);
	return j != NULL && j->kind == JSON_OBJECT ? j : NULL;
}

/* the text of a member that is a string; STR_NONE otherwise */
static struct str
get_text(const struct json *object, const char *name)
{
	const struct json *j = json_get(object, str_from(name));

	return j != NULL && j->kind == JSON_STRING ? j->text : STR_NONE;
}

static bool
has(const struct json *object, const char *name)
{
	return json_get(object, str_from(name)) != NULL;
}

/* an integer as it is written, without fraction and exponent */
static int
get_time(const struct json *object, const char *name, int64_t *out)
{
	const struct json *j = json_get(object, str_from(name));

	if (j == NULL || j->kind != JSON_NUMBER || str_i64(j->src, out) != 0)
		return -1;
	return *out >= 0 ? 0 : -1;
}

/* RFC 7515 section 4: jku, jwk, x5u and x5c are not even looked at */
static int
check_header(const struct json *h, struct str *alg, struct err *err)
{
	*alg = get_text(h, "alg");
	if (!str_eq_c(*alg, "HS256"))
		return refuse(err, "alg is not HS256");
	if (has(h, "typ") && !str_eq_c(get_text(h, "typ"), "JWT"))
		return refuse(err, "typ is not JWT");
	if (has(h, "crit") || has(h, "zip") || has(h, "b64"))
		return refuse(err, "the header asks for an extension");
	return 0;
}

static int
check_signature(const struct keys *keys, const struct json *header,
    struct str alg, struct str input, struct str signature, struct err *err)
{
	struct str kid = get_text(header, "kid");
	bool any = !has(header, "kid");

	for (size_t i = 0; i < keys->n; i++) {
		const struct key *k = &keys->v[i];

		if ((any || (kid.p != NULL && str_eq(kid, k->id))) &&
		    token_signature_ok(alg, k->secret, input, signature))
			return 0;
	}
	return refuse(err, "no key of ours made the signature");
}

static bool
names_issuer(struct str iss, const char *ours)
{
	return iss.p != NULL && str_eq(iss, str_from(ours));
}

/* RFC 7519 section 4.1.3: one text or an array of texts */
static bool
names_audience(const struct json *aud, struct str ours)
{
	if (aud == NULL)
		return false;
	if (aud->kind == JSON_STRING)
		return str_eq(aud->text, ours);
	if (aud->kind != JSON_ARRAY)
		return false;
	for (const struct json *j = aud->child; j != NULL; j = j->next) {
		if (j->kind == JSON_STRING && str_eq(j->text, ours))
			return true;
	}
	return false;
}

static int
read_times(
    const struct json *payload, struct claims *c, int64_t *nbf, struct err *err)
{
	*nbf = 0;
	c->end = 0;
	if (get_time(payload, "exp", &c->exp) != 0 ||
	    get_time(payload, "iat", &c->iat) != 0 ||
	    (has(payload, "nbf") && get_time(payload, "nbf", nbf) != 0) ||
	    (has(payload, "end") && get_time(payload, "end", &c->end) != 0))
		return refuse(err, "exp, iat, nbf or end is no time");
	return 0;
}

static int
judge_times(const struct claims *c, int64_t nbf, int64_t now, int64_t leeway,
    struct err *err)
{
	if (now - leeway >= c->exp)
		return refuse(err, "it has expired");
	if (c->iat > now + leeway || nbf > now + leeway)
		return refuse(err, "it is not valid yet");
	return 0;
}

/* lower case with hyphens: the form in which we write them */
static bool
is_uuid(struct str s)
{
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
			return false;
		}
	}
	return true;
}

/* decimal digits without a leading zero: one text for one user */
static int
read_sub(struct str text, int64_t *id)
{
	if (text.len == 0 || text.p[0] < '1' || text.p[0] > '9')
		return -1;
	return str_i64(text, id);
}

static int
check_names(const struct json *payload, const struct conf *conf,
    const char *want_type, struct claims *c, struct err *err)
{
	c->type = get_text(payload, "token_type");
	c->sid = get_text(payload, "sid");
	c->jti = get_text(payload, "jti");
	if (!str_eq_c(c->type, want_type))
		return refuse(err, "token_type is another");
	if (!names_issuer(get_text(payload, "iss"), conf->jwt_issuer))
		return refuse(err, "iss is another");
	if (!names_audience(
		json_get(payload, STR("aud")), str_from(conf->jwt_audience)))
		return refuse(err, "aud is another");
	if (read_sub(get_text(payload, "sub"), &c->sub) != 0)
		return refuse(err, "sub is no user id");
	if (!is_uuid(c->sid) || c->jti.len == 0 || c->jti.len > JTI_MAX)
		return refuse(err, "sid or jti is malformed");
	return 0;
}

int
token_open(struct arena *a, const struct keys *keys, struct str token,
    struct str *payload, struct err *err)
{
	const struct json *header;
	struct str text, alg, signature;
	struct parts p;

	if (split_token(token, &p) != 0)
		return refuse(err, "it has not three parts");
	if (base64url_decode(a, p.header, &text) != 0 ||
	    base64url_decode(a, p.payload, payload) != 0 ||
	    base64url_decode(a, p.signature, &signature) != 0)
		return refuse(err, "a part is no base64url");
	header = read_object(a, text);
	if (header == NULL)
		return refuse(err, "the header is no JSON object");
	if (check_header(header, &alg, err) != 0)
		return -1;
	return check_signature(keys, header, alg, p.input, signature, err);
}

static bool
is_verified(const struct verified *v, const struct conf *conf, struct str token)
{
	return v->used && v->iss == conf->jwt_issuer &&
	       v->aud == conf->jwt_audience && v->len == token.len &&
	       bytes_equal(v->text, token.p, token.len);
}

static void
remember(const struct keys *keys, struct verified *v, struct str token,
    const struct conf *conf, const struct claims *c, int64_t nbf)
{
	if (token.len > VERIFIED_TEXT)
		return;
	if (v->text == NULL)
		v->text = arena_alloc(keys->arena, VERIFIED_TEXT);
	memcpy(v->text, token.p, token.len);
	v->len = token.len;
	v->iss = conf->jwt_issuer;
	v->aud = conf->jwt_audience;
	v->sub = c->sub;
	v->iat = c->iat;
	v->nbf = nbf;
	v->exp = c->exp;
	v->end = c->end;
	memcpy(v->sid, c->sid.p, c->sid.len);
	v->sid[c->sid.len] = '\0';
	memcpy(v->jti, c->jti.p, c->jti.len);
	v->jti[c->jti.len] = '\0';
	v->used = true;
}

static void
recall(struct arena *a, const struct verified *v, struct claims *c)
{
	*c = (struct claims){.sub = v->sub,
	    .iat = v->iat,
	    .exp = v->exp,
	    .end = v->end,
	    .sid = str_dup(a, str_from(v->sid)),
	    .jti = str_dup(a, str_from(v->jti)),
	    .type = STR("access")};
}

static int
read_claims(struct arena *a, const struct keys *keys, const struct conf *conf,
    struct str token, const char *want_type, struct claims *c, int64_t *nbf,
    struct err *err)
{
	const struct json *payload;
	struct str text;

	if (token_open(a, keys, token, &text, err) != 0)
		return -1;
	payload = read_object(a, text);
	if (payload == NULL)
		return refuse(err, "the payload is no JSON object");
	if (read_times(payload, c, nbf, err) != 0)
		return -1;
	return check_names(payload, conf, want_type, c, err);
}

int
token_verify(struct arena *a, struct keys *keys, const struct conf *conf,
    struct str token, const char *want_type, int64_t now_s, struct claims *c,
    struct err *err)
{
	struct verified *v = &keys->verified[str_hash(token) % VERIFIED_MAX];
	int64_t nbf;

	if (token.len > (size_t)conf->token_max)
		return err_set(err, ERR_HEADERS_TOO_LARGE,
		    "A token may have %lld bytes.", (long long)conf->token_max);
	if (strcmp(want_type, "access") == 0 && is_verified(v, conf, token)) {
		recall(a, v, c);
		return judge_times(
		    c, v->nbf, now_s, conf->jwt_leeway / 1000, err);
	}
	if (read_claims(a, keys, conf, token, want_type, c, &nbf, err) != 0 ||
	    judge_times(c, nbf, now_s, conf->jwt_leeway / 1000, err) != 0)
		return -1;
	if (strcmp(want_type, "access") == 0)
		remember(keys, v, token, conf, c, nbf);
	return 0;
}

/* a text that is configured as empty is NULL */
static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static bool
add_claims(struct arena *a, jwt_t *jwt, const struct conf *conf,
    const struct claims *c)
{
	char *sub = arena_printf(a, "%lld", (long long)c->sub);

	return jwt_add_grant(jwt, "iss", or_empty(conf->jwt_issuer)) == 0 &&
	       jwt_add_grant(jwt, "aud", or_empty(conf->jwt_audience)) == 0 &&
	       jwt_add_grant(jwt, "sub", sub) == 0 &&
	       jwt_add_grant(jwt, "sid", str_c(a, c->sid)) == 0 &&
	       jwt_add_grant(jwt, "jti", str_c(a, c->jti)) == 0 &&
	       jwt_add_grant(jwt, "token_type", str_c(a, c->type)) == 0 &&
	       jwt_add_grant_int(jwt, "iat", c->iat) == 0 &&
	       jwt_add_grant_int(jwt, "exp", c->exp) == 0 &&
	       (c->end == 0 || jwt_add_grant_int(jwt, "end", c->end) == 0);
}

char *
token_mint(struct arena *a, const struct keys *keys, const struct conf *conf,
    const struct claims *c)
{
	const struct key *key = &keys->v[0];
	jwt_t *jwt = NULL;
	char *text = NULL, *token;

	/* libjwt fails for want of memory only */
	if (jwt_new(&jwt) == 0 && add_claims(a, jwt, conf, c) &&
	    jwt_add_header(jwt, "kid", key->id.p) == 0 &&
	    jwt_set_alg(jwt, JWT_ALG_HS256,
		(const unsigned char *)key->secret.p,
		(int)key->secret.len) == 0)
		text = jwt_encode_str(jwt);
	if (text == NULL)
		log_fatal("token", "libjwt could not make a token");
	token = arena_strdup(a, text);
	free(text);
	jwt_free(jwt);
	return token;
}
