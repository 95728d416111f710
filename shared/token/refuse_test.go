package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	f, other := newForger(t), newForger(t)
	v := f.verifier(t)
	good := f.with(nil, nil)
	if c, err := v.Verify(good); c != ann || err != nil {
		t.Fatalf("the valid token: %+v, %v", c, err)
	}
	parts := strings.Split(good, ".")
	header, claims := f.header().text(), payload().text()
	now := noon.Unix()

	// duplicate adds a duplicate of a member at the end of a JSON object.
	duplicate := func(o, text string) string { return strings.TrimSuffix(o, "}") + "," + text + "}" }
	hs256 := func(secret []byte, alg string) string {
		signed := b64.EncodeToString([]byte(f.header().but(object{"alg": alg}).text())) + "." + parts[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + b64.EncodeToString(mac.Sum(nil))
	}
	unsigned := func(alg string) string {
		return b64.EncodeToString([]byte(f.header().but(object{"alg": alg}).text())) + "." + parts[1] + "."
	}
	lastBit := func(s string) string { // the same bytes spelled otherwise: the last character has unused bits
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		return s[:len(s)-1] + string(alphabet[strings.IndexByte(alphabet, s[len(s)-1])+1])
	}

	for name, c := range map[string]struct{ token, why string }{
		"nothing":               {"", "three parts"},
		"plain words":           {"let me in", "three parts"},
		"two parts":             {parts[0] + "." + parts[1], "three parts"},
		"four parts":            {good + ".", "three parts"},
		"five parts, as a JWE":  {good + ".a.b", "three parts"},
		"dots alone":            {"..", "header"},
		"trailing garbage":      {good + "!", "base64url"},
		"trailing characters":   {good + "AAAA", "length"},
		"a trailing line break": {good + "\n", "base64url"},
		"leading space":         {" " + good, "base64url"},
		"trailing space":        {good + " ", "base64url"},
		"a line break inside": {
			parts[0] + "." + parts[1][:8] + "\r\n" + parts[1][8:] + "." + parts[2], "base64url",
		},
		"padding": {good + "==", "base64url"},
		"padded claims": {
			parts[0] + "." + base64.URLEncoding.EncodeToString([]byte(claims+" ")) + "=." + parts[2], "base64url",
		},
		"the other base64 alphabet":     {parts[0] + "." + parts[1] + "." + "+/" + parts[2][2:], "base64url"},
		"a signature spelled otherwise": {lastBit(good), "base64url"},
		"too long":                      {f.with(nil, object{"more": strings.Repeat("a", MaxLength)}), "too long"},
		"JSON, flattened": {
			`{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
			"three parts",
		},
		"JSON, general": {
			`{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] +
				`"}]}`,
			"three parts",
		},
		"JSON with two dots": {
			`{"payload":"` + parts[1] + `","a":"..","signature":"` + parts[2] + `"}`, "base64url",
		},
		"alg none":                   {unsigned("none"), "alg"},
		"alg None":                   {unsigned("None"), "alg"},
		"alg none, signed":           {f.with(object{"alg": "none"}, nil), "alg"},
		"HS256 with the public key":  {hs256(f.publicKey(), "HS256"), "alg"},
		"HS256 with the public JWK":  {hs256([]byte(f.pubSet), "HS256"), "alg"},
		"an HMAC with alg EdDSA":     {hs256(f.publicKey(), "EdDSA"), "length"},
		"alg ES256 for an EdDSA key": {f.with(object{"alg": "ES256"}, nil), "alg"},
		"alg in another case":        {f.with(object{"alg": "eddsa"}, nil), "alg"},
		"no alg":                     {f.with(object{"alg": nil}, nil), "alg"},
		"no kid":                     {f.with(object{"kid": nil}, nil), "kid"},
		"another kid":                {f.with(object{"kid": "other"}, nil), "kid"},
		"another's key and kid":      {other.with(nil, nil), "kid"},
		"another's key, our kid":     {other.with(object{"kid": f.kid}, nil), "signature"},
		"another's key in the header": {other.with(object{"kid": f.kid,
			"jwk": object{"kty": "OKP", "crv": "Ed25519", "x": b64.EncodeToString(other.publicKey())}}, nil),
			"signature"},
		"no typ":               {f.with(object{"typ": nil}, nil), "typ"},
		"another typ":          {f.with(object{"typ": "logout+jwt"}, nil), "typ"},
		"crit":                 {f.with(object{"crit": []string{"exp"}, "exp": 1}, nil), "extension"},
		"empty crit":           {f.with(object{"crit": []string{}}, nil), "extension"},
		"crit null":            {f.encode(duplicate(header, `"crit":null`), claims), "extension"},
		"b64 false":            {f.with(object{"b64": false, "crit": []string{"b64"}}, nil), "extension"},
		"b64 without crit":     {f.with(object{"b64": false}, nil), "extension"},
		"duplicate alg":        {f.encode(duplicate(header, `"alg":"EdDSA"`), claims), "header"},
		"duplicate kid":        {f.encode(duplicate(header, `"kid":"other"`), claims), "header"},
		"duplicate unknown":    {f.encode(duplicate(header, `"a":1,"a":2`), claims), "header"},
		"header not an object": {f.encode(`"EdDSA"`, claims), "header"},
		"header in other case": {f.encode(strings.Replace(header, `"alg"`, `"ALG"`, 1), claims), "alg"},
		"header with a tail":   {f.encode(header+"{}", claims), "header"},
		"header not UTF-8":     {f.encode(duplicate(header, "\"a\":\"\xff\""), claims), "header"},
		"kid a number":         {f.with(object{"kid": 1}, nil), "header"},
		"claims changed": {
			parts[0] + "." + b64.EncodeToString([]byte(payload().but(object{"sub": "43"}).text())) + "." + parts[2],
			"signature",
		},
		"header changed": {
			b64.EncodeToString([]byte(f.header().but(object{"typ": "JWT"}).text())) + "." + parts[1] + "." + parts[2],
			"signature",
		},
		"signature of zeros": {
			parts[0] + "." + parts[1] + "." + b64.EncodeToString(make([]byte, 64)), "signature",
		},
		"signature cut short":  {parts[0] + "." + parts[1] + "." + b64.EncodeToString(make([]byte, 63)), "length"},
		"no signature":         {parts[0] + "." + parts[1] + ".", "length"},
		"claims not an object": {f.encode(header, `[]`), "malformed"},
		"claims empty":         {f.encode(header, ``), "malformed"},
		"claims {}":            {f.encode(header, `{}`), "issuer"},
		"claims with a tail":   {f.encode(header, claims+"x"), "malformed"},
		"duplicate sub":        {f.encode(header, duplicate(claims, `"sub":"43"`)), "malformed"},
		"duplicate exp":        {f.encode(header, duplicate(claims, `"exp":9999999999`)), "malformed"},
		"nested duplicate":     {f.encode(header, duplicate(claims, `"a":{"b":1,"b":2}`)), "malformed"},
		"claim in other case":  {f.encode(header, strings.Replace(claims, `"sub"`, `"SUB"`, 1)), "sub"},
		"no iss":               {f.with(nil, object{"iss": nil}), "issuer"},
		"no aud":               {f.with(nil, object{"aud": nil}), "audience"},
		"no sub":               {f.with(nil, object{"sub": nil}), "sub"},
		"no iat":               {f.with(nil, object{"iat": nil}), "iat"},
		"no exp":               {f.with(nil, object{"exp": nil}), "exp"},
		"no jti":               {f.with(nil, object{"jti": nil}), "jti"},
		"no sid":               {f.with(nil, object{"sid": nil}), "sid"},
		"exp null": {
			f.encode(header, strings.Replace(claims, `"exp":1800000300`, `"exp":null`, 1)), "exp",
		},
		"another iss":          {f.with(nil, object{"iss": "minifb2"}), "issuer"},
		"iss a list":           {f.with(nil, object{"iss": []string{issuer}}), "malformed"},
		"another aud":          {f.with(nil, object{"aud": "minifb"}), "audience"},
		"aud in another case":  {f.with(nil, object{"aud": "MINIFB-API"}), "audience"},
		"aud an empty list":    {f.with(nil, object{"aud": []string{}}), "audience"},
		"aud a list of others": {f.with(nil, object{"aud": []string{"a", "b"}}), "audience"},
		"aud a mixed list":     {f.with(nil, object{"aud": []any{public, 1}}), "malformed"},
		"aud an object":        {f.with(nil, object{"aud": object{}}), "malformed"},
		"expired this second":  {f.with(nil, object{"iat": now - 300, "exp": now}), "expired"},
		"expired long ago":     {f.with(nil, object{"iat": now - 9300, "exp": now - 9000}), "expired"},
		"issued in the future": {f.with(nil, object{"iat": now + 6, "exp": now + 60}), "future"},
		"a second too long":    {f.with(nil, object{"exp": now + 301}), "too long"},
		"longer than 64 bits":  {f.with(nil, object{"iat": int64(-1 << 63), "exp": int64(1<<63 - 1)}), "too long"},
		"exp before iat":       {f.with(nil, object{"iat": now + 5, "exp": now + 4}), "not positive"},
		"exp equal to iat":     {f.with(nil, object{"iat": now + 3, "exp": now + 3}), "not positive"},
		"not valid yet":        {f.with(nil, object{"nbf": now + 6}), "yet"},
		"exp a string":         {f.with(nil, object{"exp": "1800000300"}), "malformed"},
		"exp a fraction":       {f.with(nil, object{"exp": float64(now) + 1.5}), "malformed"},
		"exp too large": {
			f.encode(header, strings.Replace(claims, `"exp":1800000300`, `"exp":1e999`, 1)), "malformed",
		},
		"sub a number":             {f.with(nil, object{"sub": 42}), "malformed"},
		"sub zero":                 {f.with(nil, object{"sub": "0"}), "sub"},
		"sub negative":             {f.with(nil, object{"sub": "-42"}), "sub"},
		"sub signed":               {f.with(nil, object{"sub": "+42"}), "sub"},
		"sub with a leading zero":  {f.with(nil, object{"sub": "042"}), "sub"},
		"sub with a space":         {f.with(nil, object{"sub": "42 "}), "sub"},
		"sub in other digits":      {f.with(nil, object{"sub": "４２"}), "sub"},
		"sub with underscores":     {f.with(nil, object{"sub": "4_2"}), "sub"},
		"sub of more than 64 bits": {f.with(nil, object{"sub": "9223372036854775808"}), "sub"},
		"sub a name":               {f.with(nil, object{"sub": "ann.1"}), "sub"},
		"empty sid":                {f.with(nil, object{"sid": ""}), "sid"},
		"sid not a UUID":           {f.with(nil, object{"sid": "current"}), "sid"},
		"sid in upper case":        {f.with(nil, object{"sid": strings.ToUpper(session)}), "sid"},
		"sid in braces":            {f.with(nil, object{"sid": "{" + session + "}"}), "sid"},
		"sid without dashes":       {f.with(nil, object{"sid": strings.ReplaceAll(session, "-", "")}), "sid"},
		"sid with a dash too far":  {f.with(nil, object{"sid": "6f1c2b7e0-9aa-4c1d-8e55-0123456789ab"}), "sid"},
		"sid not hexadecimal":      {f.with(nil, object{"sid": "g" + session[1:]}), "sid"},
	} {
		got, err := v.Verify(c.token)
		if !errors.Is(err, ErrInvalid) || got != (Claims{}) {
			t.Errorf("%s: got %+v, %v, want ErrInvalid", name, got, err)
			continue
		}
		if reason := strings.TrimPrefix(err.Error(), ErrInvalid.Error()); !strings.Contains(reason, c.why) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, c.why)
		}
		if errors.Is(err, ErrExpired) != (c.why == "expired") {
			t.Errorf("%s: the error is %v", name, err)
		}
		for _, part := range strings.FieldsFunc(c.token, func(r rune) bool { return r == '.' }) {
			if len(part) > 9 && strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error holds a part of the token: %v", name, err)
			}
		}
	}
}

