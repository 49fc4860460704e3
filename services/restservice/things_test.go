package restservice_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/goleak"

	"tributary/services/restservice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type thing struct {
	ID string `json:"id" doc:"The id that was asked for."`
}

// newThings is a service that has every thing but the one called "broken",
// and takes things with POST.
func newThings(o restservice.Options) *restservice.Service {
	s := restservice.New(restservice.Info{Name: "thing-service", Title: "Things", Version: "1.0.0"}, o)
	restservice.Route(s, huma.Operation{
		OperationID: "get-thing", Method: http.MethodGet, Path: "/things/{id}",
	}, restservice.ResponseDocs{http.StatusOK: "The thing."}, func(_ context.Context, in *restservice.IDParam) (*restservice.Found[thing], error) {
		if in.ID == "broken" {
			return nil, errors.New("secret")
		}
		return &restservice.Found[thing]{Body: &thing{string(in.ID)}}, nil
	})
	restservice.Route(s, huma.Operation{
		OperationID: "take-thing", Method: http.MethodPost, Path: "/things",
	}, restservice.ResponseDocs{http.StatusOK: "The thing."}, func(_ context.Context, in *struct{ Body thing }) (*restservice.Found[thing], error) {
		return &restservice.Found[thing]{Body: &in.Body}, nil
	})
	return s
}

func Example() {
	things := map[string]*thing{"t1": {ID: "t1"}}
	s := restservice.New(restservice.Info{Name: "thing-service", Title: "Things", Version: "1.0.0"}, restservice.Options{})
	restservice.Route(s, huma.Operation{
		OperationID: "get-thing", Method: http.MethodGet, Path: "/things/{id}",
	}, restservice.ResponseDocs{
		http.StatusOK:       "The thing.",
		http.StatusNotFound: "Nothing has this id.",
	}, restservice.Lookup(things, "nothing has this id"))

	for _, path := range []string{"/things/t1", "/things/t2", "/health"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Header.Set("X-Request-Id", "example")
		s.ServeHTTP(w, r)
		fmt.Fprint(os.Stdout, w.Code, " ", w.Body)
	}
	// Output:
	// 200 {"id":"t1"}
	// 404 {"type":"about:blank","title":"Not Found","status":404,"detail":"nothing has this id","code":"NOT_FOUND","request_id":"example"}
	// 200 {"status":"healthy","service":"thing-service"}
}
