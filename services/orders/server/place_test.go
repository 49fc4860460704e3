package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tributary/services/orders/server"
	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
)

// A placed order is the last in the list of its user, pending, with an exact total, and
// what was in the list stays as it was.
func TestPlaceOrder_Stored(t *testing.T) {
	srv := restservicetest.Start(t, server.New(restservice.Options{}))
	list := func() (all []server.Order) {
		got := restservicetest.Send(t, srv, http.MethodGet, "/orders/user/user123", "")
		if err := json.Unmarshal([]byte(got.Body), &all); err != nil {
			t.Fatalf("%s: %v", got.Body, err)
		}
		return all
	}
	before := list()
	got := restservicetest.Send(t, srv, http.MethodPost, "/orders", `{"user_id":"user123","items":[
		{"product_id":"a","quantity":3,"price":0.1},{"product_id":"b","quantity":100000,"price":999999999999.999999},
		{"product_id":"c","quantity":1,"price":0}]}`)
	var placed server.Order
	if err := json.Unmarshal([]byte(got.Body), &placed); err != nil || got.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s: %v", got.StatusCode, got.Body, err)
	}
	if placed.Status != "pending" || placed.TotalAmount != "100000000000000000.200000" || len(placed.Items) != 3 ||
		placed.ID == "" || placed.CreatedAt == "" {
		t.Errorf("%+v", placed)
	}
	if at := got.Header.Get("Location"); at != "/orders/user/user123" {
		t.Errorf("Location is %q", at)
	}
	after := list()
	if len(after) != len(before)+1 || after[len(before)].ID != placed.ID || after[0].ID != before[0].ID {
		t.Errorf("the list was %v and is %v", before, after)
	}
}

// The body names the members that are wrong, for forms.
func TestPlaceOrder_FieldErrors(t *testing.T) {
	srv := restservicetest.Start(t, server.New(restservice.Options{}))
	got := restservicetest.Send(t, srv, http.MethodPost, "/orders", `{"user_id":"u1","items":[
		{"product_id":"a","quantity":1,"price":1},{"product_id":"b","quantity":0,"price":1e9}]}`)
	p := got.WantProblem(t, http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY")
	var pointers []string
	for _, e := range p.Errors {
		pointers = append(pointers, e.Pointer)
	}
	if strings.Join(pointers, " ") != "#/items/1/quantity" && strings.Join(pointers, " ") != "#/items/1/quantity #/items/1/price" {
		t.Errorf("errors at %v", pointers)
	}
}
