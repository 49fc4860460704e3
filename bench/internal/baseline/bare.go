package baseline

import (
	"io"
	"net/http"

	"github.com/redis/go-redis/v9"
)

// Bare answers everything with the same bytes: the least that net/http does for
// a request whose body is read.
func Bare(answer []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		writeJSON(w, answer)
	})
}

// Redis answers with what stands under the key in the path: net/http and one GET.
func Redis(url string) (http.Handler, error) {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		body, err := client.Get(r.Context(), r.URL.Path[1:]).Bytes()
		if err != nil {
			http.Error(w, "not there", http.StatusNotFound)
			return
		}
		writeJSON(w, body)
	}), nil
}
