package contract

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

var base64URL = base64.RawURLEncoding

// A parsed token has the parts of a JWT.
type parsed struct {
	header, claims    map[string]any
	signed, signature string
}

func parse(t *check.T, token string) parsed {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Failf("an access token of three parts", "%d", len(parts))
	}
	p := parsed{signed: parts[0] + "." + parts[1]}
	for i, into := range []*map[string]any{&p.header, &p.claims} {
		text, err := base64URL.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Failf("an access token of JSON in base64url", "%v", err)
		}
	}
	signature, err := base64URL.DecodeString(parts[2])
	if err != nil {
		t.Failf("a signature in base64url", "%v", err)
	}
	p.signature = string(signature)
	return p
}

// published returns the public key of a token from the JWK set.
func published(t *check.T, keyID any) map[string]any {
	r := get(t, nil, "/.well-known/jwks.json")
	r.Rule("GET /.well-known/jwks.json is a JWK set of public keys only.")
	r.Is(keySetShape)
	keys, _ := r.Get("keys").([]any)
	for _, k := range keys {
		jwk, _ := k.(map[string]any)
		for _, private := range []string{"d", "k", "p", "q"} {
			if jwk[private] != nil {
				r.Failf("no private key", "a member %s", private)
			}
		}
		if jwk["kid"] == keyID {
			return jwk
		}
	}
	r.Failf("the key of the tokens", "none has the kid %v", keyID)
	return nil
}

// verifies reports whether a key made the signature of a token.
func (p parsed) verifies(t *check.T, jwk map[string]any) bool {
	number := func(name string) []byte {
		text, _ := jwk[name].(string)
		bytes, err := base64URL.DecodeString(text)
		if err != nil {
			t.Failf("a key in base64url", "%v", err)
		}
		return bytes
	}
	if jwk["kty"] == "OKP" {
		x := number("x")
		return len(x) == ed25519.PublicKeySize && ed25519.Verify(x, []byte(p.signed), []byte(p.signature))
	}
	if len(p.signature) != 64 {
		return false
	}
	point := append(append([]byte{4}, number("x")...), number("y")...) // in SEC 1's uncompressed form
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Failf("a key on P-256", "%v", err)
	}
	sum := sha256.Sum256([]byte(p.signed))
	r, s := new(big.Int).SetBytes([]byte(p.signature[:32])), new(big.Int).SetBytes([]byte(p.signature[32:]))
	return ecdsa.Verify(key, sum[:], r, s)
}

func tokenCases() []check.Case {
	var all list
	const form = "Access tokens are JWTs by EdDSA or ES256, of 5 minutes, with iss, aud, sub, iat, exp, jti and sid."
	all.add("token/signature", form, func(t *check.T) {
		p := parse(t, t.Borrow().Access)
		if alg := p.header["alg"]; alg != "EdDSA" && alg != "ES256" {
			t.Failf("alg EdDSA or ES256", "%v", alg)
		}
		if !p.verifies(t, published(t, p.header["kid"])) {
			t.Failf("a signature by the published key", "another")
		}
	})
	all.add("token/claims", form, func(t *check.T) {
		u := t.Borrow()
		first, second := parse(t, u.Access), parse(t, another(t, u).Access)
		for _, name := range []string{"iss", "aud", "sub", "iat", "exp", "jti", "sid"} {
			if first.claims[name] == nil {
				t.Failf("a claim "+name, "none")
			}
		}
		issued, _ := first.claims["iat"].(float64)
		expires, _ := first.claims["exp"].(float64)
		check.Equal(t, "seconds", expires-issued, 300)
		for _, name := range []string{"jti", "sid"} {
			if first.claims[name] == second.claims[name] {
				t.Failf("another "+name+" for each", "the same")
			}
		}
		check.Equal(t, "sub", first.claims["sub"], second.claims["sub"])
		check.Equal(t, "sid", first.claims["sid"], any(sessionID(t, u)))
	})
	for name, forge := range forgeries {
		all.add("token/"+name, "A bad token is 401, by every function.", func(t *check.T) {
			u := t.Borrow()
			token := forge(t, u)
			for _, do := range everyFunction {
				isBadToken(t.Send(check.Request{Do: do, Header: []string{"Authorization: " + token}}))
			}
			get(t, u, "/user")
		})
	}
	all.add("token/twice", "Two Authorization headers are no token.", func(t *check.T) {
		u := t.Borrow()
		r := t.Send(check.Request{Do: "GET /user", As: u, Header: bearer("bad")})
		if r.Status != http.StatusBadRequest { // a proxy may refuse it so
			r.Want(http.StatusUnauthorized)
		}
	})
	return all
}

