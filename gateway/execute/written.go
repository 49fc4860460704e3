package execute

import (
	"bytes"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// rooms has buffers that have grown to the size of a response. Growing a new one
// allocates about as much again as the response takes.
var rooms = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// roomKept is the capacity up to which buffers are reused.
const roomKept = 256 << 10

// Written returns what m writes, in a buffer of its own.
func Written(m graphql.Marshaler) *bytes.Buffer {
	room, _ := rooms.Get().(*bytes.Buffer)
	room.Reset()
	m.MarshalGQL(room)
	written := bytes.NewBuffer(bytes.Clone(room.Bytes()))
	if room.Cap() <= roomKept {
		rooms.Put(room)
	}
	return written
}
