package areatest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/function"
)

// EveryPropertyIsDescribed checks that each parameter, response header and property in the area's
// OpenAPI text has a description.
func EveryPropertyIsDescribed(t *testing.T, routes function.Routes) {
	t.Helper()
	for _, name := range undescribed(openAPI(t, routes)) {
		t.Errorf("%s has no description in the OpenAPI text", name)
	}
}

// undescribed returns a name for each part without a description: method, path, and the parameter
// or JSON path.
func undescribed(text *huma.OpenAPI) (names []string) {
	for _, operation := range operations(text) {
		route := routeOf(operation)
		for _, p := range operation.Parameters {
			if p.Description == "" {
				names = append(names, route+": "+p.In+" parameter "+p.Name)
			}
		}
		if operation.RequestBody != nil {
			names = append(names, undescribedContent(text, route+": request ", operation.RequestBody.Content)...)
		}
		for _, status := range slices.Sorted(maps.Keys(operation.Responses)) {
			response := operation.Responses[status]
			if name, shared := strings.CutPrefix(response.Ref, "#/components/responses/"); shared {
				response = text.Components.Responses[name]
			}
			where := route + ": response " + status + " "
			for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
				if response.Headers[name].Description == "" {
					names = append(names, where+"header "+name)
				}
			}
			names = append(names, undescribedContent(text, where, response.Content)...)
		}
	}
	return names
}

func undescribedContent(text *huma.OpenAPI, prefix string, content map[string]*huma.MediaType) (names []string) {
	for _, mediaType := range slices.Sorted(maps.Keys(content)) {
		w := schemaWalk{text: text, prefix: prefix}
		w.schema("$", content[mediaType].Schema)
		names = append(names, w.undescribed...)
	}
	return names
}

// A schemaWalk collects the properties without a description below one schema.
type schemaWalk struct {
	text        *huma.OpenAPI
	prefix      string
	refs        []string // that lead to the current schema; a schema may contain itself
	undescribed []string
}

// schema looks at the properties of the schema at a JSON path.
func (w *schemaWalk) schema(path string, s *huma.Schema) {
	if s == nil || s.Ref != "" && slices.Contains(w.refs, s.Ref) {
		return
	}
	if s.Ref != "" {
		w.refs = append(w.refs, s.Ref)
		defer func() { w.refs = w.refs[:len(w.refs)-1] }()
		s = resolve(w.text, s)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		if property.Description == "" {
			w.undescribed = append(w.undescribed, w.prefix+path+"."+name)
		}
		w.schema(path+"."+name, property)
	}
	w.schema(path+"[]", s.Items)
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		w.schema(path+".*", values)
	}
	for _, part := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		w.schema(path, part)
	}
}
