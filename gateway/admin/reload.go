package admin

import (
	"net/http"

	"tributary/gateway/httpserver"
)

// Reloaded is the result of a reload of the settings, by their keys in the file.
type Reloaded struct {
	Reloaded   []string `json:"reloaded"`     // have new values
	Restart    []string `json:"need_restart"` // have new values once the gateway is started again
	Overridden []string `json:"overridden"`   // have no effect, each with what has: a flag or a variable
}

// Reload reads the settings again:
//
//	POST /admin/reload
//
// 200 means that they are valid and have taken effect as far as [Reloaded] says; 422 that they
// are not valid, and that those before are still in effect. Pages of other origins are refused.
func Reload(reload func() (Reloaded, error)) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := protection.Check(r); err != nil {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusForbidden, Code: "FORBIDDEN",
				Detail: "cross-origin requests may not reload the settings"})
			return
		}
		outcome, err := reload()
		if err != nil {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusUnprocessableEntity, Code: "BAD_USER_INPUT",
				Detail: err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, outcome)
	})
}
