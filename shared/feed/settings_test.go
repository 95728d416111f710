package feed

import "testing"

// Whatever the settings hold, a URL that is accepted has a host and no credentials, which errors would show.
func FuzzSettings(f *testing.F) {
	for _, value := range []string{
		"http://user:geheim@host:8086/?db=minifb", "https://geheim@host/prefix?org=o&bucket=b",
		"https://key@host:9200/index",
		"http://host:4318/?ratio=0.1", "http://[::1]:4318", "http://u:p@/x", "http://a@b@host/x",
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for name, parse := range map[string]func(string) (receiver, error){
			"influx": parseInflux, "elastic": parseElastic, "otlp": parseOTLP,
		} {
			r, err := parse(value)
			if err == nil && (r.url.Hostname() == "" || r.url.User != nil || r.url.RawQuery != "" ||
				(r.url.Scheme != "http" && r.url.Scheme != "https")) {
				t.Errorf("%s: %q is %+v", name, value, r)
			}
			if err != nil && err.Error() != errURL.Error() {
				t.Errorf("%s: the error for %q is %v", name, value, err)
			}
		}
	})
}
