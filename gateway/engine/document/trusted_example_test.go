package document_test

import (
	"fmt"
	"os"
	"path/filepath"

	"tributary/gateway/engine/document"
)

func ExampleTrusted() {
	dir, err := os.MkdirTemp("", "trusted")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	manifest := filepath.Join(dir, "persisted-documents.json")
	if err := os.WriteFile(manifest, []byte(`{"4f7a": "query Basket { basket { total } }"}`), 0o600); err != nil {
		panic(err)
	}

	documents, err := document.NewTrusted("query Health { __typename }") // the server's own, by name
	if err != nil {
		panic(err)
	}
	if err := documents.Load(manifest); err != nil {
		panic(err)
	}
	text, _ := documents.ByID("4f7a")
	fmt.Println(text)
	fmt.Println(documents.Has("query Health { __typename }"), documents.Has("{ secrets }"))
	// Output:
	// query Basket { basket { total } }
	// true false
}
