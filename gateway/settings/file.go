package settings

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds what is read of a file: settings are short.
const maxFile = 1 << 20

// file is a flat YAML document: keys and scalar values.
type file struct {
	name   string
	values map[string]value
}

type value struct {
	text string // as it is written, without quotes
	line int
}

// File returns the name of the settings file, "" if there is none.
func (s *Settings) File() string { return s.file.name }

// Load reads the settings file. Errors have its name and the line.
func (s *Settings) Load(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("settings file: %w", err)
	}
	if info.Size() > maxFile {
		return fmt.Errorf("settings file %s: longer than %d bytes", name, maxFile)
	}
	text, err := os.ReadFile(name) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return fmt.Errorf("settings file: %w", err)
	}
	values, err := parse(text)
	if err != nil {
		return fmt.Errorf("settings file %s%w", name, err)
	}
	s.file = &file{name: name, values: values}
	return nil
}

// lineError is an error in a line of a file. Its text is meant to follow the file's name.
type lineError struct {
	line int
	what string
}

func (e *lineError) Error() string { return fmt.Sprintf(":%d: %s", e.line, e.what) }

// parse returns the keys and values. A key without a value counts as absent.
func parse(text []byte) (map[string]value, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF")) // a byte order mark
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, notYAML(err)
	}
	values := map[string]value{}
	for i, d := range doc.Docs {
		if i > 0 && d.Body != nil {
			return nil, &lineError{d.Body.GetToken().Position.Line, "more than one document"}
		}
		if err := collect(d.Body, values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// notYAML returns an error with line and reason, but without text of the file, which may
// have secrets.
func notYAML(err error) error {
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok && syntax.Token != nil {
		return &lineError{syntax.Token.Position.Line, "not YAML: " + syntax.Message}
	}
	return errors.New(": not YAML")
}

func collect(body ast.Node, values map[string]value) error {
	var pairs []*ast.MappingValueNode
	switch body := body.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil
	case *ast.MappingNode:
		pairs = body.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{body}
	default:
		return &lineError{body.GetToken().Position.Line, "settings are written as key: value"}
	}
	for _, pair := range pairs {
		key := pair.Key.GetToken()
		if _, ok := values[key.Value]; ok {
			return &lineError{key.Position.Line, "key " + key.Value + " is there twice"}
		}
		switch v := pair.Value.(type) {
		case *ast.NullNode:
		case *ast.StringNode:
			values[key.Value] = value{v.Value, key.Position.Line}
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			values[key.Value] = value{v.GetToken().Value, key.Position.Line}
		default:
			return &lineError{key.Position.Line, "key " + key.Value + " must have a plain value"}
		}
	}
	return nil
}
