package rest_test

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
)

// described is the document at /openapi.json.
type described struct {
	text   any
	schema *jsonschema.Compiler
}

func describe(t *testing.T) described {
	t.Helper()
	document, err := yaml.YAMLToJSON(rest.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	d := described{text, jsonschema.NewCompiler()}
	d.schema.AssertFormat()
	if err := d.schema.AddResource("openapi.json", text); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows keys, and references on the way, to a part of the document.
func (d described) at(t *testing.T, keys ...string) (part map[string]any, pointer string) {
	t.Helper()
	here := d.text
	for _, key := range keys {
		object, _ := here.(map[string]any)
		if ref, ok := object["$ref"].(string); ok {
			target, at := d.at(t, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			object, pointer = target, at
		}
		if here = object[key]; here == nil {
			t.Fatalf("the document has no %q in %s", key, pointer)
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
	}
	return here.(map[string]any), pointer
}

// holds checks status, headers and body of an answer to GET route.
func (d described) holds(t *testing.T, route string, got reply) {
	t.Helper()
	responses := []string{"paths", route, "get", "responses", strconv.Itoa(got.status)}
	headers, _ := d.at(t, append(responses, "headers")...)
	for name := range headers {
		header, _ := d.at(t, append(slices.Clone(responses), "headers", name)...)
		if ref, ok := header["$ref"].(string); ok {
			header, _ = d.at(t, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		if header["required"] == true && got.header.Get(name) == "" {
			t.Errorf("status %d has no %s", got.status, name)
		}
	}
	if got.status == http.StatusNotModified {
		return
	}
	media := strings.Split(got.header.Get("Content-Type"), ";")[0]
	_, pointer := d.at(t, append(responses, "content", media, "schema")...)
	schema, err := d.schema.Compile("openapi.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(got.text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(body); err != nil {
		t.Errorf("status %d: %v in %s", got.status, err, got.text)
	}
}

func TestOpenAPI_Responses(t *testing.T) {
	d := describe(t)
	for name, tt := range map[string]struct {
		id     string
		status int
		down   []string
	}{
		"all is well":          {"u1", 200, nil},
		"users are down":       {"u1", 200, []string{upstreamtest.Users}},
		"orders are down":      {"u1", 200, []string{upstreamtest.Orders}},
		"products are down":    {"u1", 200, []string{upstreamtest.Products}},
		"unknown user":         {"nobody", 404, nil},
		"the id cannot be one": {"a%00b", 400, nil},
		"nothing can be had":   {"u1", 503, []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products}},
	} {
		t.Run(name, func(t *testing.T) {
			g, up := usual(t)
			stopAll(up, tt.down...)
			got := g.get("/api/profile/" + tt.id)
			if got.status != tt.status {
				t.Fatalf("status %d, want %d", got.status, tt.status)
			}
			d.holds(t, "/api/profile/{id}", got)
			if tag := got.header.Get("ETag"); tag != "" {
				if again := g.get("/api/profile/"+tt.id, "If-None-Match", tag); again.status == http.StatusNotModified {
					d.holds(t, "/api/profile/{id}", again)
				}
			}
		})
	}
}

// The schemas name what they know: a field that is added and not described
// is noticed here, though the document allows it to clients.
func TestOpenAPI_FieldsDescribed(t *testing.T) {
	d := describe(t)
	g := serve(t, upstreamtest.New(t, upstreamtest.NewData(1, 1, 2, 2)), graphtest.DefaultSetup())
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(g.get("/api/profile/u1").text))
	if err != nil {
		t.Fatal(err)
	}
	described := func(schema string, object any) {
		t.Helper()
		properties, _ := d.at(t, "components", "schemas", schema, "properties")
		for field := range object.(map[string]any) {
			if properties[field] == nil {
				t.Errorf("%s has a field %q that the document does not describe", schema, field)
			}
		}
	}
	answer := body.(map[string]any)
	order := answer["orders"].([]any)[0].(map[string]any)
	described("ProfileAnswer", answer)
	described("User", answer["user"])
	described("Metadata", answer["metadata"])
	described("Order", order)
	described("OrderItem", order["items"].([]any)[0])
	for _, product := range answer["products"].(map[string]any) {
		described("Product", product)
	}
}

// Every answer of the profile has examples, which are as its schema says; each has another code.
func TestOpenAPI_Examples(t *testing.T) {
	d := describe(t)
	responses, _ := d.at(t, "paths", "/api/profile/{id}", "get", "responses")
	codes := map[any]bool{}
	for status := range responses {
		if status == "304" {
			continue
		}
		contents, _ := d.at(t, "paths", "/api/profile/{id}", "get", "responses", status, "content")
		for media := range contents {
			content, pointer := d.at(t, "paths", "/api/profile/{id}", "get", "responses", status, "content", media)
			schema, err := d.schema.Compile("openapi.json#" + pointer + "/schema")
			if err != nil {
				t.Fatal(err)
			}
			examples, _ := content["examples"].(map[string]any)
			if content["example"] != nil {
				examples = map[string]any{"problem": map[string]any{"value": content["example"]}}
			}
			if len(examples) == 0 {
				t.Errorf("%s has no example", status)
			}
			for name, example := range examples {
				value := example.(map[string]any)["value"]
				if err := schema.Validate(value); err != nil {
					t.Errorf("%s, %s: %v", status, name, err)
				}
				if code := value.(map[string]any)["code"]; code != nil && codes[code] {
					t.Errorf("%s: the code %s was there before", status, code)
				} else {
					codes[code] = true
				}
			}
		}
	}
}
