package server

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/restservice"
)

const unknownUser = "no user has this id"

// directory has the users by id. A user is never modified, only replaced, so that
// answers can be written without the lock.
type directory struct {
	mu   sync.RWMutex
	byID map[string]*User
}

// Changes are the members of a user that can be changed. Those that are left out stay.
type Changes struct {
	Email    optional `json:"email,omitempty" maxLength:"254" format:"email" pattern:"^[^<>\\s]+@[^<>\\s]+$" patternDescription:"a plain e-mail address" doc:"Where the user is written to." example:"ivan@example.com"`
	FullName optional `json:"full_name,omitempty" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"a name" doc:"What the user is called." example:"Иван Петров"`
}

// optional is a string that may be left out, but not be null.
type optional struct {
	value       string
	given, null bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *optional) UnmarshalJSON(b []byte) error {
	o.given, o.null = true, string(b) == "null"
	return json.Unmarshal(b, &o.value)
}

// Resolve refuses null, which huma takes for a member that was left out.
func (o optional) Resolve(_ huma.Context, place *huma.PathBuffer) []error {
	if o.null {
		return []error{&huma.ErrorDetail{Location: place.String(), Message: "expected string"}}
	}
	return nil
}

// Schema is that of a string.
func (optional) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

func (o optional) setTo(member *string) {
	if o.given {
		*member = o.value
	}
}

type updateInput struct {
	restservice.IDParam
	restservice.Keyed
	Body Changes
}

func (d *directory) get(_ context.Context, in *restservice.IDParam) (*restservice.Found[User], error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if u, ok := d.byID[string(in.ID)]; ok {
		return &restservice.Found[User]{Body: u}, nil
	}
	return nil, huma.Error404NotFound(unknownUser)
}

func (d *directory) update(_ context.Context, in *updateInput) (*restservice.Found[User], error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, ok := d.byID[string(in.ID)]
	if !ok {
		return nil, huma.Error404NotFound(unknownUser)
	}
	u := *old
	in.Body.Email.setTo(&u.Email)
	in.Body.FullName.setTo(&u.FullName)
	d.byID[u.ID] = &u
	return &restservice.Found[User]{Body: &u}, nil
}
