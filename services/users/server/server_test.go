package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
	"tributary/services/users/server"
)

func TestService(t *testing.T) {
	const route, update = "GET /users/{id}", "PATCH /users/{id}"
	restservicetest.Suite{
		New:      server.New,
		Name:     "user-service",
		Document: "../openapi.yaml",
		Requests: []restservicetest.Request{
			{Name: "gives Ivan", Route: route, Path: "/users/user123", Status: http.StatusOK,
				Want: `{"id":"user123","username":"ivan_ivanov","email":"ivan_ivanov@example.com","full_name":"Иван Иванов","is_active":true,"created_at":"2024-01-15T10:30:00Z"}`},
			{Name: "gives Anna", Route: route, Path: "/users/user456", Status: http.StatusOK,
				Want: `{"id":"user456","username":"anna_smirnova","email":"anna_smirnova@example.com","full_name":"Анна Смирнова","is_active":true,"created_at":"2024-02-20T14:45:00Z"}`},
			{Name: "gives the same generated user on each start", Route: route, Path: "/users/u17", Status: http.StatusOK,
				Want: `{"id":"u17","username":"pavel_morozov_17","email":"pavel_morozov_17@example.com","full_name":"Павел Морозов","is_active":true,"created_at":"2024-03-06T08:00:00Z"}`},
			{Name: "knows no user of an unknown id", Route: route, Path: "/users/nobody", Status: http.StatusNotFound},
			{Name: "knows no user of an id with a slash", Route: route, Path: "/users/user123%2Forders", Status: http.StatusNotFound},
			{Name: "refuses an id with a control character", Route: route, Path: "/users/a%07", Status: http.StatusBadRequest},
			{Name: "refuses an id that is too long", Route: route, Path: "/users/" + strings.Repeat("a", 257),
				Status: http.StatusBadRequest},
			{Name: "refuses an empty id", Route: route, Path: "/users/", Status: http.StatusBadRequest},

			{Name: "changes an address", Route: update, Path: "/users/u1", Body: `{"email":"new@example.com"}`, Status: http.StatusOK,
				Want: `{"id":"u1","username":"ivan_kuznetsov_1","email":"new@example.com","full_name":"Иван Кузнецов","is_active":true,"created_at":"2024-03-01T16:00:00Z"}`},
			{Name: "keeps the change, and makes the next", Route: update, Path: "/users/u1",
				Body: `{"full_name":"Иван Петров"}`, Status: http.StatusOK,
				Want: `{"id":"u1","username":"ivan_kuznetsov_1","email":"new@example.com","full_name":"Иван Петров","is_active":true,"created_at":"2024-03-01T16:00:00Z"}`},
			{Name: "gives the changed user", Route: route, Path: "/users/u1", Status: http.StatusOK,
				Want: `{"id":"u1","username":"ivan_kuznetsov_1","email":"new@example.com","full_name":"Иван Петров","is_active":true,"created_at":"2024-03-01T16:00:00Z"}`},
			{Name: "changes nothing", Route: update, Path: "/users/user456", Body: `{}`, Status: http.StatusOK},
			{Name: "cannot change an unknown user", Route: update, Path: "/users/nobody", Body: `{}`, Status: http.StatusNotFound},
			{Name: "refuses what is no address", Route: update, Path: "/users/u1", Body: `{"email":"nowhere"}`,
				Status: http.StatusUnprocessableEntity},
			{Name: "refuses an address with a name", Route: update, Path: "/users/u1",
				Body: `{"email":"Ivan <ivan@example.com>"}`, Status: http.StatusUnprocessableEntity},
			{Name: "refuses an address that is null", Route: update, Path: "/users/u1", Body: `{"email":null}`,
				Status: http.StatusUnprocessableEntity},
			{Name: "refuses a blank name", Route: update, Path: "/users/u1", Body: `{"full_name":" "}`,
				Status: http.StatusUnprocessableEntity},
			{Name: "refuses a list of changes", Route: update, Path: "/users/u1", Body: `[]`, Status: http.StatusUnprocessableEntity},
			{Name: "refuses what is not JSON", Route: update, Path: "/users/u1", Body: `{`, Status: http.StatusBadRequest},
			{Name: "refuses a form", Route: update, Path: "/users/u1", Type: "application/x-www-form-urlencoded",
				Body: `email=new@example.com`, Status: http.StatusUnsupportedMediaType},
		},
	}.Run(t)
}

func TestData_UniqueUsers(t *testing.T) {
	srv := restservicetest.Start(t, server.New(restservice.Options{}))
	names := map[string]bool{}
	for n := 1; n <= 1000; n++ {
		id := fmt.Sprintf("u%d", n)
		var u server.User
		got := restservicetest.Send(t, srv, http.MethodGet, "/users/"+id, "")
		if err := json.Unmarshal([]byte(got.Body), &u); err != nil {
			t.Fatalf("%s: %v", got.Body, err)
		}
		if u.ID != id || names[u.Username] || !strings.HasSuffix(u.Email, "@example.com") {
			t.Errorf("user %s: %+v", id, u)
		}
		names[u.Username] = true
	}
	if got := restservicetest.Send(t, srv, http.MethodGet, "/users/u1001", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("there is a u1001: %s", got.Body)
	}
}
