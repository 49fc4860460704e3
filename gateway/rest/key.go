package rest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// noValues is the key of a call all of whose values are absent: a key is never empty.
const noValues = "*"

// A Param is a value of a key, by the name of its placeholder.
type Param struct {
	name    string
	values  []string // several for a list, none if it is absent
	unknown bool     // without it there is no key
}

// Arg is an argument that is always given.
func Arg[V any](name string, v V) Param { return Param{name: name, values: []string{Text(v)}} }

// OptionalArg is an argument that is left out of the call if it is nil.
func OptionalArg[V any](name string, v *V) Param {
	if v == nil {
		return Param{name: name}
	}
	return Arg(name, *v)
}

// ListArg is an argument with several values, left out of the call if it has none.
func ListArg[V any](name string, v []V) Param {
	p := Param{name: name, values: make([]string, len(v))}
	for i := range v {
		p.values[i] = Text(v[i])
	}
	return p
}

// Of is a field of the parent. Without a value there is nothing to load.
func Of[V any](name string, v V) Param {
	p := Arg(name, v)
	p.unknown = p.values[0] == ""
	return p
}

// OptionalOf is a field of the parent that may be null. Then there is nothing to load.
func OptionalOf[V any](name string, v *V) Param {
	if v == nil {
		return Param{name: name, unknown: true}
	}
	return Of(name, *v)
}

// Text is a value as it stands in a URL.
func Text[V any](v V) string {
	if s, ok := any(v).(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

// OptionalText is [Text] of *v, and "" if v is nil.
func OptionalText[V any](v *V) string {
	if v == nil {
		return ""
	}
	return Text(*v)
}

// JSON is a value as it is written in the body of a call.
func JSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // a value that was decoded from JSON
		panic(err)
	}
	return string(b)
}

// Key returns the key with the values of params, in their order. It is "" if there is
// nothing to load.
func Key(params ...Param) string {
	var key strings.Builder
	for _, p := range params {
		if p.unknown {
			return ""
		}
		for _, v := range p.values {
			if key.Len() > 0 {
				key.WriteByte('&')
			}
			key.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(v))
		}
	}
	if key.Len() == 0 {
		return noValues
	}
	return key.String()
}

// Args are the values of a key.
type Args struct {
	id    string // the key is the value of the only placeholder
	named url.Values
}

// parseKey undoes Key.
func parseKey(key string) Args {
	if key == noValues {
		return Args{named: url.Values{}}
	}
	named, err := url.ParseQuery(key)
	if err != nil { // it was not made by Key
		named = url.Values{}
	}
	return Args{named: named}
}

// Get returns the value of a placeholder, "" if it is absent.
func (a Args) Get(name string) string {
	if a.named == nil {
		return a.id
	}
	return a.named.Get(name)
}

func (a Args) all(name string) []string {
	if a.named == nil {
		return []string{a.id}
	}
	return a.named[name]
}
