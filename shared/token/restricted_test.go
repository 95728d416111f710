package token

import (
	"strings"
	"testing"
)

func TestMustChangePassword(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for _, want := range []Claims{ann, {UserUID: 42, SessionID: session, MustChangePassword: true}} {
		token, err := signer(t, f.privateSet).Sign(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.verifier(t).Verify(token); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		payload, err := b64.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(payload), `"must_change_password":true`) != want.MustChangePassword ||
			strings.Contains(string(payload), "false") {
			t.Errorf("the claims are %s", payload)
		}
	}
	for _, value := range []any{"true", 1, nil, object{}} {
		token := f.with(nil, object{"must_change_password": value})
		if got, err := f.verifier(t).Verify(token); err == nil && value != nil {
			t.Errorf("must_change_password %v: got %+v, want an error", value, got)
		}
	}
}
