package password

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// Debian's own interpreter: another one in PATH would not see Debian's packages.
const python = "/usr/bin/python3"

// Each line in is [plain, hash made here]; each line out is [verifies there, hash made there].
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
			t.Fatalf("MINIFB_NEED_WERKZEUG=1, but %s cannot import werkzeug.security (install python3-werkzeug): %v\n%s", python, err, why)
		}
		t.Log("python3-werkzeug is not installed; hashes that it made earlier stand in for it")
		for _, v := range vectors {
			if ok, _, err := New(1).Verify(t.Context(), Requester{}, v.stored, v.plain); !ok || err != nil {
				t.Errorf("%s: %t, %v", v.stored, ok, err)
			}
		}
		return
	}

	h := New(2000)
	var in bytes.Buffer
	for _, plain := range spoken {
		ours, err := h.Hash(t.Context(), Requester{}, plain)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&in).Encode([]string{plain, ours}); err != nil {
			t.Fatal(err)
		}
	}
	there := exec.CommandContext(t.Context(), python, "-c", script)
	var complaint bytes.Buffer
	there.Stdin, there.Stderr = &in, &complaint
	out, err := there.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint.Bytes())
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	for _, plain := range spoken {
		var verified bool
		var theirs string
		if err := answers.Decode(&[]any{&verified, &theirs}); err != nil {
			t.Fatal(err)
		}
		if !verified {
			t.Errorf("%q: Werkzeug refuses the hash made here", plain)
		}
		if ok, stale, err := h.Verify(t.Context(), Requester{}, theirs, plain); !ok || stale || err != nil {
			t.Errorf("%q: the hash made by Werkzeug, %s: %t, stale %t, %v", plain, theirs, ok, stale, err)
		}
	}
}
