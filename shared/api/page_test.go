package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

type page struct {
	Items []int
	Next  *string
}

func TestSize(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for query, want := range map[string]int{ // how many items; 0 if it is refused
		"": 20, "?": 20, "?size=1": 1, "?size=20": 20, "?size=100": 100, "?siz%65=%35": 5, "?other=1&size=3": 3,
		"?x&size=3": 3, "?Size=3": 20,
		"?size": 0, "?size=": 0, "?size=0": 0, "?size=101": 0, "?size=-1": 0, "?size=+5": 0, "?size=%2B5": 0,
		"?size=05": 0, "?size=1.0": 0,
		"?size=1e1": 0, "?size=0x5": 0, "?size=5_0": 0, "?size=%205": 0, "?size=5%20": 0, "?size=%EF%BC%95": 0,
		"?size=abc": 0, "?size=99999999999999999999": 0,
		"?size=5&size=5": 0, "?size=5&size=6": 0, "?size=&size=6": 0, "?size=5%00": 0, "?size=true": 0, "?size&x=1": 0,
		"?%zz": 0, "?size=%": 0, "?x=%f": 0, "?a;b": 0,
	} {
		response := s.Do(t, nil, "GET /number"+query, "")
		areatest.CheckResponse(t, response)
		if want == 0 {
			if response.Status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", query, response.Status, response.Body)
			}
			continue
		}
		var got page
		response.JSON(t, &got)
		if response.Status != http.StatusOK || len(got.Items) != want {
			t.Errorf("%s: %d with %d items, want %d", query, response.Status, len(got.Items), want)
		}
	}
}

// Following next shows each item once, keeps the query, and ends with null.
func TestNext(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ann := s.User("ann.1")
	for _, start := range []string{"/number", "/number?size=7", "/number?size=100&unread=true", "/own?size=50",
		"/of/Ann.%31?size=90"} {
		wanted := 250
		for next := &start; next != nil; {
			if !strings.HasPrefix(*next, strings.Split(start, "?")[0]) ||
				strings.Contains(start, "unread") != strings.Contains(*next, "unread=true") {
				t.Fatalf("%s is followed by %s", start, *next)
			}
			response := s.Do(t, ann, "GET "+*next, "")
			if response.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", *next, response.Status, response.Body)
			}
			var got page
			response.JSON(t, &got)
			for _, item := range got.Items {
				if item != wanted {
					t.Fatalf("%s: item %d, want %d", *next, item, wanted)
				}
				wanted--
			}
			next = got.Next
		}
		if wanted != 0 {
			t.Errorf("%s ends before %d", start, wanted)
		}
	}
}

// A cursor with one character changed, left out or doubled is refused.
func TestAlteredCursorIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var got page
	s.Do(t, nil, "GET /number", "").JSON(t, &got)
	_, cursor, _ := strings.Cut(*got.Next, "cursor=")
	cursor, _, _ = strings.Cut(cursor, "&")
	refused := func(altered string) {
		t.Helper()
		if status := s.Do(t, nil, "GET /number?cursor="+altered, "").Status; status != 400 {
			t.Errorf("%s in place of %s is %d, want 400", altered, cursor, status)
		}
	}
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range cursor {
		refused(cursor[:i] + cursor[i+1:])
		refused(cursor[:i] + cursor[i:i+1] + cursor[i:])
		for _, c := range characters {
			if altered := cursor[:i] + string(c) + cursor[i+1:]; altered != cursor {
				refused(altered)
			}
		}
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	cursor := func(as *areatest.Caller, path string) string {
		var got page
		s.Do(t, as, "GET "+path, "").JSON(t, &got)
		_, after, _ := strings.Cut(*got.Next, "cursor=")
		after, _, _ = strings.Cut(after, "&")
		return after
	}
	number, own, of, unread := cursor(nil, "/number"), cursor(ann, "/own"), cursor(nil, "/of/ann.1"),
		cursor(nil, "/number?unread=true")
	decoded, err := base64.RawURLEncoding.DecodeString(number)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		as     *areatest.Caller
		path   string
		cursor string
		want   int
	}{
		"the list's own":                     {nil, "/number?", number, 200},
		"the list's own, of another size":    {nil, "/number?size=3&", number, 200},
		"the list's own, with a token":       {ann, "/number?", number, 200},
		"the list's own, of a viewer's list": {ann, "/own?", own, 200},
		"the list's own, in another case":    {nil, "/of/ANN.1?", of, 200},
		"the list's own, escaped":            {nil, "/of/%61nn.1?", of, 200},
		"of another list":                    {nil, "/other?", number, 400},
		"of another viewer's list":           {eve, "/own?", own, 400},
		"of another user's list":             {nil, "/of/eve.1?", of, 400},
		"of a filtered list":                 {nil, "/number?", unread, 400},
		"with another filter":                {nil, "/number?unread=true&", number, 400},
		"empty":                              {nil, "/number?", "", 400},
		"cut off":                            {nil, "/number?", number[:len(number)/2], 400},
		"the list's mark only":               {nil, "/number?", base64.RawURLEncoding.EncodeToString(decoded[:6]), 400},
		"of another alphabet":                {nil, "/number?", "%2B%2F%2B%2F" + number, 400},
		"padded":                             {nil, "/number?", number + "%3D", 400},
		"with a line break":                  {nil, "/number?", number + "%0A", 400},
		"not base64":                         {nil, "/number?", "???", 400},
		"a number":                           {nil, "/number?", "20", 400},
		"twice":                              {nil, "/number?cursor=" + number + "&", number, 400},
		"bad UTF-8":                          {nil, "/number?", "%ff%fe", 400},
	} {
		t.Run(name, func(t *testing.T) {
			response := s.Do(t, test.as, "GET "+test.path+"cursor="+test.cursor, "")
			if response.Status != test.want {
				t.Errorf("%d %s", response.Status, response.Body)
			}
			areatest.CheckResponse(t, response)
		})
	}
}

// A bad size and a bad cursor are reported at once.
func TestPageViolations(t *testing.T) {
	t.Parallel()
	s := serve(t)
	response := s.Do(t, nil, "GET /number?size=geheim&cursor=geheim", "")
	hint := response.Object(t)["hint"].(string)
	if response.Status != http.StatusBadRequest || !strings.Contains(hint, "size:") ||
		!strings.Contains(hint, "cursor:") || strings.Contains(hint, "geheim") {
		t.Errorf("%d %s", response.Status, hint)
	}
}
