package restservice

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/browser"
	"tributary/gateway/faultinject"
	"tributary/gateway/httpserver"
)

const faultsNote = " There is no such path unless the service was started with its faults enabled."

type rulesOutput struct {
	Body []faultinject.Rule `nullable:"false" doc:"The rules in force. The first that fits a request decides."`
}

// routesOf adds the routes of fault injection to api.
func (f *faults) routesOf(api huma.API) {
	register(api, huma.Operation{
		OperationID: "put-faults",
		Method:      http.MethodPut,
		Path:        "/_faults",
		Summary:     "Break the service on purpose",
		Description: "Replaces the fault rules. Each route may be slowed down, made to fail for a share of its requests, to hang, to answer with garbage, or to lose its answers after it has executed the requests." + faultsNote,
		Tags:        []string{"operation"},
		RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Examples: ruleExamples()}}},
	}, ResponseDocs{
		http.StatusOK:         "The rules that are in force now.",
		http.StatusBadRequest: "An invalid rule; the detail names it and its field. The rules stay as they were.",
	}, f.put)
	register(api, huma.Operation{
		OperationID: "get-faults",
		Method:      http.MethodGet,
		Path:        "/_faults",
		Summary:     "Show how the service is being broken",
		Description: "Lists the fault rules in force." + faultsNote,
		Tags:        []string{"operation"},
	}, ResponseDocs{http.StatusOK: "The rules in force."}, f.get)
	register(api, huma.Operation{
		OperationID: "delete-faults",
		Method:      http.MethodDelete,
		Path:        "/_faults",
		Summary:     "Mend the service",
		Description: "Removes all fault rules." + faultsNote,
		Tags:        []string{"operation"},
	}, ResponseDocs{http.StatusNoContent: "No rules are in force."}, f.clear)
}

// rejectRebinding is middleware that refuses requests under names that may be someone else's, by
// which a page reaches the service through DNS rebinding. A name without a dot, such as that
// of a container, cannot be registered.
func rejectRebinding(_ string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !browser.IsLocalHost(r) && strings.Contains(r.Host, ".") {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusForbidden, Code: "FORBIDDEN",
				Detail: "faults are injected under localhost, IP addresses and names without a dot only, not under the Host of this request"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ruleExamples() map[string]*huma.Example {
	return map[string]*huma.Example{
		"slow": {Summary: "Everything takes 200 ms longer",
			Value: []faultinject.Rule{{Route: faultinject.EveryRoute, Latency: "200ms"}}},
		"failing": {Summary: "Every second request fails with 503",
			Value: []faultinject.Rule{{Route: faultinject.EveryRoute, ErrorRate: 0.5, Status: 503}}},
		"hanging": {Summary: "No request is answered", Value: []faultinject.Rule{{Route: faultinject.EveryRoute, Hang: true}}},
		"lost": {Summary: "Requests are executed and not answered",
			Value: []faultinject.Rule{{Route: faultinject.EveryRoute, Lost: true}}},
		"garbled": {Summary: "Answers are not JSON", Value: []faultinject.Rule{{Route: faultinject.EveryRoute, Garbage: true}}},
	}
}

func (f *faults) put(_ context.Context, in *struct {
	Body []faultinject.Rule `nullable:"false" maxItems:"100" doc:"The rules to put in force. The first that fits a request decides."`
}) (*rulesOutput, error) {
	routes := f.routes
	if routes == nil {
		routes = []string{} // not all
	}
	mistakes := f.rules.Set(in.Body, routes)
	details := make([]error, 0, len(mistakes))
	for _, m := range mistakes {
		details = append(details, &huma.ErrorDetail{Location: fmt.Sprintf("body[%d].%s", m.Rule, m.Member), Message: m.Message})
	}
	if len(details) > 0 {
		return nil, huma.Error400BadRequest("", details...)
	}
	return &rulesOutput{f.rules.List()}, nil
}

func (f *faults) get(context.Context, *struct{}) (*rulesOutput, error) {
	return &rulesOutput{f.rules.List()}, nil
}

func (f *faults) clear(context.Context, *struct{}) (*struct{}, error) {
	f.rules.Set(nil, nil)
	return nil, nil
}
