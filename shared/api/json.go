package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep arrays and objects may nest in a request.
const maxDepth = 32

// strictJSON refuses what lenient decoders let through: duplicate and wrongly cased names, trailing data, invalid
// UTF-8, lone surrogates, U+0000 and deep nesting. Unknown names are refused by the schemas.
var strictJSON = huma.Format{
	Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v) },
	Unmarshal: unmarshal,
}

func unmarshal(data []byte, v any) error {
	if err := checkJSON(data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		// The library's own text may hold the value.
		var semantic *json.SemanticError
		if errors.As(err, &semantic) && semantic.JSONPointer != "" {
			return fmt.Errorf("has a value of the wrong type or size at %s", strings.TrimPrefix(string(semantic.JSONPointer), "/"))
		}
		return errors.New("has a value of the wrong type or size")
	}
	return nil
}

// checkJSON walks the whole text once.
func checkJSON(data []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		token, err := decoder.ReadToken()
		switch {
		case errors.Is(err, io.EOF) && decoder.InputOffset() > 0:
			return nil
		case errors.Is(err, jsontext.ErrDuplicateName):
			return errors.New("names a key twice; name each once")
		case err != nil:
			return fmt.Errorf("is not well-formed JSON in UTF-8 near byte %d", decoder.InputOffset())
		case decoder.StackDepth() > maxDepth:
			return fmt.Errorf("nests deeper than %d levels", maxDepth)
		case token.Kind() == '"' && strings.ContainsRune(token.String(), 0):
			return errors.New("holds the character U+0000, which cannot be stored; leave it out")
		}
		if decoder.StackDepth() == 0 && len(bytes.TrimLeft(data[decoder.InputOffset():], " \t\r\n")) > 0 {
			return errors.New("has more after the first JSON value; send one alone")
		}
	}
}
