package baseline

import (
	"io"
	"net/http"

	"github.com/redis/go-redis/v9"
)

// Bare sends the same bytes in response to every request, and reads its body: the minimum that
// net/http does.
func Bare(answer []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		writeJSON(w, answer)
	})
}

// Redis responds with the value of the key in the path: net/http and one GET.
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
