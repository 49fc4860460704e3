package openapi

import (
	"fmt"
	"mime"
	"strings"

	"tributary/gateway/rest"
)

// An Operation is a method of a path.
type Operation struct {
	ID         string
	Method     string
	Path       string
	Summary    string
	Params     []*Param
	Body       *Schema // of the request, nil if there is none
	BodyNeeded bool
	Result     *Schema // of the first response that succeeds, nil if it has no JSON
	Empty      bool    // it succeeds without a body
	Problem    string  // why it cannot be used
	Idempotent bool    // it takes Idempotency-Key
	Links      []Link  // from its response to other operations
}

// A Link says that a member of the response is a parameter of another operation.
type Link struct {
	Name      string
	Operation string // its id
	Param     string
	Member    string
}

// A Param is a parameter of an operation.
type Param struct {
	Name      string
	In        string // path, query, header or cookie
	Required  bool
	Schema    *Schema
	Separator string // between several values; "" repeats the parameter
	About     string
}

// Call is the operation as people call it: GET /things/{id}.
func (o *Operation) Call() string { return o.Method + " " + o.Path }

// PathParams returns the parameters in the path, in its order.
func (o *Operation) PathParams() (params []*Param) {
	for left := o.Path; ; {
		_, after, open := strings.Cut(left, "{")
		name, next, closed := strings.Cut(after, "}")
		if !open || !closed {
			return params
		}
		left = next
		p := o.param(name, "path")
		if p == nil { // the document forgets to declare it
			p = &Param{Name: name, In: "path", Required: true, Schema: &Schema{Type: String}}
		}
		params = append(params, p)
	}
}

// QueryParams returns the parameters in the query.
func (o *Operation) QueryParams() (params []*Param) {
	for _, p := range o.Params {
		if p.In == "query" {
			params = append(params, p)
		}
	}
	return params
}

func (o *Operation) param(name, in string) *Param {
	for _, p := range o.Params {
		if p.Name == name && p.In == in {
			return p
		}
	}
	return nil
}

// Operation returns the operation of a method and a path whose placeholders have no names.
func (d *Document) Operation(plain string) *Operation {
	for _, o := range d.Operations {
		if o.Method+" "+rest.Plain(o.Path) == plain {
			return o
		}
	}
	return nil
}

var methods = []string{"get", "post", "put", "patch", "delete"}

func (d *Document) readPath(path string, item object) {
	for _, m := range item {
		method := ""
		for _, known := range methods {
			if m.name == known {
				method = strings.ToUpper(known)
			}
		}
		definition, ok := m.value.(object)
		if method == "" || !ok {
			continue
		}
		o := &Operation{ID: definition.string("operationId"), Method: method, Path: path}
		o.Summary = firstLine(definition.string("summary"), definition.string("description"))
		for _, p := range append(append([]any(nil), item.list("parameters")...), definition.list("parameters")...) {
			if param, ok := d.resolve(p, d.File).(object); ok {
				d.readParam(o, param)
			}
		}
		if body, ok := d.resolve(definition.get("requestBody"), d.File).(object); ok {
			o.Body = d.content(body.object("content"))
			o.BodyNeeded = body.bool("required")
			if o.Body == nil {
				o.Problem = "its body is not JSON"
			}
		}
		d.readResponses(o, definition)
		d.Operations = append(d.Operations, o)
	}
}

