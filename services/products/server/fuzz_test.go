package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/services/products/server"
	"tributary/services/restservice"
)

func FuzzBatch(f *testing.F) {
	for _, body := range []string{
		`{"product_ids":["prod1","prod2"]}`, `{"product_ids":["prod1","prod1",""]}`, `{"PRODUCT_IDS":["p1"]}`,
		`{"product_ids":{}}`, `{"product_ids":["\ud800"]}`, `[]`, `null`, ``, `{`, "\xff",
	} {
		f.Add(body)
	}
	service := server.New(restservice.Options{})
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		service.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/products/batch", strings.NewReader(body)))
		switch w.Code {
		case http.StatusOK:
			var found []*server.Product
			if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil || found == nil {
				t.Errorf("%q is answered with %s", body, w.Body)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q is refused with %s", body, w.Body)
			}
		default:
			t.Errorf("%q is answered %d with %s", body, w.Code, w.Body)
		}
	})
}
