package testgraph

import (
	"context"

	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/rest"
	"tributary/gateway/upstream"
)

// writes are the calls that mutations make, in the form in which the generator writes them.
type writes struct {
	cache                      *entitycache.Cache
	update                     rest.Write[*Author]
	publish, withdraw, replace rest.Write[*Book]
}

func newWrites(store *entitycache.Cache, clients map[string]*upstream.Client) writes {
	authors, books := clients[Authors], clients[Books]
	return writes{
		cache: store,
		update: rest.WriteOne(rest.Endpoint{Up: authors, Call: "PATCH /authors/{id}", Named: true, IDs: []string{"id"},
			Body: "input"}, decodeAuthor),
		publish:  rest.WriteOne(rest.Endpoint{Up: books, Call: "POST /books", Named: true, Body: "input", Idempotent: true}, decodeBook),
		withdraw: rest.WriteOne(rest.Endpoint{Up: books, Call: "POST /books/{id}/withdraw", Named: true, IDs: []string{"id"}}, decodeBook),
		replace: rest.WriteOne(rest.Endpoint{Up: books, Call: "PUT /books/{id}", Named: true, IDs: []string{"id"},
			Body: "input"}, decodeBook),
	}
}

// writeJoins are what mutations cost.
func writeJoins() lookahead.Joins {
	return lookahead.Joins{
		"Mutation.updateAuthor": lookahead.Write(Authors, 1),
		"Mutation.publishBook":  lookahead.Write(Books, 1),
		"Mutation.withdrawBook": lookahead.Write(Books, 1),
		"Mutation.replaceBook":  lookahead.Write(Books, 1),
	}
}

func (w writes) updateAuthor(ctx context.Context, id string, input UpdateAuthorInput) (*Author, error) {
	v, err := w.update(ctx, rest.Key(rest.Arg("id", id), rest.Arg("input", rest.JSON(input))))
	return rest.Changed(ctx, w.cache, v, err, rest.Tag("author", id))
}

func (w writes) publishBook(ctx context.Context, input PublishBookInput) (*Book, error) {
	v, err := w.publish(ctx, rest.Key(rest.Arg("input", rest.JSON(input))))
	return rest.Changed(ctx, w.cache, v, err, rest.TagOf("book", v, func(v *Book) string { return v.ID }),
		rest.Tag("author", input.AuthorID))
}

func (w writes) withdrawBook(ctx context.Context, id string) (*Book, error) {
	v, err := w.withdraw(ctx, rest.Key(rest.Arg("id", id)))
	return rest.Changed(ctx, w.cache, v, err, rest.Tag("book", id))
}

func (w writes) replaceBook(ctx context.Context, id, title string) (*Book, error) {
	v, err := w.replace(ctx, rest.Key(rest.Arg("id", id), rest.Arg("input", rest.JSON(map[string]string{"title": title}))))
	return rest.Changed(ctx, w.cache, v, err, rest.Tag("book", id))
}

func decodeAuthor(d *rest.Decoder, v *Author) bool {
	if !d.Object() {
		return false
	}
	var has rest.Required
	for name := range d.Members {
		switch name {
		case "id":
			has.Add(0, rest.ID(d, &v.ID))
		case "name":
			has.Add(1, rest.String(d, &v.Name))
		case "book_ids":
			rest.Slice(d, &v.BookIDs, rest.String)
		default:
			d.Skip()
		}
	}
	has.Check(d, "id", "name")
	return true
}

func decodeBook(d *rest.Decoder, v *Book) bool {
	if !d.Object() {
		return false
	}
	var has rest.Required
	for name := range d.Members {
		switch name {
		case "id":
			has.Add(0, rest.ID(d, &v.ID))
		case "title":
			has.Add(1, rest.String(d, &v.Title))
		case "price":
			has.Add(2, rest.Decimal(d, &v.Price))
		case "author_id":
			has.Add(3, rest.String(d, &v.AuthorID))
		default:
			d.Skip()
		}
	}
	has.Check(d, "id", "title", "price", "author_id")
	return true
}
