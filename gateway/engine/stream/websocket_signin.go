package stream

import (
	"context"
	"encoding/json"

	"tributary/gateway/engine"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/internal/strictjson"
)

// authenticate returns a context of the viewer whom connection_init names.
func (c *socket) authenticate(ctx context.Context, payload json.RawMessage) (context.Context, *closeReason) {
	if c.signIn == nil {
		return ctx, nil
	}
	authorization, bad := authorizationOf(payload)
	if bad != nil {
		return ctx, bad
	}
	viewer, err := c.signIn.SignIn(ctx, authorization)
	switch {
	case err == nil:
		return viewer, nil
	case fault.From(err).Kind == fault.Unavailable: // it is not known whether the client may
		return ctx, &closeOverloaded
	}
	return ctx, &closeForbidden
}

// authorizationOf returns the authorization in the payload of connection_init. Clients have
// other members there as well.
func authorizationOf(payload json.RawMessage) (authorization string, bad *closeReason) {
	if len(payload) == 0 || string(payload) == "null" {
		return "", nil
	}
	found := 0
	err := strictjson.EachMember(payload, func(name []byte, value json.RawMessage) {
		if string(name) == "authorization" || string(name) == "Authorization" {
			found++
			if string(value) != "null" && json.Unmarshal(value, &authorization) != nil {
				found = 2
			}
		}
	})
	switch {
	case err != nil:
		return "", badMessage("the payload of connection_init must be an object")
	case found > 1: // not text, or two
		return "", &closeForbidden
	}
	return authorization, nil
}

// check refuses an operation of a viewer who is not signed in any more.
func (c *socket) check() *engine.Result {
	if c.signIn == nil {
		return nil
	}
	if err := c.signIn.Check(c.viewer); err != nil {
		return engine.Refused(refusal.From(err))
	}
	return nil
}
