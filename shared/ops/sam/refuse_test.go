package sam_test

import (
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

// function returns a template with one function, which has these events. more follows it.
func function(events, more string) string {
	return "Resources:\n  Post:\n    Type: AWS::Serverless::Function\n    Properties:\n" +
		"      Events: {" + events + "}\n" + more
}

func route(name, method, path string) string {
	return name + `: {Type: HttpApi, Properties: {Method: ` + method + `, Path: "` + path + `"}}`
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := route("A", "GET", "/post")
	second := func(events string) string {
		return "  User:\n    Type: AWS::Serverless::Function\n    Properties: {Events: {" + events + "}}\n"
	}
	for name, c := range map[string]struct{ template, want string }{
		"not YAML":     {"\t{", "not valid YAML"},
		"empty":        {"", "is empty"},
		"a list":       {"[]", "must be a mapping"},
		"no functions": {"Resources: {}", "Resources has no AWS::Serverless::Function"},
		"alias":        {"Resources: &r {A: *r}", "line 1: anchors"},
		"no events":    {function("", ""), "line 2: the function Post has neither a route nor a schedule"},
		"owned twice":  {function(good, second(good)), "GET /post of User belongs to Post already"},
		"by another placeholder": {
			function(route("A", "GET", "/post/{id}"), second(route("A", "GET", "/post/{post}"))),
			"as GET /post/{id}",
		},
		"a path of the function's own": {
			function(route("A", "POST", "/schedule/sweep"), ""),
			`its Path "/schedule/sweep" begins with /schedule, which`,
		},
		"ambiguous": {
			function(route("A", "GET", "/a/{x}"), second(route("B", "GET", "/{y}/b"))),
			"neither is more specific",
		},
		"ambiguous HEAD": {
			function(route("A", "HEAD", "/a/{x}"), second(route("B", "GET", "/a/b"))),
			"neither is more specific",
		},
		"an event twice": {function(good+", "+good, ""), `line 5: Events of the function Post has "A" twice`},
		"same folder": {
			function(good, strings.Replace(second(route("A", "PUT", "/x")), "User", "POST", 1)),
			"have the same folder, post",
		},
		"method": {
			function(route("A", "any", "/post"), ""),
			`its Method is "any"; it must be one of GET`,
		},
		"relative path":     {function(route("A", "GET", "post"), ""), "begin with a slash"},
		"trailing slash":    {function(route("A", "GET", "/post/"), ""), `the segment ""`},
		"dots":              {function(route("A", "GET", "/post/.."), ""), `the segment ".."`},
		"greedy":            {function(route("A", "GET", "/{proxy+}"), ""), `the segment "{proxy+}"`},
		"placeholder twice": {function(route("A", "GET", "/{a}/{a}"), ""), "a different name"},
		"event type":        {function("A: {Type: SQS}", ""), `its Type is "SQS"`},
		"schedule": {
			function("A: {Type: Schedule, Properties: {Schedule: daily}}", ""),
			"write its Schedule as",
		},
		"memory": {
			function(good, "      MemorySize: 64\n"),
			"MemorySize of the function Post must be a whole number from 128",
		},
		"timeout": {function(good, "      Timeout: long\n"), "Timeout of the function Post must be"},
		"variable": {
			function(good, "      Environment: {Variables: {A-B: 1}}\n"),
			`Lambda does not accept "A-B"`,
		},
		"Ref": {
			function(good, "      Environment: {Variables: {A: !Ref Missing}}\n"),
			`line 6: !Ref Missing: neither`,
		},
		"long Ref": {
			function(good, "      Environment: {Variables: {A: {Ref: Missing}}}\n"),
			`!Ref Missing: neither`,
		},
		"Ref in Globals": {
			"Globals: {Function: {Environment: {Variables: {A: !Ref Missing}}}}\n" + function(good, ""),
			`line 1: !Ref Missing`,
		},
		"variables as a list": {
			function(good, "      Environment: {Variables: [1]}\n"),
			"Variables of Post must be a mapping",
		},
		"path as a list": {
			function("A: {Type: HttpApi, Properties: {Method: GET, Path: [a]}}", ""),
			"Path of the event A of Post must be a single value",
		},
		"scalar function": {
			"Resources: {Post: 3, X: {Type: AWS::Serverless::Function, Properties: 3}}",
			"must be a mapping",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sam.Parse([]byte(c.template))
			if err == nil {
				t.Fatalf("Parse returned %+v, want an error with %q", got, c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got the error %q, want it to contain %q", err, c.want)
			}
		})
	}
}
