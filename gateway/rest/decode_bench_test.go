package rest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// book and chapter are types as the generator writes them, with their decoders.
type (
	book struct {
		ID       string
		AuthorID string
		Status   string
		Price    scalar.Decimal
		Added    scalar.DateTime
		Chapters []*chapter
	}
	chapter struct {
		ID    string
		Pages int32
		Price scalar.Decimal
	}
)

func decodeBook(d *Decoder, v *book) bool {
	if !d.Object() {
		return false
	}
	var has Required
	for name := range d.Members {
		switch name {
		case "id":
			has.Add(0, ID(d, &v.ID))
		case "author_id":
			has.Add(1, ID(d, &v.AuthorID))
		case "status":
			has.Add(2, String(d, &v.Status))
		case "price":
			has.Add(3, Decimal(d, &v.Price))
		case "added_at":
			has.Add(4, DateTime(d, &v.Added))
		case "chapters":
			has.Add(5, Objects(d, &v.Chapters, decodeChapter))
		default:
			d.Skip()
		}
	}
	has.Check(d, "id", "author_id", "status", "price", "added_at", "chapters")
	return true
}

func decodeChapter(d *Decoder, v *chapter) bool {
	if !d.Object() {
		return false
	}
	var has Required
	for name := range d.Members {
		switch name {
		case "id":
			has.Add(0, ID(d, &v.ID))
		case "pages":
			has.Add(1, Int(d, &v.Pages))
		case "price":
			has.Add(2, Decimal(d, &v.Price))
		default:
			d.Skip()
		}
	}
	has.Check(d, "id", "pages", "price")
	return true
}

// wireBook and wireChapter are what a client by hand decodes into: by reflection, with
// pointers that tell which members are there.
type (
	wireBook struct {
		ID       *string          `json:"id"`
		AuthorID *string          `json:"author_id"`
		Status   *string          `json:"status"`
		Price    *scalar.Decimal  `json:"price"`
		Added    *scalar.DateTime `json:"added_at"`
		Chapters *[]*wireChapter  `json:"chapters"`
	}
	wireChapter struct {
		ID    *string         `json:"id"`
		Pages *scalar.Int     `json:"pages"`
		Price *scalar.Decimal `json:"price"`
	}
)

// byHand decodes the books of an author as the clients did that were written by hand.
func byHand(response []byte, author string) ([]*book, error) {
	var wire []*wireBook
	if err := upstream.DecodeList(response, &wire); err != nil {
		return nil, err
	}
	list, seen := make([]*book, 0, len(wire)), make(map[string]bool, len(wire))
	for _, w := range wire {
		var f upstream.Fields
		chapters := upstream.Require(&f, "chapters", w.Chapters)
		b := &book{
			ID:       upstream.Require(&f, "id", w.ID),
			AuthorID: upstream.Require(&f, "author_id", w.AuthorID),
			Status:   upstream.Require(&f, "status", w.Status),
			Price:    upstream.Require(&f, "price", w.Price),
			Added:    upstream.Require(&f, "added_at", w.Added),
			Chapters: make([]*chapter, len(chapters)),
		}
		for i, c := range chapters {
			b.Chapters[i] = &chapter{
				ID:    upstream.Require(&f, "id", c.ID),
				Pages: int32(upstream.Require(&f, "pages", c.Pages)),
				Price: upstream.Require(&f, "price", c.Price),
			}
			if err := scalar.CheckID(b.Chapters[i].ID); err != nil {
				return nil, err
			}
		}
		if err := errors.Join(f.Err(), scalar.CheckID(b.ID)); err != nil {
			return nil, err
		}
		if b.AuthorID != author {
			return nil, errOther
		}
		if !seen[b.ID] {
			list = append(list, b)
		}
		seen[b.ID] = true
	}
	return list, nil
}

// booksOf returns a response with n books of three chapters each.
func booksOf(n int) []byte {
	books := make([]string, n)
	for i := range books {
		chapters := make([]string, 3)
		for j := range chapters {
			chapters[j] = fmt.Sprintf(`{"id":"c%d","pages":%d,"price":%d.99}`, 3*i+j, j+1, 10*i+j)
		}
		books[i] = fmt.Sprintf(`{"id":"b%d","author_id":"a1","status":"delivered","price":%d.50,"chapters":[%s],"added_at":"2024-05-17T09:30:00Z"}`,
			i, 100+i, strings.Join(chapters, ","))
	}
	return []byte("[" + strings.Join(books, ",") + "]")
}

// BenchmarkDecode compares generated with hand-written decoding of the same responses.
func BenchmarkDecode(b *testing.B) {
	c := Endpoint{Call: "GET /authors/{id}/books"}.open()
	read := readList(c, decodeBook, func(v *book, a Args) bool { return v.AuthorID == a.Get("id") })
	generated := func(response []byte) ([]*book, error) {
		list, _, err := read(response, Args{id: "a1"})
		return distinct(list, func(v *book) string { return v.ID }), err
	}
	hand := func(response []byte) ([]*book, error) { return byHand(response, "a1") }
	for _, n := range []int{1, 5, 100} {
		response := booksOf(n)
		for name, decode := range map[string]func([]byte) ([]*book, error){"generated": generated, "by hand": hand} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(response)))
				for b.Loop() {
					if list, err := decode(response); err != nil || len(list) != n {
						b.Fatal(len(list), err)
					}
				}
			})
		}
	}
}
