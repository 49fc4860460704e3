// Package add writes the schema file of a service from its OpenAPI document.
package add

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"tributary/cmd/trib/internal/openapi"
	"tributary/cmd/trib/internal/schema"
)

// Options say what is added.
type Options struct {
	Service       string
	Document      string   // a file
	URL           string   // the base URL, "" for that of the document
	Operations    []string // by id, or by call; none for all reads
	Read          []string // the POSTs that read
	TrustRequired bool     // whether required members are there
}

// Run writes graph/schema/NAME.graphqls for a service, and prints what it has understood.
// If it fails nothing is written.
func Run(o Options, stdout io.Writer) error {
	if err := schema.CheckServiceName(o.Service); err != nil {
		return err
	}
	p, err := readProject()
	if err != nil {
		return err
	}
	file := filepath.ToSlash(filepath.Join(schemaDir, o.Service+".graphqls"))
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists, and is yours: edit it, or delete it to have it written anew", file)
	}
	for _, s := range p.graph.Services {
		if s.Name == o.Service {
			return fmt.Errorf("there is a service %q already, in %s", s.Name, s.At.Src.Name)
		}
	}
	doc, err := openapi.Load(o.Document)
	if err != nil {
		return err
	}
	pl := newPlan(o, doc, p)
	if err := pl.make(); err != nil {
		return err
	}
	text := pl.text()
	if err := p.check(file, text); err != nil {
		return fmt.Errorf("the schema made from %s is invalid, so nothing is written: %w", o.Document, err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // G306: source code
		return err
	}
	_, err = io.WriteString(stdout, pl.summary(file))
	return err
}

// A plan is the schema that is built from a document.
type plan struct {
	opts    Options
	doc     *openapi.Document
	project *project

	operations []*operation
	types      []*definition
	byName     map[string]*definition
	bySchema   map[*openapi.Schema]*definition
	query      *definition
	mutation   *definition
	extensions []*definition
	entities   []*entity
	camel      bool // most names are in camel case

	notes []string // what is left out, and why
	lines []string // of the summary
}

// An operation is one that becomes fields.
type operation struct {
	*openapi.Operation
	result *result
	write  bool
	entity *entity // that it loads by key
	typ    string
}

func newPlan(o Options, doc *openapi.Document, p *project) *plan {
	return &plan{
		opts: o, doc: doc, project: p,
		byName: map[string]*definition{}, bySchema: map[*openapi.Schema]*definition{},
		query:    &definition{kind: "type", name: "Query", extends: true},
		mutation: &definition{kind: "type", name: "Mutation", extends: true},
	}
}

func (p *plan) make() error {
	if err := p.choose(); err != nil {
		return err
	}
	p.findCasing()
	for _, o := range p.operations {
		p.typeOfResult(o)
	}
	p.findEntities()
	for _, o := range p.operations {
		p.addField(o)
	}
	p.addLists()
	p.addJoins()
	if len(p.query.fields)+len(p.mutation.fields) == 0 {
		reason := "it has no operation that reads JSON"
		if len(p.notes) > 0 {
			reason = p.notes[0]
		}
		return fmt.Errorf("%s: nothing can be added: %s", p.doc.File, reason)
	}
	return nil
}

// leaveOut notes what is not in the schema, and why.
func (p *plan) leaveOut(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	for _, n := range p.notes {
		if n == note {
			return
		}
	}
	p.notes = append(p.notes, note)
}

// choose chooses the operations: those that are named, or all that read.
func (p *plan) choose() error {
	for _, name := range append(append([]string(nil), p.opts.Operations...), p.opts.Read...) {
		if p.named(name) == nil {
			return fmt.Errorf("%s: there is no operation %q: its operations are %s", p.doc.File, name, p.names())
		}
	}
	for _, o := range p.doc.Operations {
		chosen := len(p.opts.Operations) == 0
		asRead := false
		for _, name := range p.opts.Operations {
			chosen = chosen || named(o, name)
		}
		for _, name := range p.opts.Read {
			asRead = asRead || named(o, name)
		}
		op := &operation{Operation: o, result: resultOf(o)}
		op.write = o.Method != http.MethodGet && !asRead && keysOf(op) == nil
		byName := len(p.opts.Operations) > 0
		switch {
		case !chosen && !asRead:
		case op.write && !byName:
			p.leaveOut("%s (%s): it writes; name it to add it", o.Call(), o.ID)
		case o.Problem != "":
			p.leaveOut("%s: %s", o.Call(), o.Problem)
		case op.result == nil && (!op.write || !o.Empty):
			p.leaveOut("%s: it does not answer with JSON", o.Call())
		default:
			p.operations = append(p.operations, op)
		}
	}
	return nil
}

func (p *plan) named(name string) *openapi.Operation {
	for _, o := range p.doc.Operations {
		if named(o, name) {
			return o
		}
	}
	return nil
}

// named reports whether name is that of an operation: its id, its call, or the name that its
// field gets or would have with its verb.
func named(o *openapi.Operation, name string) bool {
	return name == o.ID || name == o.Call() || name == fieldName(o) || o.ID != "" && name == withoutPath(o)
}

func (p *plan) names() string {
	names := make([]string, 0, len(p.doc.Operations))
	for _, o := range p.doc.Operations {
		name := o.ID
		if name == "" {
			name = o.Call()
		}
		names = append(names, name)
	}
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// findCasing finds out how the service spells most names of several words.
func (p *plan) findCasing() {
	snake, camels := 0, 0
	seen := map[*openapi.Schema]bool{}
	var count func(s *openapi.Schema)
	count = func(s *openapi.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		for _, property := range s.Properties {
			switch {
			case strings.Contains(strings.Trim(property.Name, "_"), "_"):
				snake++
			case schema.Snake(property.Name) != property.Name:
				camels++
			}
			count(property.Schema)
		}
		count(s.Items)
		for _, v := range s.Variants {
			count(v.Schema)
		}
	}
	for _, o := range p.operations {
		count(o.Result)
	}
	p.camel = camels > snake
}
