package api

import "regexp"

// What the text of an unforeseen error may hold that must not be shown: a URL's credentials, a
// setting, a token.
var (
	secretURL     = regexp.MustCompile(`\b([A-Za-z][A-Za-z0-9+.-]*://)\S+`)
	secretSetting = regexp.MustCompile(`(?i)\b(\w*(?:password|passwd|secret|token)\w*(?:\s*=\s*|:|":\s*))\S+`)
	secretToken   = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`)
)

// Redact returns an error's text without secrets, for a response or for the log.
func Redact(text string) string {
	text = secretURL.ReplaceAllString(text, "$1…")
	text = secretSetting.ReplaceAllString(text, "$1…")
	return secretToken.ReplaceAllString(text, "…")
}