func firstLine(texts ...string) string {
	for _, t := range texts {
		if line, _, _ := strings.Cut(strings.TrimSpace(t), "\n"); line != "" {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func (d *Document) readParam(o *Operation, definition object) {
	p := &Param{
		Name: definition.string("name"), In: definition.string("in"), Required: definition.bool("required"),
		About: firstLine(definition.string("description")),
	}
	switch {
	case p.In == "header" && strings.EqualFold(p.Name, "Idempotency-Key"):
		o.Idempotent = true
		return
	case p.In == "body":
		o.Body, o.BodyNeeded = d.schema(definition.get("schema"), d.File), p.Required
		return
	case p.In == "formData":
		o.Problem = "its body is a form"
		return
	case d.swagger2():
		p.Schema = d.schema(definition, d.File)
		p.Separator = map[string]string{"multi": "", "ssv": " ", "tsv": "\t", "pipes": "|"}[definition.string("collectionFormat")]
		if f := definition.string("collectionFormat"); f == "" || f == "csv" {
			p.Separator = ","
		}
	case definition.get("schema") == nil && definition.get("content") != nil:
		p.Schema = &Schema{Problem: "is written as JSON"}
	default:
		p.Schema = d.schema(definition.get("schema"), d.File)
		p.Separator = separator(definition)
		if members := p.members(definition); members != nil {
			for _, m := range members {
				o.setParam(m)
			}
			return
		}
	}
	o.setParam(p)
}

// setParam adds a parameter. One of the path is replaced by that of the operation.
func (o *Operation) setParam(p *Param) {
	for i, old := range o.Params {
		if old.Name == p.Name && old.In == p.In {
			o.Params[i] = p
			return
		}
	}
	o.Params = append(o.Params, p)
}

// members returns the parameters in the query that stand for the members of an object, nil
// if the parameter is not written this way.
func (p *Param) members(definition object) (all []*Param) {
	explode, given := definition.get("explode").(bool)
	style := definition.string("style")
	deep := style == "deepObject"
	if p.In != "query" || p.Schema.Type != Object || !deep && (style != "" && style != "form" || given && !explode) {
		return nil
	}
	for _, m := range p.Schema.Properties {
		if m.ReadOnly {
			continue
		}
		name := m.Name
		if deep {
			name = p.Name + "[" + m.Name + "]"
		}
		all = append(all, &Param{Name: name, In: "query", Required: p.Required &&
			m.Required, Schema: m.Schema, About: firstLine(m.Description())})
	}
	return all
}

func separator(definition object) string {
	if explode, ok := definition.get("explode").(bool); !ok || explode {
		if style := definition.string("style"); ok || style == "" || style == "form" {
			return ""
		}
	}
	switch definition.string("style") {
	case "spaceDelimited":
		return " "
	case "pipeDelimited":
		return "|"
	}
	return ","
}

// readResponses reads the first response that succeeds.
func (d *Document) readResponses(o *Operation, definition object) {
	responses := definition.object("responses")
	for _, status := range []string{"200", "201", "203", "2XX", "2xx", "202", "204", "205", "206", "default"} {
		response, ok := d.resolve(responses.get(status), d.File).(object)
		if !ok {
			continue
		}
		if d.swagger2() {
			if response.get("schema") == nil {
				o.Empty = true
				continue
			}
			if d.producesJSON(definition) {
				o.Result = d.schema(response.get("schema"), d.File)
			}
			o.Empty = false
			return
		}
		content := response.object("content")
		if len(content) == 0 {
			o.Empty = true
			continue
		}
		o.Empty = false
		o.Result = d.content(content)
		d.readLinks(o, response)
		return
	}
}

// readLinks reads the links with a single parameter that is a member of the response.
func (d *Document) readLinks(o *Operation, response object) {
	for _, l := range response.object("links") {
		link, _ := d.resolve(l.value, d.File).(object)
		params := link.object("parameters")
		if len(params) != 1 || link.string("operationId") == "" {
			continue
		}
		expression, _ := params[0].value.(string)
		member, ok := strings.CutPrefix(strings.Trim(expression, "{}"), "$response.body#/")
		if ok && !strings.Contains(member, "/") {
			_, name, _ := strings.Cut("."+params[0].name, ".")
			o.Links = append(o.Links, Link{l.name, link.string("operationId"), strings.TrimPrefix(name, "path."), member})
		}
	}
}

func (d *Document) producesJSON(definition object) bool {
	produces := definition.list("produces")
	if produces == nil {
		produces = d.root.list("produces")
	}
	for _, p := range produces {
		if isJSON(fmt.Sprint(p)) {
			return true
		}
	}
	return len(produces) == 0
}

// content returns the schema of the first media type that is JSON.
func (d *Document) content(content object) *Schema {
	for _, m := range content {
		if isJSON(m.name) {
			media, _ := m.value.(object)
			return d.schema(media.get("schema"), d.File)
		}
	}
	return nil
}

// isJSON reports whether a media type is JSON. A service that says */* writes JSON if it
// has a schema.
func isJSON(mediaType string) bool {
	t, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		t, _, _ = strings.Cut(mediaType, ";")
	}
	t = strings.ToLower(strings.TrimSpace(t))
	return t == "*/*" || strings.HasSuffix(t, "/json") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "json") &&
		strings.Contains(t, "/")
}
