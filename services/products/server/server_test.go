package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tributary/services/products/server"
	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
)

const (
	one  = "GET /products/{id}"
	many = "POST /products/batch"

	laptop = `{"id":"prod1","name":"Ноутбук","description":"Ноутбук для работы и учёбы, 16 ГБ памяти","price":999.99,"category":"Компьютеры","stock_quantity":50}`
	phone  = `{"id":"prod2","name":"Смартфон","description":"Смартфон с ярким экраном и большой батареей","price":699.50,"category":"Телефоны","stock_quantity":120}`
)

// question returns a batch request for n different ids.
func question(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("p%d", i+1)
	}
	body, err := json.Marshal(map[string][]string{"product_ids": ids})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func TestService(t *testing.T) {
	restservicetest.Suite{
		New:      server.New,
		Name:     "product-service",
		Document: "../openapi.yaml",
		Requests: []restservicetest.Request{
			{Name: "gives the laptop", Route: one, Path: "/products/prod1", Status: http.StatusOK, Want: laptop},
			{Name: "knows no product of an unknown id", Route: one, Path: "/products/nothing", Status: http.StatusNotFound},
			{Name: "takes batch for an id where it may be one", Route: one, Path: "/products/batch", Status: http.StatusNotFound},
			{Name: "refuses an id that is not UTF-8", Route: one, Path: "/products/%FF", Status: http.StatusBadRequest},
			{Name: "refuses an empty id", Route: one, Path: "/products/", Status: http.StatusBadRequest},

			{Name: "gives many", Route: many, Path: "/products/batch", Body: `{"product_ids":["prod1","prod2"]}`,
				Status: http.StatusOK, Want: "[" + laptop + "," + phone + "]"},
			{Name: "leaves unknown ids out and answers repeated ones once", Route: many, Path: "/products/batch",
				Body: `{"product_ids":["prod2","nothing","prod2"]}`, Status: http.StatusOK, Want: "[" + phone + "]"},
			{Name: "gives nothing for nothing", Route: many, Path: "/products/batch", Body: `{"product_ids":[]}`,
				Status: http.StatusOK, Want: "[]"},
			{Name: "gives nothing for ids that are all unknown", Route: many, Path: "/products/batch",
				Body: `{"product_ids":["x"]}`, Status: http.StatusOK, Want: "[]"},
			{Name: "passes over fields that it doesn't know", Route: many, Path: "/products/batch",
				Body: `{"product_ids":["prod1"],"locale":"ru"}`, Status: http.StatusOK, Want: "[" + laptop + "]"},
			{Name: "takes 100 ids", Route: many, Path: "/products/batch", Body: question(100), Status: http.StatusOK},
			{Name: "takes a charset", Route: many, Path: "/products/batch", Type: "Application/JSON ; charset=utf-8",
				Body: `{"product_ids":["prod1"]}`, Status: http.StatusOK, Want: "[" + laptop + "]"},

			{Name: "refuses 101 ids", Route: many, Path: "/products/batch", Body: question(101), Status: http.StatusBadRequest},
			{Name: "refuses an empty id among others", Route: many, Path: "/products/batch",
				Body: `{"product_ids":["prod1",""]}`, Status: http.StatusBadRequest},
			{Name: "refuses an id of 257 bytes among others", Route: many, Path: "/products/batch",
				Body: `{"product_ids":["` + strings.Repeat("a", 257) + `"]}`, Status: http.StatusBadRequest},
			{Name: "refuses numbers for ids", Route: many, Path: "/products/batch", Body: `{"product_ids":[1]}`,
				Status: http.StatusBadRequest},
			{Name: "refuses null for ids", Route: many, Path: "/products/batch", Body: `{"product_ids":null}`,
				Status: http.StatusBadRequest},
			{Name: "refuses a list for the object", Route: many, Path: "/products/batch", Body: `["prod1"]`, Status: http.StatusBadRequest},
			{Name: "refuses an object without ids", Route: many, Path: "/products/batch", Body: `{}`, Status: http.StatusBadRequest},
			{Name: "refuses half a JSON text", Route: many, Path: "/products/batch", Body: `{"product_ids":`,
				Status: http.StatusBadRequest},
			{Name: "refuses two JSON texts", Route: many, Path: "/products/batch", Body: `{"product_ids":[]}{}`,
				Status: http.StatusBadRequest},
			{Name: "refuses an empty body", Route: many, Path: "/products/batch", Status: http.StatusBadRequest},
			{Name: "refuses text that is not UTF-8", Route: many, Path: "/products/batch",
				Body: "{\"product_ids\":[\"\xff\"]}", Status: http.StatusBadRequest},
			{Name: "refuses a body that is too large", Route: many, Path: "/products/batch",
				Body: strings.Repeat(" ", 256<<10+1), Status: http.StatusRequestEntityTooLarge},
			{Name: "refuses a form", Route: many, Path: "/products/batch", Type: "application/x-www-form-urlencoded",
				Body: "product_ids=prod1", Status: http.StatusUnsupportedMediaType},
		},
	}.Run(t)
}

func TestProblem_NamesField(t *testing.T) {
	srv := restservicetest.Start(t, server.New(restservice.Options{}))
	for _, c := range []struct{ body, want string }{
		{`{"product_ids":["prod1","secret\u0007"]}`, "body.product_ids[1]: an id must not contain control characters"},
		{`{"product_ids":["prod1",7]}`, "body.product_ids[1]: expected string"},
		{`{"ids":["secret"]}`, "body: expected required property product_ids to be present"},
		{question(101), "body.product_ids: expected array length <= 100"},
	} {
		got := restservicetest.Send(t, srv, http.MethodPost, "/products/batch", c.body)
		if p := got.WantProblem(t, http.StatusBadRequest, "BAD_USER_INPUT"); p.Detail != c.want {
			t.Errorf("the complaint about %.40s is %q, want %q", c.body, p.Detail, c.want)
		}
	}
}

// The order service reckons with the same prices and has the same test.
func TestData_PricesMatchOrders(t *testing.T) {
	srv := restservicetest.Start(t, server.New(restservice.Options{}))
	for id, price := range map[string]string{
		"prod1": "999.99", "prod2": "699.50", "prod3": "149.00", "p1": "59.27", "p19": "947.93", "p20": "17.30", "p200": "83.90",
	} {
		got := restservicetest.Send(t, srv, http.MethodGet, "/products/"+id, "")
		if !strings.Contains(got.Body, `"price":`+price+`,`) {
			t.Errorf("%s costs something else than %s: %s", id, price, got.Body)
		}
	}
}
