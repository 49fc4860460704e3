package entitycache

import (
	"reflect"
	"time"
)

// ShapeOf returns the shape of records with a body of type V.
func ShapeOf[V any]() uint64 { return shapeOf(reflect.TypeFor[V]()) }

// Get returns the entry of a name, or nil.
func (m *Memory) Get(name string) *Entry { return m.get(name, time.Now()) }

// Set stores an entry.
func (m *Memory) Set(name string, e *Entry) { m.set(name, e, time.Now()) }
