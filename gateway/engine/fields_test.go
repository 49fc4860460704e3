package engine_test

import (
	"testing"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

// Each of the queries has an answer of 1 + 2×3 fields, or is said to have more.
func TestFieldsLimit_CountsMergedFieldsOnce(t *testing.T) {
	for query, fits := range map[string]bool{
		`{ authors(ids: ["a1", "a2"]) { id name t: __typename } }`:                                                                           true,
		`{ authors(ids: ["a1", "a2"]) { id name t: __typename u: __typename } }`:                                                             false,
		`{ authors(ids: ["a1", "a2"]) { ...f ...f } } fragment f on Author { id name t: __typename }`:                                        true,
		`{ ...q ...q } fragment q on Query { authors(ids: ["a1", "a2"]) { id name t: __typename } }`:                                         true,
		`{ authors(ids: ["a1", "a2"]) { ...f ...g } } fragment f on Author { id ...g } fragment g on Author { name t: __typename }`:          true,
		`{ authors(ids: ["a1", "a2"]) { id } authors(ids: ["a1", "a2"]) { id name t: __typename } }`:                                         true,
		`{ authors(ids: ["a1", "a2"]) { id ... on Author { id name t: __typename } ... { name } } }`:                                         true,
		`{ authors(ids: ["a1", "a2"]) { ...f ...g } } fragment f on Author { id name } fragment g on Author { t: __typename u: __typename }`: false,
		`{ authors(ids: ["a1", "a2"]) { ...f } b: authors(ids: ["a1"]) { ...f } } fragment f on Author { id name t: __typename }`:            false,
	} {
		bounds := limits.Default()
		bounds.Fields = 7
		got := execute(t, engine.Config{Limits: bounds}, query)
		if got.TooComplex() == fits || fits && len(got.Errors) > 0 {
			t.Errorf("%s: %s %v", query, got.Data, got.Errors)
		}
	}
}
