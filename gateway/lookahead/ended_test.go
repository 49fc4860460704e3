package lookahead_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"tributary/gateway/lookahead"
)

// Lists in responses of services may have any length. The walk over them ends soon after
// the operation has.
func TestRun_EndsWithTheOperation(t *testing.T) {
	const length = 100_000
	editions := make([]*edition, length)
	for i := range editions {
		editions[i] = &edition{fmt.Sprint("p", i)}
	}
	for name, query := range map[string]string{
		"a list in a value":            `{ books(author: "a1") { editions { printer { id } } } }`,
		"lists of several names":       `{ books(author: "a1") { x: editions { printer { id } } y: editions { printer { id } } } }`,
		"a list below another's value": `{ shelf(author: "a1") { books { editions { printer { id } } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lib, visits := newLibrary(), 0
				lib.joins["Book.editions"] = lookahead.Each(10, func(b *book) []*edition {
					if b.Printers == nil {
						return nil // a stub
					}
					return editions
				})
				loader := load(lib, "printer", func(id string) *printer { return &printer{id} })
				lib.joins["Edition.printer"] = lookahead.One(loader, func(id string) *printer { return &printer{ID: id} }).By(
					lookahead.Key(func(e *edition) string {
						visits++
						if visits == 10 {
							lib.stop()
						}
						return e.PrinterID
					}))
				lib.start(t, query, nil)
				synctest.Wait()
				lib.answer("author a1", "books a1")
				synctest.Wait()
				if visits < 10 || visits > 1000 {
					t.Errorf("%d elements of %d were visited, of an operation that had ended at the tenth", visits, length)
				}
			})
		})
	}
}
