package password

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	method    = "pbkdf2:sha256:"
	saltChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" // Werkzeug's SALT_CHARS

	maxHash      = 100 // characters of a hash made here; the column's width
	maxSalt      = 14  // characters of a salt made here: 83 bits
	maxSaltBytes = 64  // of a salt made elsewhere
)

// A record is a stored hash in its parts.
type record struct {
	iterations int // 1 to MaxIterations
	salt       string
	sum        [sha256.Size]byte
}

func (r record) String() string {
	return fmt.Sprintf("%s%d$%s$%x", method, r.iterations, r.salt, r.sum)
}

var errMalformed = errors.New("the stored hash is not of the form pbkdf2:sha256:<iterations>$<salt>$<hex>")

// parse reads what Werkzeug writes, and nothing that it would read but never write: the count in plain decimal, the
// sum in lower case. A missing count is malformed: its meaning changed from one Werkzeug to the next.
func parse(stored string) (record, error) {
	rest, ok := strings.CutPrefix(stored, method)
	if !ok {
		return record{}, errMalformed
	}
	count, rest, _ := strings.Cut(rest, "$")
	salt, sum, ok := strings.Cut(rest, "$")
	if !ok || salt == "" || len(salt) > maxSaltBytes || !utf8.ValidString(salt) {
		return record{}, errMalformed
	}
	n, err := strconv.Atoi(count)
	if err != nil || strconv.Itoa(n) != count {
		return record{}, errMalformed
	}
	if n < 1 || n > MaxIterations {
		return record{}, fmt.Errorf("the stored hash names %d iterations, not 1 to %d", n, MaxIterations)
	}
	r := record{iterations: n, salt: salt}
	if len(sum) != hex.EncodedLen(len(r.sum)) || strings.ToLower(sum) != sum {
		return record{}, errMalformed
	}
	if _, err := hex.Decode(r.sum[:], []byte(sum)); err != nil {
		return record{}, errMalformed
	}
	return r, nil
}

// newSalt draws a salt as long as leaves a hash of that count within maxHash, 14 characters at most.
func newSalt(iterations int) string {
	length := min(maxSalt, maxHash-len(record{iterations: iterations}.String()))
	salt := make([]byte, 0, length)
	var random [2 * maxSalt]byte
	for {
		_, _ = rand.Read(random[:]) // never fails: it ends the program instead
		for _, b := range random {
			// 62 characters out of 64 draws: the other two are drawn again, lest some characters come up more often.
			if b &= 63; int(b) < len(saltChars) {
				if salt = append(salt, saltChars[b]); len(salt) == length {
					return string(salt)
				}
			}
		}
	}
}
