package add

import (
	"testing"

	"tributary/cmd/trib/internal/openapi"
)

func TestFieldName(t *testing.T) {
	for _, tt := range []struct{ id, method, path, want string }{
		{"getBook", "GET", "/books/{id}", "book"},
		{"get_book", "GET", "/books/{id}", "book"},
		{"GetBook", "GET", "/books/{id}", "book"},
		{"get-book", "GET", "/books/{id}", "book"},
		{"listBooks", "GET", "/books", "books"},
		{"findPetsByStatus", "GET", "/pets", "petsByStatus"},
		{"fetchAll", "GET", "/all", "all"},
		{"read_book_books__book_id__get", "GET", "/books/{book_id}", "book"},
		{"list_items_items__get", "GET", "/items/", "items"},
		{"health_check_health_get", "GET", "/health", "healthCheck"},
		{"getaway", "GET", "/getaway", "getaway"},
		{"listing", "GET", "/listing", "listing"},
		{"readiness", "GET", "/readiness", "readiness"},
		{"get", "GET", "/x", "get"},
		{"getHTTPStatus", "GET", "/x", "httpStatus"},
		{"getIDs", "GET", "/x", "ids"},
		{"createBook", "POST", "/books", "createBook"},
		{"Pets_List", "GET", "/pets", "petsList"},
		{"books.get.one", "GET", "/books/{id}", "booksGetOne"},
		{"get2faCodes", "GET", "/x", "_2faCodes"},
		{"", "GET", "/books/{id}", "book"},
		{"", "GET", "/books/{id}/editions", "booksEditions"},
		{"", "GET", "/", "root"},
		{"", "DELETE", "/books/{id}", "deleteBook"},
	} {
		if got := fieldName(&openapi.Operation{ID: tt.id, Method: tt.method, Path: tt.path}); got != tt.want {
			t.Errorf("%s of %s %s is called %s, want %s", tt.id, tt.method, tt.path, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, camel, pascal, value string }{
		{"created_at", "createdAt", "CreatedAt", "CREATED_AT"},
		{"createdAt", "createdAt", "CreatedAt", "CREATED_AT"},
		{"CreatedAt", "createdAt", "CreatedAt", "CREATED_AT"},
		{"list-price", "listPrice", "ListPrice", "LIST_PRICE"},
		{"ID", "id", "ID", "ID"},
		{"bookID", "bookID", "BookID", "BOOK_ID"},
		{"URL", "url", "URL", "URL"},
		{"HTTPServer", "httpServer", "HTTPServer", "HTTP_SERVER"},
		{"@type", "type", "Type", "TYPE"},
		{"3d_model", "_3dModel", "_3dModel", "_3D_MODEL"},
		{"ids[]", "ids", "Ids", "IDS"},
		{"filter[id]", "filterId", "FilterId", "FILTER_ID"},
		{"Größe", "grE", "GrE", "GR_E"},
		{"имя", "_", "_", "_"},
	} {
		if got := [3]string{camel(tt.name), pascal(tt.name), upperSnake(tt.name)}; got != [3]string{tt.camel, tt.pascal, tt.value} {
			t.Errorf("%s: %v, want %v", tt.name, got, tt)
		}
	}
	for one, many := range map[string]string{"book": "books", "category": "categories", "box": "boxes", "day": "days",
		"branch": "branches", "class": "classes"} {
		if plural(one) != many || singular(many) != one {
			t.Errorf("%s and %s: %s, %s", one, many, plural(one), singular(many))
		}
	}
}
