// Package baseline has what Tributary is measured against and on: the REST
// services below, and the least that a server of the same answers can do.
package baseline

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"tributary/bench/internal/shop"
)

// Upstreams are the three REST services in one handler. POST /delay?ms=20 delays every later
// call; GET /calls returns their number.
func Upstreams() http.Handler {
	var calls, delay atomic.Int64
	mux := http.NewServeMux()
	service := func(pattern string, answer func(*http.Request) ([]byte, bool)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			body, ok := answer(r)
			if d := delay.Load(); d > 0 {
				time.Sleep(time.Duration(d))
			}
			if !ok {
				http.NotFound(w, r)
				return
			}
			writeJSON(w, body)
		})
	}
	service("GET /users/{id}", func(r *http.Request) ([]byte, bool) { return shop.User(nil, r.PathValue("id")) })
	service("GET /orders/user/{id}", func(r *http.Request) ([]byte, bool) { return shop.Orders(nil, r.PathValue("id")), true })
	service("POST /products/batch", func(r *http.Request) ([]byte, bool) {
		var question struct {
			IDs []string `json:"product_ids"`
		}
		err := json.NewDecoder(r.Body).Decode(&question)
		return shop.Products(nil, question.IDs), err == nil
	})
	mux.HandleFunc("POST /delay", func(_ http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.FormValue("ms"))
		delay.Store(int64(time.Duration(ms) * time.Millisecond))
	})
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, strconv.AppendInt(nil, calls.Load(), 10)) })
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, []byte(`{"status":"healthy"}`)) })
	return mux
}

func writeJSON(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
