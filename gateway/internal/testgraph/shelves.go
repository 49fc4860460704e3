package testgraph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// shelves are what the writes of a service have changed.
type shelves struct {
	mu        sync.Mutex
	names     map[string]string // of authors that have another
	titles    map[string]string // of books that have another
	published map[string]*Book
	keyed     map[string]*Book // what was published, by Idempotency-Key
}

func newShelves() *shelves {
	return &shelves{names: map[string]string{}, titles: map[string]string{}, published: map[string]*Book{}, keyed: map[string]*Book{}}
}

func (s *shelves) author(id string) *Author {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := authorOf(id)
	if a != nil {
		a.Name = cmp.Or(s.names[id], a.Name)
	}
	return a
}

func (s *shelves) book(id string) *Book {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := bookOf(id)
	if p := s.published[id]; p != nil {
		copied := *p
		b = &copied
	}
	if b != nil {
		b.Title = cmp.Or(s.titles[id], b.Title)
	}
	return b
}

// updateAuthor refuses a name that is null or empty, as a field error.
func (s *shelves) updateAuthor(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	var input map[string]*string
	switch {
	case s.author(id) == nil:
		refuse(w, http.StatusNotFound, `{"title":"Not Found","detail":"there is no such author"}`)
		return
	case json.NewDecoder(r.Body).Decode(&input) != nil:
		refuse(w, http.StatusBadRequest, `{"title":"Bad Request"}`)
		return
	}
	if name, given := input["name"]; given {
		if name == nil || *name == "" {
			refuse(w, http.StatusUnprocessableEntity, `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"the author is not valid","errors":[{"location":"body.name","message":"must not be empty"}]}`)
			return
		}
		s.mu.Lock()
		s.names[id] = *name
		s.mu.Unlock()
	}
	answer(w, s.author(id))
}

// publish adds a book once for each Idempotency-Key.
func (s *shelves) publish(w http.ResponseWriter, r *http.Request) {
	var input PublishBookInput
	if json.NewDecoder(r.Body).Decode(&input) != nil || input.Title == "" {
		refuse(w, http.StatusUnprocessableEntity, `{"title":"Unprocessable Entity"}`)
		return
	}
	s.mu.Lock()
	key := r.Header.Get("Idempotency-Key")
	b := s.keyed[key]
	if b == nil {
		id := fmt.Sprintf("b%s-p%d", strings.TrimPrefix(input.AuthorID, "a"), len(s.published)+1)
		b = &Book{ID: id, Title: input.Title, Price: "9.90", AuthorID: input.AuthorID}
		s.published[id] = b
		if key != "" {
			s.keyed[key] = b
		}
	}
	s.mu.Unlock()
	answer(w, b)
}

const withdrawn = " (withdrawn)"

func (s *shelves) withdraw(w http.ResponseWriter, r *http.Request) {
	s.change(w, r.PathValue("id"), func(title string) (string, bool) {
		return title + withdrawn, !strings.HasSuffix(title, withdrawn)
	})
}

func (s *shelves) replace(w http.ResponseWriter, r *http.Request) {
	var input struct{ Title string }
	_ = json.NewDecoder(r.Body).Decode(&input)
	s.change(w, r.PathValue("id"), func(string) (string, bool) { return input.Title, input.Title != "" })
}

// change gives a book another title, or refuses with 409.
func (s *shelves) change(w http.ResponseWriter, id string, title func(string) (string, bool)) {
	b := s.book(id)
	if b == nil {
		refuse(w, http.StatusNotFound, `{"title":"Not Found"}`)
		return
	}
	changed, ok := title(b.Title)
	if !ok {
		refuse(w, http.StatusConflict, `{"title":"Conflict","detail":"the book was withdrawn"}`)
		return
	}
	s.mu.Lock()
	s.titles[id] = changed
	s.mu.Unlock()
	answer(w, s.book(id))
}

func refuse(w http.ResponseWriter, status int, problem string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(problem))
}
