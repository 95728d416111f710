package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"minifb/shared/reload"
	"minifb/shared/token"
)

func (c *Config) readPublicKeys() error {
	if c.TokenPublicKeys == "" {
		return errors.New("name the JWK set that verifies tokens, or its file or URL")
	}
	source, err := keySource(c.TokenPublicKeys)
	if err == nil {
		c.Verifier, err = token.NewVerifier(source, c.TokenIssuer, c.TokenAudience)
	}
	return err
}

// readPrivateKey needs the Verifier, if there is one.
func (c *Config) readPrivateKey() error {
	if c.TokenPrivateKey == "" {
		return nil
	}
	source, err := keySource(c.TokenPrivateKey)
	if err == nil && source.IsURL() {
		err = errors.New("name the JWK set or its file; a private key is never read from a URL")
	}
	if err != nil {
		return err
	}
	signer, err := token.NewSigner(source, c.TokenIssuer, c.TokenAudience)
	if err != nil {
		return err
	}
	if c.Verifier != nil {
		signer.SignFor(c.Verifier)
	}
	c.Signer = signer
	return nil
}

// keySource returns the source of a value that is JSON, base64 of JSON, a URL, or else the path of a
// file. Base64 has no character that a shell or a deployment tool changes. The error does not show
// the value: a key in another format would be taken for a path.
func keySource(value string) (reload.Source, error) {
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, "{") {
		return reload.Text(value), nil
	}
	if decoded, err := base64.StdEncoding.DecodeString(value); err == nil && strings.HasPrefix(string(decoded), "{") {
		return reload.Text(string(decoded)), nil
	}
	if strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://") {
		return reload.URL(value)
	}
	source := reload.File(value)
	if _, err := source.Read(); err != nil {
		return reload.Source{}, fmt.Errorf(
			"is neither JSON, base64 of JSON, a URL, nor the path of a file that can be read: %w", err)
	}
	return source, nil
}
