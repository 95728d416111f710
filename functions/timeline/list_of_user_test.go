package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestListOfUser(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("Ann.1"), s.User("eve.1")
	s.User("new.1")
	odd := s.User("a~@+-._z")
	for n := range 3 {
		s.Post(ann, fmt.Sprint("ann ", n))
		s.Post(eve, fmt.Sprint("eve ", n))
	}
	s.Post(odd, "odd")
	s.React(eve, "/post/5", 2)
	all := shows("Ann.1", "ann 2", "ann 1", "ann 0")
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /timeline/Ann.1", Want: 200, Check: all},
		{Name: "signed in", As: eve, Do: "GET /timeline/Ann.1", Want: 200, Check: all},
		{Name: "one's own", As: ann, Do: "GET /timeline/Ann.1", Want: 200, Check: all},
		{Name: "in another case", Do: "GET /timeline/aNN.1", Want: 200, Check: all},
		{Name: "percent-encoded", Do: "GET /timeline/%41nn%2E1", Want: 200, Check: all},
		{Name: "of odd characters", Do: "GET /timeline/a~@+-._z", Want: 200, Check: shows("a~@+-._z", "odd")},
		{
			Name: "of odd characters, percent-encoded", Do: "GET /timeline/a%7e%40%2b-._z", Want: 200,
			Check: shows("a~@+-._z", "odd"),
		},
		{Name: "without posts", Do: "GET /timeline/new.1", Want: 200, Check: shows("new.1")},
		{Name: "my reaction", As: eve, Do: "GET /timeline/ann.1?size=1", Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				if r.Items(t)[0]["my_reaction"] != 2.0 {
					t.Errorf("%s", r.Body)
				}
			}},
		{Name: "an unknown ID", Do: "GET /timeline/none.1", Want: 404},
		{Name: "a malformed ID", Do: "GET /timeline/" + strings.Repeat("a", 51), Want: 404},
		{Name: "a malformed ID, with a slash", Do: "GET /timeline/ann.1%2Fx", Want: 404},
		{Name: "a malformed ID, with U+0000", Do: "GET /timeline/ann.1%00", Want: 404},
		{Name: "a malformed ID, not UTF-8", Do: "GET /timeline/ann.1%ff", Want: 404},
		{Name: "a malformed ID, with a letter that folds to ASCII", Do: "GET /timeline/an%E2%84%AA.1", Want: 404},
		{Name: "an unknown ID, with a bad size", Do: "GET /timeline/none.1?size=0", Want: 400},
		{Name: "a bad size", Do: "GET /timeline/ann.1?size=101", Want: 400},
		{Name: "a bad cursor", Do: "GET /timeline/ann.1?cursor=x", Want: 400},
		{Name: "another method", As: ann, Do: "DELETE /timeline/ann.1", Want: 405},
		{Name: "HEAD", Do: "HEAD /timeline/ann.1", Want: 200},
	})

	// A cursor is valid for the ID in any case, and not for another user.
	var first list
	s.Do(t, nil, "GET /timeline/aNN.1?size=2", "").JSON(t, &first)
	if !strings.HasPrefix(*first.Next, "/timeline/aNN.1?") {
		t.Errorf("next is %s", *first.Next)
	}
	s.Run(t, []areatest.Step{
		{Name: "the next page", Do: "GET " + *first.Next, Want: 200, Check: shows("Ann.1", "ann 0")},
		{
			Name: "the next page, in another case", Do: "GET " + strings.Replace(*first.Next, "aNN", "ann", 1),
			Want: 200, Check: shows("Ann.1", "ann 0"),
		},
		{
			Name: "the next page, of another user", Do: "GET " + strings.Replace(*first.Next, "aNN.1", "eve.1", 1),
			Want: 400,
		},
	})
}

// After a deletion, the ID has no timeline, and then that of the user who takes it.
func TestListOfUserAfterDeletion(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Post(ann, "of the first")
	ctx := context.WithoutCancel(t.Context())
	credential, err := s.Store.CredentialByID(ctx, "ann.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.DeleteAccount(ctx, credential); err != nil {
		t.Fatal(err)
	}
	s.Run(t, []areatest.Step{{Name: "deleted", Do: "GET /timeline/ann.1", Want: 404}})
	s.Post(s.User("ANN.1"), "of the second")
	s.Run(t, []areatest.Step{{Name: "signed up again", Do: "GET /timeline/ann.1", Want: 200,
		Check: shows("ANN.1", "of the second")}})
}
