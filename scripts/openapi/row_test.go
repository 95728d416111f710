package main

import (
	"maps"
	"slices"
	"strings"
)

// row returns the row of an operation in the tables of routes.
func (d *document) row(route string, operation object) []string {
	token := accessOf(operation["security"].([]any))
	// The errors that follow from the token and the body are not listed.
	implied := []string{"400", "500", "503", "504"}
	if token != "-" {
		implied = append(implied, "401", "403")
	}
	var body []string
	if request, ok := operation["requestBody"].(object); ok {
		implied = append(implied, "408", "413", "415")
		schema := d.schemaOf(request)
		for _, name := range names(schema) {
			body = append(body, "`"+name+"`")
		}
	}
	var parameters []string
	listed, _ := operation["parameters"].([]any)
	for _, parameter := range listed {
		if p := parameter.(object); p["in"] != "path" {
			parameters = append(parameters, "`"+p["name"].(string)+"`")
		}
	}
	responses := operation["responses"].(object)
	var successes, failures []string
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		switch {
		case status < "400":
			successes = append([]string{d.success(status, responses[status].(object))}, successes...)
		case !slices.Contains(implied, status):
			failures = append(failures, status)
		}
	}
	return []string{
		"`" + route + "`", token, strings.Join(body, ", "), strings.Join(parameters, ", "),
		strings.Join(successes, ", "), strings.Join(failures, ", "),
	}
}

// accessOf returns who may call an operation, as the tables have it.
func accessOf(security []any) string {
	switch {
	case len(security) == 0:
		return "-"
	case len(security) == 2:
		return "?"
	case len(security[0].(object)["bearer"].([]any)) > 0: // a role
		return "A"
	}
	return "U"
}

// success returns a success as the tables have it: 201 `Post`, `Location`.
func (d *document) success(status string, response object) string {
	text := status
	if content, _ := response["content"].(object); content["application/json"] != nil {
		schema := content["application/json"].(object)["schema"].(object)
		resolved := d.schemaOf(response)
		properties, _ := resolved["properties"].(object)
		switch {
		case properties["items"] != nil && properties["next"] != nil:
			text += " " + kind(properties["items"].(object))
		case len(properties) > 0:
			text += " " + kind(schema)
		case resolved["additionalProperties"] == false:
			text += " `{}`"
		}
	}
	headers, _ := response["headers"].(object)
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(headers))) {
		text += ", `" + name + "`"
	}
	return text
}

// schemaOf returns the schema of a JSON body.
func (d *document) schemaOf(body object) object {
	schema := body["content"].(object)["application/json"].(object)["schema"].(object)
	if ref, ok := schema["$ref"].(string); ok {
		return d.Components["schemas"][strings.TrimPrefix(ref, schemas)].(object)
	}
	return schema
}

// bodies returns the names of the schemas of requests' bodies.
func (d *document) bodies() map[string]bool {
	all := map[string]bool{}
	for _, operations := range d.Paths {
		for _, operation := range operations {
			if request, ok := operation.(object)["requestBody"].(object); ok {
				schema := request["content"].(object)["application/json"].(object)["schema"].(object)
				ref, _ := schema["$ref"].(string)
				all[strings.TrimPrefix(ref, schemas)] = true
			}
		}
	}
	return all
}

const schemas = "#/components/schemas/"

// names returns the names of an object's properties: first those that must be there, then the others,
// with a question mark.
func names(schema object) (all []string) {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		all = append(all, name.(string))
	}
	properties, _ := schema["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !slices.Contains(all, name) {
			all = append(all, name+"?")
		}
	}
	return all
}

// kind returns a type as the tables of shapes have it.
func kind(schema object) string {
	if ref, ok := schema["$ref"].(string); ok {
		return "`" + strings.TrimPrefix(ref, schemas) + "`"
	}
	text := ""
	switch types := schema["type"].(type) {
	case string:
		text = types
	case []any: // "string" and "null"
		text = types[0].(string) + " or null"
	}
	switch {
	case strings.HasPrefix(text, "array"):
		return "list of " + kind(schema["items"].(object))
	case schema["format"] == "date-time":
		return "time"
	}
	return text
}