// encodeParts returns an unsigned token with changed claims or header.
func (p parsed) encodeParts() string {
	header, _ := json.Marshal(p.header) //nolint:errchkjson // it was decoded from JSON
	claims, _ := json.Marshal(p.claims) //nolint:errchkjson // likewise
	return base64URL.EncodeToString(header) + "." + base64URL.EncodeToString(claims)
}

// forgeries make the value of Authorization from a user's valid token.
var forgeries = map[string]func(*check.T, *check.User) string{
	"no scheme":     func(_ *check.T, u *check.User) string { return u.Access },
	"Basic":         func(_ *check.T, u *check.User) string { return "Basic " + u.Access },
	"Token":         func(_ *check.T, u *check.User) string { return "Token " + u.Access },
	"only a scheme": func(*check.T, *check.User) string { return "Bearer" },
	"two parts": func(_ *check.T, u *check.User) string {
		return "Bearer " + u.Access[:strings.LastIndex(u.Access, ".")]
	},
	"four parts": func(_ *check.T, u *check.User) string { return "Bearer " + u.Access + ".x" },
	"a blank in it": func(_ *check.T,
		u *check.User) string {
		return "Bearer " + u.Access[:20] + " " + u.Access[20:]
	},
	"text after it":   func(_ *check.T, u *check.User) string { return "Bearer " + u.Access + " x" },
	"a refresh token": func(_ *check.T, u *check.User) string { return "Bearer " + u.Refresh },
	"an altered signature": func(_ *check.T, u *check.User) string {
		last := strings.LastIndex(u.Access, ".") + 1
		letter := "A"
		if u.Access[last:last+1] == letter {
			letter = "B"
		}
		return "Bearer " + u.Access[:last] + letter + u.Access[last+1:]
	},
	"no signature": func(_ *check.T, u *check.User) string {
		return "Bearer " + u.Access[:strings.LastIndex(u.Access, ".")+1]
	},
	"another user": func(t *check.T, u *check.User) string {
		p, other := parse(t, u.Access), parse(t, t.Borrow().Access)
		p.claims["sub"] = other.claims["sub"]
		return "Bearer " + p.encodeParts() + "." + base64URL.EncodeToString([]byte(p.signature))
	},
	"a later end": func(t *check.T, u *check.User) string {
		p := parse(t, u.Access)
		p.claims["exp"] = 4102444800
		return "Bearer " + p.encodeParts() + "." + base64URL.EncodeToString([]byte(p.signature))
	},
	"another signature": func(t *check.T, u *check.User) string {
		p, other := parse(t, u.Access), parse(t, t.Borrow().Access)
		return "Bearer " + p.signed + "." + base64URL.EncodeToString([]byte(other.signature))
	},
	"alg none": func(t *check.T, u *check.User) string {
		p := parse(t, u.Access)
		p.header["alg"] = "none"
		return "Bearer " + p.encodeParts() + "."
	},
	"alg HS256 with the public key": func(t *check.T, u *check.User) string {
		p := parse(t, u.Access)
		jwk := published(t, p.header["kid"])
		x, _ := jwk["x"].(string)
		secret, _ := base64URL.DecodeString(x)
		p.header["alg"] = "HS256"
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(p.encodeParts()))
		return "Bearer " + p.encodeParts() + "." + base64URL.EncodeToString(mac.Sum(nil))
	},
	"a key of its own": func(t *check.T, u *check.User) string {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Failf("a key", "%v", err)
		}
		p := parse(t, u.Access)
		p.header["alg"] = "EdDSA"
		p.header["jwk"] = map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64URL.EncodeToString(public)}
		signature, err := private.Sign(nil, []byte(p.encodeParts()), crypto.Hash(0))
		if err != nil {
			t.Failf("a signature", "%v", err)
		}
		return "Bearer " + p.encodeParts() + "." + base64URL.EncodeToString(signature)
	},
}
