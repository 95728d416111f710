package password

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// python is Debian's interpreter. Another one in PATH does not find Debian's packages.
const python = "/usr/bin/python3"

// The script reads lines of [password, our hash], and writes lines of [whether Werkzeug accepts it,
// its hash].
const script = `
import json, sys
from werkzeug.security import check_password_hash, generate_password_hash
for line in sys.stdin.buffer:
    plain, ours = json.loads(line)
    print(json.dumps([check_password_hash(ours, plain) and not check_password_hash(ours, plain + "x"),
                      generate_password_hash(plain, "pbkdf2:sha256:2000")]))
`

func TestWerkzeug(t *testing.T) {
	t.Parallel()
	if why, err := exec.Command(python, "-c", "import werkzeug.security").CombinedOutput(); err != nil {
		if os.Getenv("MINIFB_NEED_WERKZEUG") == "1" {
			t.Fatalf("MINIFB_NEED_WERKZEUG=1, and %s cannot import werkzeug.security: install python3-werkzeug: %v\n%s",
				python, err, why)
		}
		t.Log("python3-werkzeug is not installed; testing with hashes that it has made before")
		for _, v := range vectors {
			if ok, _, err := New(1).Verify(t.Context(), Requester{}, v.stored, v.plain); !ok || err != nil {
				t.Errorf("%s: %t, %v", v.stored, ok, err)
			}
		}
		return
	}

	h := New(2000)
	var in bytes.Buffer
	for _, plain := range passwords {
		ours, err := h.Hash(t.Context(), Requester{}, plain)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&in).Encode([]string{plain, ours}); err != nil {
			t.Fatal(err)
		}
	}
	program := exec.CommandContext(t.Context(), python, "-c", script)
	var stderr bytes.Buffer
	program.Stdin, program.Stderr = &in, &stderr
	out, err := program.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	results := json.NewDecoder(bytes.NewReader(out))
	for _, plain := range passwords {
		var verified bool
		var theirs string
		if err := results.Decode(&[]any{&verified, &theirs}); err != nil {
			t.Fatal(err)
		}
		if !verified {
			t.Errorf("%q: Werkzeug refuses our hash", plain)
		}
		if ok, needsRehash, err := h.Verify(t.Context(), Requester{}, theirs, plain); !ok || needsRehash || err != nil {
			t.Errorf("%q: the hash of Werkzeug, %s: got %t, needs rehash %t, %v", plain, theirs, ok, needsRehash, err)
		}
	}
}
