package token

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"strings"
	"testing"
)

// A token in which one bit is changed, or one character is removed or duplicated, is not valid.
func TestEveryMutationIsRefused(t *testing.T) {
	t.Parallel()
	f, c := newForger(t), newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	v := verifier(t, setOf(member(t, f.pubSet, 0), c.public()))
	for alg, good := range map[string]string{
		"EdDSA": f.with(nil, nil),
		"ES256": c.encode(t, object{"alg": "ES256", "typ": "at+jwt", "kid": "curve"}.text(), payload().text()),
	} {
		if _, err := v.Verify(good); err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		refuse := func(token, how string, at int) {
			if got, err := v.Verify(token); !errors.Is(err, ErrInvalid) || got != (Claims{}) {
				t.Errorf("%s, character %d %s: got %+v, %v", alg, at, how, got, err)
			}
		}
		for at := range len(good) {
			for bit := range 8 {
				changed := []byte(good)
				changed[at] ^= 1 << bit
				refuse(string(changed), "changed", at)
			}
			refuse(good[:at]+good[at+1:], "lost", at)
			refuse(good[:at+1]+good[at:], "doubled", at)
			refuse(good[:at], "and all that follow lost", at)
		}
	}
}

// A signature covers the header as it was sent, so white space and another order of its members are no part of it.
func TestAnotherTextOfTheHeaderIsRefused(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	v, good := f.verifier(t), f.with(nil, nil)
	encoded, rest, _ := strings.Cut(good, ".")
	header, err := b64.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(string(header), "{"), "}")
	first, others, _ := strings.Cut(inner, ",")
	for _, text := range []string{
		string(header) + "\r", " " + string(header), "{ " + inner + "}", "{" + others + "," + first + "}",
	} {
		if _, err := v.Verify(b64.EncodeToString([]byte(text)) + "." + rest); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := v.Verify(good); err != nil {
		t.Error(err)
	}
}

// The key is fixed, so that the inputs that the fuzzer has stored stay useful.
func FuzzVerify(f *testing.F) {
	private := ed25519.NewKeyFromSeed([]byte("thirty-two bytes that are public"))
	known := forger{private: private, kid: "known"}
	known.pubSet = setOf(object{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "known", "x": b64.EncodeToString(known.publicKey()),
	})
	v := known.verifier(f)
	good := map[string]bool{
		known.with(nil, nil): true,
		known.with(object{"typ": "JWT"}, object{"aud": []string{public}}): true,
	}
	for token := range good {
		f.Add(token, "", 0)
		f.Add(token, "A", len(token)-1)
	}
	f.Add("", "0", strings.Index(known.with(nil, nil), "."))
	f.Add(known.with(nil, object{"exp": 1}), "", 0)
	f.Add(known.with(object{"crit": []string{"exp"}}, nil), "\"", 9)
	f.Fuzz(func(t *testing.T, token, piece string, at int) {
		try := []string{token}
		for base := range good {
			// A text is inserted into a valid token, and replaces a part of it.
			i := int(uint(at) % uint(len(base)+1))
			try = append(try, base[:i]+piece+base[i:], base[:i]+piece+base[min(i+len(piece), len(base)):])
		}
		for _, candidate := range try {
			got, err := v.Verify(candidate)
			switch {
			case good[candidate] && (got != ann || err != nil):
				t.Errorf("the valid token: got %+v, %v", got, err)
			case !good[candidate] && (!errors.Is(err, ErrInvalid) || got != Claims{}):
				t.Errorf("%q: got %+v, %v, want ErrInvalid", candidate, got, err)
			}
		}
	})
}
