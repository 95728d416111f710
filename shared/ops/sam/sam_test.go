package sam_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/sam"
)

const sample = `
Parameters:
  Url: {Type: String, NoEcho: true, Description: where}
  Hint: {Type: String, Default: full, AllowedValues: [full, generic]}
  Empty: {Type: String, Default: ""}
Globals:
  Function:
    CodeUri: .
    Handler: bootstrap
    Runtime: provided.al2023
    Architectures: [arm64]
    MemorySize: 256
    Timeout: 15
    Environment:
      Variables:
        URL: !Ref Url
        HINT: {Ref: Hint}
        EMPTY: !Ref Empty
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${AWS::StackName}-${Url}-${!Literal}"}
  Post:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties:
      Description: "Posts: all"
      Environment:
        Variables:
          HINT: generic
          BUCKET: !GetAtt Bucket.Arn
          ROLE: !Sub "${PostRole.Arn}"
          SIZE: 20
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/post/{id}", ApiId: !Ref ServerlessHttpApi}}
        List: {Type: HttpApi, Properties: {Method: GET, Path: /post}}
  Maintenance:
    Type: AWS::Serverless::Function
    Metadata: {EverySeconds: 10}
    Properties:
      MemorySize: 512
      Timeout: 60
      Architectures: [x86_64]
      Events:
        Sweep: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
        Nightly: {Type: ScheduleV2, Properties: {ScheduleExpression: "cron(0 3 * * ? *)"}}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := sam.Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := &sam.Template{
		Parameters: []sam.Parameter{
			{Name: "Url"},
			{Name: "Hint", Default: "full", HasDefault: true},
			{Name: "Empty", HasDefault: true},
		},
		Functions: []sam.Function{{
			Name: "Post", Area: "post", Description: "Posts: all", Architectures: []string{"arm64"}, MemoryMB: 256,
			Timeout: 15 * time.Second,
			Env: []sam.Variable{
				{Name: "URL", Ref: "Url"}, {Name: "HINT", Value: "generic"}, {Name: "EMPTY", Ref: "Empty"},
				{Name: "BUCKET", Intrinsic: "GetAtt"}, {Name: "ROLE", Intrinsic: "Sub"}, {Name: "SIZE", Value: "20"},
			},
			Routes: []sam.Route{{Method: "GET", Path: "/post/{id}"}, {Method: "GET", Path: "/post"}},
		}, {
			Name: "Maintenance", Area: "maintenance", Architectures: []string{"x86_64"}, MemoryMB: 512,
			Timeout: time.Minute,
			Env: []sam.Variable{
				{Name: "URL", Ref: "Url"}, {Name: "HINT", Ref: "Hint"}, {Name: "EMPTY", Ref: "Empty"},
			},
			Schedules: []sam.Schedule{
				{Name: "Sweep", Expression: "rate(1 minute)", Every: 10 * time.Second},
				{Name: "Nightly", Expression: "cron(0 3 * * ? *)"},
			},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	post, ok := got.Function("post")
	if !ok || post.Routes[0].String() != "GET /post/{id}" {
		t.Errorf("Function(post) = %v, %v", post, ok)
	}
	if _, ok := got.Function("Post"); ok {
		t.Error("Function(Post) returned a function, but areas are in lower case")
	}
	value := func(parameter string) (string, bool) { return "postgres://x", parameter == "Url" }
	environment := got.Environment(post, value)
	if want := []string{"URL=postgres://x", "HINT=generic", "EMPTY=", "SIZE=20"}; !slices.Equal(environment, want) {
		t.Errorf("environment %q, want %q", environment, want)
	}
}

func TestEnvironmentLeavesOutParametersWithoutValue(t *testing.T) {
	t.Parallel()
	got, err := sam.Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	environment := got.Environment(got.Functions[1], noValue)
	if want := []string{"HINT=full", "EMPTY="}; !slices.Equal(environment, want) {
		t.Errorf("environment %q, want %q", environment, want)
	}
}

func noValue(string) (string, bool) { return "", false }

func TestAllow(t *testing.T) {
	t.Parallel()
	const text = `
Resources:
  A:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile, Allow: [10.0.0.0/8, "::1", %s]}
    Properties: {Events: {X: {Type: HttpApi, Properties: {Method: GET, Path: /a}}}}
`
	template, err := sam.Parse(fmt.Appendf(nil, text, "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(template.Functions[0].Allow); got != "[10.0.0.0/8 ::1/128 127.0.0.1/32]" {
		t.Errorf("Allow is %s", got)
	}
	for _, bad := range []string{"10.0.0.0/33", "somewhere", "10.0.0"} {
		_, err := sam.Parse(fmt.Appendf(nil, text, bad))
		if err == nil || !strings.Contains(err.Error(), "not an address") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestParseReportsEveryViolation(t *testing.T) {
	t.Parallel()
	_, err := sam.Parse([]byte(function(route("A", "GET", "x")+", "+route("B", "COPY", "/x"), "      Timeout: 0\n")))
	if err == nil || strings.Count(err.Error(), "\n") < 2 {
		t.Errorf("want three violations or more, got %v", err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	template, err := sam.Load("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	post, ok := template.Function("post")
	if !ok || !slices.Contains(post.Routes, sam.Route{Method: "DELETE", Path: "/post/{id}"}) {
		t.Errorf("the template's post function is %+v", post)
	}
	path := filepath.Join(t.TempDir(), "template.yaml")
	if _, err := sam.Load(path); err == nil {
		t.Error("Load returned no error for a missing file")
	}
	if err := os.WriteFile(path, []byte("Resources: 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sam.Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("the error does not name the file: %v", err)
	}
}

// ServeMux accepts every template that Parse accepts. It panics on routes that it finds ambiguous.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	events := []string{route("A", "GET", "/a/{x}"), route("B", "HEAD", "/{y}/b"), route("C", "GET", "/")}
	f.Add([]byte(function(strings.Join(events, ", "), "")))
	f.Add([]byte("Resources: {A: {Type: AWS::Serverless::Function, Properties: !Sub [x, {}]}}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		template, err := sam.Parse(content)
		if err != nil {
			return
		}
		mux := http.NewServeMux()
		for _, function := range template.Functions {
			for _, r := range function.Routes {
				mux.Handle(r.String(), http.NotFoundHandler())
			}
			template.Environment(function, noValue)
		}
	})
}
