package contract

import (
	"math"
	"regexp"

	c "minifb/scripts/conformance/check"
)

// The shapes of responses.
var (
	id     = c.Between(1, math.MaxInt64)
	count  = c.Between(0, math.MaxInt64)
	text   = c.Text(`(?s)^.+$`)
	userID = c.Text(`^[A-Za-z0-9._~@+-]{4,50}$`)
	person = map[string]c.Shape{"id": userID, "name": text, "nickname": c.OrNull(text)}
	public = c.With(person, map[string]c.Shape{"intro": c.OrNull(text), "created_at": c.Time})

	userShape = c.Object(public)
	meShape   = c.Object(c.With(public, map[string]c.Shape{"email": c.OrNull(text),
		"role": c.Text("^(user|admin)$")}))
	tokensShape = c.Object(map[string]c.Shape{
		"access_token": c.Text(`^[\w-]+\.[\w-]+\.[\w-]+$`), "token_type": c.Text("^Bearer$"),
		"expires_in": c.Between(1, 300), "refresh_token": c.Text(`^\S{20,}$`), "must_change_password": c.Bool,
	})
	sessionShape = c.Object(map[string]c.Shape{
		"id": text, "created_at": c.Time, "last_used_at": c.Time, "user_agent": c.Text(""), "current": c.Bool,
	})

	reactionType = c.Between(1, 5)
	reacted      = map[string]c.Shape{
		"owner": c.Object(person), "content": text, "modified": c.Bool, "my_reaction": c.OrNull(reactionType),
		"reactions":  c.Object(map[string]c.Shape{"1": count, "2": count, "3": count, "4": count, "5": count}),
		"created_at": c.Time, "id": id,
	}
	postShape     = c.Object(c.With(reacted, map[string]c.Shape{"comment_count": count}))
	commentShape  = c.Object(c.With(reacted, map[string]c.Shape{"post_id": id}))
	reactionShape = c.Object(map[string]c.Shape{
		"user": c.Object(person), "type": reactionType, "modified": c.Bool, "created_at": c.Time,
	})
	notificationShape = c.Object(map[string]c.Shape{
		"id": id, "type": c.Between(1, 2), "actor": c.Object(person), "post_id": id, "comment_id": c.OrNull(id),
		"reaction_type": c.OrNull(reactionType), "read": c.Bool, "created_at": c.Time,
	})

	countShape      = c.Object(map[string]c.Shape{"count": count})
	emptyShape      = c.Object(nil)
	serverStatShape = c.Object(map[string]c.Shape{
		"rps": c.Number(0), "requests_24h": count, "by_status": c.MapOf(regexp.MustCompile(`^[1-5]\d\d$`), count),
		"by_endpoint": c.List(c.Object(map[string]c.Shape{
			"method": c.Text(`^([A-Z]+|\*)$`), "path": c.Text("^(/.*|other)$"), "count": count,
		})),
	})
	serviceStatShape = c.Object(map[string]c.Shape{
		"posts": count, "users": count, "posts_today": count,
		"date": c.Text(`^\d{4}-\d\d-\d\d$`), "timezone": c.Text(`^[\w+-]+(/[\w+-]+)*$`),
	})
	seriesShape = c.Object(map[string]c.Shape{
		"step_seconds": c.Between(1, 1440*60), "points": c.List(c.Object(map[string]c.Shape{
			"at": c.Time, "requests": count, "errors": count,
			"p50_ms": c.OrNull(c.Number(0)), "p99_ms": c.OrNull(c.Number(0)),
		})),
	})
	requestShape = c.Object(map[string]c.Shape{"id": id, "user": c.Object(person), "created_at": c.Time})
	issuedShape  = c.Object(map[string]c.Shape{"temporary_password": c.Text(`^.{10,100}$`), "expires_at": c.Time})
	keySetShape  = c.Object(map[string]c.Shape{"keys": c.List(c.AtLeast(map[string]c.Shape{
		"kty": c.Text("^(OKP|EC)$"), "kid": text, "alg": c.Text("^(EdDSA|ES256)$"), "x": text,
	}))})
)

// pageOf is a page of a list.
func pageOf(item c.Shape) c.Shape {
	return c.Object(map[string]c.Shape{"items": c.List(item), "next": c.OrNull(c.Text(`^/[^?]+\?.*cursor=.+`))})
}