func TestAcceptedVariants(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	v, now := f.verifier(t), noon.Unix()
	for name, c := range map[string]struct{ header, claims object }{
		"typ JWT":                  {header: object{"typ": "JWT"}},
		"typ in another case":      {header: object{"typ": "AT+JWT"}},
		"unknown header member":    {header: object{"x-note": "hello"}},
		"aud a list with ours":     {claims: object{"aud": []string{"another", public}}},
		"aud a list of ours":       {claims: object{"aud": []string{public}}},
		"unknown claim":            {claims: object{"scope": "all", "a": object{"b": []int{1}}}},
		"nbf now":                  {claims: object{"nbf": now}},
		"nbf within the leeway":    {claims: object{"nbf": now + 5}},
		"iat within the leeway":    {claims: object{"iat": now + 5, "exp": now + 305}},
		"in its last second":       {claims: object{"iat": now - 299, "exp": now + 1}},
		"shorter than the longest": {claims: object{"exp": now + 1}},
	} {
		if got, err := v.Verify(f.with(c.header, c.claims)); got != ann || err != nil {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	most := Claims{UserUID: 1<<63 - 1, SessionID: session}
	if got, err := v.Verify(f.with(nil, object{"sub": "9223372036854775807"})); got != most || err != nil {
		t.Errorf("the largest uid: got %+v, %v", got, err)
	}
}

// A token of MaxLength bytes is accepted, one of MaxLength+1 is not.
func TestLength(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	v := f.verifier(t)
	reached := 0
	for fill := range MaxLength {
		token := f.with(nil, object{"a": strings.Repeat("a", fill)})
		if len(token) > MaxLength+1 {
			break
		}
		if len(token) < MaxLength-1 {
			continue
		}
		_, err := v.Verify(token)
		if (err == nil) != (len(token) <= MaxLength) {
			t.Errorf("%d bytes: %v", len(token), err)
		}
		reached++
	}
	if reached < 2 {
		t.Errorf("only %d tokens are near the limit", reached)
	}
}
