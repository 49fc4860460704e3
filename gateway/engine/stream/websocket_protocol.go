package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"tributary/gateway/engine"
	"tributary/gateway/internal/strictjson"

	"github.com/coder/websocket"
)

// subprotocol is the WebSocket subprotocol:
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
const subprotocol = "graphql-transport-ws"

// The types of its messages.
const (
	wsInit      = "connection_init"
	wsAck       = "connection_ack"
	wsPing      = "ping"
	wsPong      = "pong"
	wsSubscribe = "subscribe"
	wsNext      = "next"
	wsError     = "error"
	wsComplete  = "complete"
)

// closeReason is the reason for closing a WebSocket. Clients act on the code.
type closeReason struct {
	code   websocket.StatusCode
	reason string // at most 123 bytes
}

// The closings that the protocol defines, and our own.
var (
	closeSubprotocol = closeReason{4406, "Subprotocol not acceptable"}
	closeNotInit     = closeReason{4401, "Unauthorized"}
	closeForbidden   = closeReason{4403, "Forbidden"}
	closeInitTimeout = closeReason{4408, "Connection initialisation timeout"}
	closeSecondInit  = closeReason{4429, "Too many initialisation requests"}
	closeDuplicate   = closeReason{4409, "Subscriber for this id already exists"}
	closeGoingAway   = closeReason{websocket.StatusGoingAway, "Going away"}
	closeIdle        = closeReason{websocket.StatusNormalClosure, "Idle"}
	closeSlow        = closeReason{websocket.StatusPolicyViolation, "A message took too long"}
	closeOverloaded  = closeReason{websocket.StatusTryAgainLater, "Too many messages are in flight"}
)

// badMessage is the closing for an invalid message.
func badMessage(why string) *closeReason { return &closeReason{4400, why} }

// wsMessage is a message in either direction.
type wsMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`

	result *engine.Result // the payload of a message to the client; nil: Payload is
}

// chunks returns the message as JSON.
func (m wsMessage) chunks() engine.Chunks {
	var b bytes.Buffer
	engine.WriteJSON(&b, m)
	if m.result == nil {
		return engine.Chunks{b.Bytes()}
	}
	b.Truncate(b.Len() - len("}"))
	b.WriteString(`,"payload":`)
	return append(append(engine.Chunks{b.Bytes()}, m.result.Response().Line()...), []byte("}"))
}

// maxID is the maximum length of the id of an operation, in bytes. Each of its results
// repeats it.
const maxID = 256

// readMessage decodes a message of a client, except for its payload.
func readMessage(text []byte) (m wsMessage, bad *closeReason) {
	if !utf8.Valid(text) {
		return m, badMessage("a message must be text in UTF-8")
	}
	var failed error
	err := strictjson.EachMember(text, func(name []byte, value json.RawMessage) {
		switch string(name) {
		case "id":
			failed = errors.Join(failed, json.Unmarshal(value, &m.ID))
		case "type":
			failed = errors.Join(failed, json.Unmarshal(value, &m.Type))
		case "payload":
			m.Payload = value
		}
	})
	if err != nil || failed != nil {
		return m, badMessage("a message must be a JSON object with a type")
	}
	switch m.Type {
	case wsInit, wsPing, wsPong:
		return m, nil
	case wsSubscribe, wsComplete:
		if m.ID == "" || len(m.ID) > maxID {
			return m, badMessage(fmt.Sprintf("%s must have an id of at most %d bytes", m.Type, maxID))
		}
		return m, nil
	}
	return m, badMessage("the type of a message is not known")
}

// endsWithError reports whether the message for a result is an error, after which there is no
// other. A mutation that was stopped after a write has executed, and its message the value of
// [httptransport.SeenHeader], for which an error message has no place.
func endsWithError(r *engine.Result) bool { return r.Data == nil && r.Seen == "" }

// resultMessage returns the message for a result.
func resultMessage(id string, r *engine.Result) wsMessage {
	if !endsWithError(r) {
		return wsMessage{ID: id, Type: wsNext, result: r.WithSeen()}
	}
	var errs bytes.Buffer
	engine.WriteJSON(&errs, r.Errors)
	return wsMessage{ID: id, Type: wsError, Payload: errs.Bytes()}
}
