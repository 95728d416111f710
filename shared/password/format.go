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

	maxHash      = 100 // characters of a new hash; the width of the column
	maxSalt      = 14  // characters of a new salt: 83 bits
	maxSaltBytes = 64  // of any stored salt
)

// A record has the parts of a stored hash.
type record struct {
	iterations int // 1 to MaxIterations
	salt       string
	sum        [sha256.Size]byte
}

func (r record) String() string {
	return fmt.Sprintf("%s%d$%s$%x", method, r.iterations, r.salt, r.sum)
}

var errMalformed = errors.New("the stored hash is not of the form pbkdf2:sha256:<iterations>$<salt>$<hex>")

// parse returns the parts of a stored hash. It accepts only what Werkzeug writes: the number of
// iterations in plain decimal, and the sum in lower case. A hash without a number is malformed, as
// the number that Werkzeug assumes has changed from version to version.
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
		return record{}, fmt.Errorf("the stored hash has %d iterations, not 1 to %d", n, MaxIterations)
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

// newSalt returns a random salt for a hash with this many iterations. It has maxSalt characters, or
// as many as make the hash maxHash characters long.
func newSalt(iterations int) string {
	length := min(maxSalt, maxHash-len(record{iterations: iterations}.String()))
	salt := make([]byte, 0, length)
	var random [2 * maxSalt]byte
	for {
		_, _ = rand.Read(random[:]) // never returns an error
		for _, b := range random {
			// Of 64 values, 62 are characters. The other two are skipped, so that all characters
			// are equally likely.
			if b &= 63; int(b) < len(saltChars) {
				if salt = append(salt, saltChars[b]); len(salt) == length {
					return string(salt)
				}
			}
		}
	}
}
