package password

import (
	"strings"
	"testing"

	"minifb/shared/apperror"
)

// vectors were made by Werkzeug 2.2.2. The last two are also published for PBKDF2-HMAC-SHA256.
var vectors = []struct{ plain, stored string }{
	{
		"correct horse",
		"pbkdf2:sha256:600000$JxLq2KaZUti3Fxvq$4bcf71abbf55fce7658cb67eb07947228c2a3aaafc5ed72366d42a27b80f7164",
	},
	{
		"비밀번호 열 글자 이상",
		"pbkdf2:sha256:260000$LFViMXqr36NeUacM$817e75f1b4238ec7a2c8172408eac60c2f4c282b031f5ea31fcf7f4890bfcbb9",
	},
	{"비밀번호 열 글자 이상", "pbkdf2:sha256:5000$한글소금$cf0dd8f634d865db803e29edb328d389b211f73cbe1dc4a406d977e181102393"},
	{
		"👩‍👩‍👧‍👦 family 😀",
		"pbkdf2:sha256:1000$PQHj2k4Twp0FfLHB$273b1023a425b442f7f350c1b130fad674cd8243d55e79b76f1d220cede370ff",
	},
	{"👩‍👩‍👧‍👦 family 😀", "pbkdf2:sha256:1$a$c413636fbca080f3a2971a49714e636cf107c97737696703459d775b23f1c5f4"},
	{
		strings.Repeat("x", 100),
		"pbkdf2:sha256:1000$7KOtosMOBUb3IW$c2294ff80d2f5724c3c5ead84941994bea4424395d1ba056e59fc37153d38f8a",
	},
	{"password", "pbkdf2:sha256:4096$salt$c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"},
	{
		"passwordPASSWORDpassword",
		"pbkdf2:sha256:4096$saltSALTsaltSALTsaltSALTsaltSALTsalt$" +
			"348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1",
	},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	h := New(1000)
	for _, v := range vectors {
		ok, needsRehash, err := h.Verify(t.Context(), Requester{}, v.stored, v.plain)
		if !ok || needsRehash == strings.Contains(v.stored, ":1000$") || err != nil {
			t.Errorf("%s: %t, needs rehash %t, %v", v.stored, ok, needsRehash, err)
		}
		if ok, _, err := h.Verify(t.Context(), Requester{}, v.stored, v.plain+"x"); ok || err != nil {
			t.Errorf("%s with a wrong password: %t, %v", v.stored, ok, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	sum := "c413636fbca080f3a2971a49714e636cf107c97737696703459d775b23f1c5f4"
	h := New(1)
	for name, stored := range map[string]string{
		"a space alone":        " ",
		"no method":            "1$a$" + sum,
		"plain":                "plain$$correct horse",
		"another digest":       "pbkdf2:sha512:1$a$" + sum,
		"another method":       "scrypt:32768:8:1$a$" + sum,
		"upper case method":    "PBKDF2:SHA256:1$a$" + sum,
		"no count":             "pbkdf2:sha256$a$" + sum,
		"empty count":          "pbkdf2:sha256:$a$" + sum,
		"count zero":           "pbkdf2:sha256:0$a$" + sum,
		"negative count":       "pbkdf2:sha256:-1$a$" + sum,
		"signed count":         "pbkdf2:sha256:+1$a$" + sum,
		"leading zero":         "pbkdf2:sha256:01$a$" + sum,
		"space in the count":   "pbkdf2:sha256: 1$a$" + sum,
		"fraction":             "pbkdf2:sha256:1.0$a$" + sum,
		"exponent":             "pbkdf2:sha256:1e3$a$" + sum,
		"count too large":      "pbkdf2:sha256:2000001$a$" + sum,
		"count past 64 bits":   "pbkdf2:sha256:99999999999999999999$a$" + sum,
		"second argument":      "pbkdf2:sha256:1:2$a$" + sum,
		"no salt":              "pbkdf2:sha256:1$$" + sum,
		"salt past its bound":  "pbkdf2:sha256:1$" + strings.Repeat("a", 65) + "$" + sum,
		"salt not UTF-8":       "pbkdf2:sha256:1$\xff$" + sum,
		"no sum":               "pbkdf2:sha256:1$a$",
		"two parts":            "pbkdf2:sha256:1$" + sum,
		"four parts":           "pbkdf2:sha256:1$a$b$" + sum,
		"sum too short":        "pbkdf2:sha256:1$a$" + sum[:62],
		"sum too long":         "pbkdf2:sha256:1$a$" + sum + "00",
		"sum in upper case":    "pbkdf2:sha256:1$a$" + strings.ToUpper(sum),
		"sum not hexadecimal":  "pbkdf2:sha256:1$a$" + "g" + sum[1:],
		"a line's end":         "pbkdf2:sha256:1$a$" + sum + "\n",
		"a space before it":    " pbkdf2:sha256:1$a$" + sum,
		"only the sum's start": "pbkdf2:sha256:1$a$" + sum[:1],
	} {
		ok, needsRehash, err := h.Verify(t.Context(), Requester{}, stored, "👩‍👩‍👧‍👦 family 😀")
		if ok || needsRehash || err == nil {
			t.Errorf("%s: %t, needs rehash %t, %v; want an error", name, ok, needsRehash, err)
			continue
		}
		if _, isFault := apperror.From(err); isFault {
			t.Errorf("%s: %v is an application error, and corrupt data is not the client's", name, err)
		}
		if strings.Contains(err.Error(), sum[:8]) {
			t.Errorf("%s: the error shows the hash: %v", name, err)
		}
	}
	if slots := h.queue.capacity / waitersPerSlot; h.queue.waiting != 0 || h.queue.free != slots {
		t.Errorf("after the errors %d calls wait and %d of %d slots are free", h.queue.waiting, h.queue.free, slots)
	}
}

func TestHashFitsItsColumn(t *testing.T) {
	t.Parallel()
	for iterations, salt := range map[int]int{1: 14, 600_000: 14, 999_999: 14, 1_000_000: 13, MaxIterations: 13} {
		r := record{iterations: iterations, salt: newSalt(iterations)}
		if len(r.salt) != salt || len(r.String()) > 100 {
			t.Errorf("%d iterations: a salt of %d and a hash of %d characters, want %d and at most 100",
				iterations, len(r.salt), len(r.String()), salt)
		}
	}
	stored, err := New(600_000).Hash(t.Context(), Requester{}, strings.Repeat("각", 100))
	if err != nil || len(stored) != 100 || !strings.HasPrefix(stored, "pbkdf2:sha256:600000$") {
		t.Errorf("%q of %d characters, %v", stored, len(stored), err)
	}
}

// A random byte modulo 62 would make the first eight characters a quarter more frequent. Six
// standard deviations are 13 % here.
func TestSaltIsUnbiased(t *testing.T) {
	t.Parallel()
	const each = 2000
	counts := map[rune]int{}
	for range each * len(saltChars) / maxSalt {
		for _, c := range newSalt(1) {
			counts[c]++
		}
	}
	if len(counts) != len(saltChars) {
		t.Fatalf("%d characters appear, want %d", len(counts), len(saltChars))
	}
	for c, n := range counts {
		if !strings.ContainsRune(saltChars, c) || n < each*87/100 || n > each*113/100 {
			t.Errorf("%q appears %d times, want about %d", c, n, each)
		}
	}
}

// String returns what parse accepts, so that a hash has one spelling.
func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.stored)
	}
	f.Add("pbkdf2:sha256$a$00")
	f.Add("pbkdf2:sha256:0600$a$" + strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, stored string) {
		r, err := parse(stored)
		switch {
		case err != nil && r != record{}:
			t.Errorf("%q: got %v and %+v", stored, err, r)
		case err == nil && r.String() != stored:
			t.Errorf("%q is parsed as %q", stored, r)
		case err == nil && (r.iterations < 1 || r.iterations > MaxIterations || r.salt == ""):
			t.Errorf("%q has values out of bounds: %+v", stored, r)
		}
	})
}
