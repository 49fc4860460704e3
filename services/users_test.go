package services_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/internal/testkit/clienttest"
	"tributary/services"
)

func usersOver(t testing.TB, h http.HandlerFunc) rest.Source[*services.User] {
	t.Helper()
	return services.UserByID(clienttest.NewClient(t, "users", h))
}

const ivan = `{"id":"u1","username":"ivan","email":"ivan@example.com","full_name":"Иван","is_active":true,"created_at":"2024-01-15T10:30:00Z"}`

func TestUser_Responses(t *testing.T) {
	want := &services.User{ID: "u1", Username: "ivan", Email: "ivan@example.com", FullName: "Иван", IsActive: true,
		CreatedAt: "2024-01-15T10:30:00Z"}
	replace := func(old, with string) string { return strings.Replace(ivan, old, with, 1) }
	for name, c := range map[string]struct {
		status int
		body   string
		want   *services.User
		fail   fault.Kind // Internal for none
	}{
		"as documented":       {200, ivan, want, 0},
		"with unknown fields": {200, replace(`{`, `{"zodiac":{"sign":["x"]},`), want, 0},
		"with names that are nearly known": {200,
			replace(`}`, `,"ID":"u2","userName":7,"full-name":null,"Email":{},"createdat":0}`), want, 0},
		"after white space":               {200, " \r\n\t" + ivan, want, 0},
		"with a time that lacks its zone": {200, replace(`10:30:00Z`, `10:30:00`), want, 0},
		"404":                             {404, `{"code":"not_found"}`, nil, 0},
		"404 without a body":              {404, ``, nil, 0},
		"404 with a page":                 {404, `404 page not found`, nil, fault.InvalidResponse},
		"200 with an error in the place of a user": {200, `{"error":"User not found"}`, nil, 0},
		"an empty object":                          {200, `{}`, nil, 0},
		"an id that is null":                       {200, replace(`"u1"`, `null`), nil, 0},
		"an id that is empty":                      {200, replace(`"u1"`, `""`), nil, 0},
		"another user":                             {200, replace(`"u1"`, `"u2"`), nil, 0},
		"an id of the wrong type":                  {200, replace(`"u1"`, `1`), nil, fault.InvalidResponse},
		"a name of the wrong type":                 {200, replace(`"ivan"`, `7`), nil, fault.InvalidResponse},
		"a bool of the wrong type":                 {200, replace(`true`, `"yes"`), nil, fault.InvalidResponse},
		"a time that is none":                      {200, replace(`2024-01-15T10:30:00Z`, `yesterday`), nil, fault.InvalidResponse},
		"a time of the wrong type":                 {200, replace(`"2024-01-15T10:30:00Z"`, `1705314600`), nil, fault.InvalidResponse},
		"a needed field that is missing":           {200, replace(`"email":"ivan@example.com",`, ``), nil, fault.InvalidResponse},
		"a needed field that is null":              {200, replace(`true`, `null`), nil, fault.InvalidResponse},
		"null":                                     {200, `null`, nil, fault.InvalidResponse},
		"a list":                                   {200, `[` + ivan + `]`, nil, fault.InvalidResponse},
		"a string":                                 {200, `"u1"`, nil, fault.InvalidResponse},
		"half a user":                              {200, ivan[:40], nil, fault.InvalidResponse},
		"two users":                                {200, ivan + ivan, nil, fault.InvalidResponse},
		"a page":                                   {200, `<html>It works!</html>`, nil, fault.InvalidResponse},
		"nothing":                                  {200, ``, nil, fault.InvalidResponse},
		"a user with status 500":                   {500, ivan, nil, fault.Unavailable},
		"a refusal":                                {403, `{}`, nil, fault.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := usersOver(t, clienttest.Answer(c.status, c.body)).Load(t.Context(), []string{"u1"})
			clienttest.AssertKind(t, batch.ErrorOf(err, "u1"), "users", c.fail)
			if !reflect.DeepEqual(got["u1"], c.want) {
				t.Errorf("got %+v, want %+v", got["u1"], c.want)
			}
			if _, ok := got["u1"]; ok != (c.want != nil) {
				t.Error("a user that is not there has an entry")
			}
		})
	}
}

func TestUser_OneCallPerID(t *testing.T) {
	var calls atomic.Int32
	c := usersOver(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		switch r.URL.Path {
		case "/users/u1":
			_, _ = io.WriteString(w, ivan)
		case "/users/broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	got, err := c.Load(t.Context(), []string{"u1", "broken", "unknown"})
	if got["u1"] == nil || len(got) != 1 {
		t.Errorf("got %v", got)
	}
	clienttest.AssertKind(t, batch.ErrorOf(err, "broken"), "users", fault.Unavailable)
	clienttest.AssertKind(t, batch.ErrorOf(err, "unknown"), "users", fault.Internal)
	if n := calls.Load(); n != 3 {
		t.Errorf("%d calls for 3 ids", n)
	}
}

func TestUser_IDIsOneSegment(t *testing.T) {
	for _, id := range []string{"a/b", "..", ".", "%2F", "a b", "?x=1#y", "пользователь", "../users/admin"} {
		t.Run(id, func(t *testing.T) {
			c := usersOver(t, func(w http.ResponseWriter, r *http.Request) {
				asked, ok := strings.CutPrefix(r.URL.Path, "/users/")
				if !ok || strings.Count(r.URL.EscapedPath(), "/") != 2 {
					t.Errorf("asked for %s", r.URL.EscapedPath())
				}
				body, _ := json.Marshal(services.User{ID: asked, CreatedAt: "2024-01-15T10:30:00Z"})
				_, _ = w.Write(body)
			})
			got, err := c.Load(t.Context(), []string{id})
			if err != nil || got[id] == nil {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// Whatever an answer is, it is a user, no user, or an answer that makes no
// sense; and a user is the same after a stay in the cache.
func FuzzUser(f *testing.F) {
	f.Add(ivan)
	f.Add(`{"error":"User not found"}`)
	f.Add(`{"id":"u1","id":"u2"}`)
	f.Add(`[]`)
	var body atomic.Value
	c := usersOver(f, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body.Load().(string)) })
	f.Fuzz(func(t *testing.T, answer string) {
		body.Store(answer)
		got, err := c.Load(t.Context(), []string{"u1"})
		if err != nil {
			clienttest.AssertKind(t, batch.ErrorOf(err, "u1"), "users", fault.InvalidResponse)
		}
		u := got["u1"]
		if u == nil {
			return
		}
		if err != nil || u.ID != "u1" || u.CreatedAt == "" {
			t.Errorf("%q gave %+v with %v", answer, u, err)
		}
		kept, err := json.Marshal(u)
		var again services.User
		if err != nil || json.Unmarshal(kept, &again) != nil || again != *u {
			t.Errorf("%+v is %+v after a stay in the cache", u, again)
		}
	})
}
