package batch_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

var errBroken = errors.New("broken")

func TestErrorOf_PerKey(t *testing.T) {
	for name, c := range map[string]struct{ err, want error }{
		"no error":                {nil, nil},
		"an error of all":         {errBroken, errBroken},
		"an error of this key":    {batch.KeyErrors[string]{"a": errBroken}, errBroken},
		"an error of another key": {batch.KeyErrors[string]{"b": errBroken}, nil},
		"no key has an error":     {batch.KeyErrors[string]{}.OrNil(), nil},
	} {
		if got := batch.ErrorOf(c.err, "a"); got != c.want { //nolint:errorlint // it must be the same error
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestKeyErrors_Message(t *testing.T) {
	for want, errs := range map[string]batch.KeyErrors[string]{
		"no errors":           {},
		"broken":              {"a": errBroken},
		"broken (and 1 more)": {"a": errBroken, "b": errBroken},
	} {
		if errs.Error() != want {
			t.Errorf("%q, want %q", errs.Error(), want)
		}
	}
	if !errors.Is(batch.KeyErrors[string]{"a": errBroken}, errBroken) {
		t.Error("the errors within cannot be found")
	}
}

func TestValidate_SkipsInvalidKeys(t *testing.T) {
	valid := func(key string) error {
		if strings.HasPrefix(key, "bad") {
			return errBroken
		}
		return nil
	}
	for name, c := range map[string]struct{ keys, asked, refused []string }{
		"all are sound":          {[]string{"a", "b"}, []string{"a", "b"}, nil},
		"none is":                {[]string{"bad1", "bad2"}, nil, []string{"bad1", "bad2"}},
		"some are":               {[]string{"a", "bad", "b"}, []string{"a", "b"}, []string{"bad"}},
		"the first one is not":   {[]string{"bad", "a", "b"}, []string{"a", "b"}, []string{"bad"}},
		"what fails still fails": {[]string{"bad", "a", "fails"}, []string{"a", "fails"}, []string{"bad", "fails"}},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			given := slices.Clone(c.keys)
			values, err := batch.Validate(valid, func(_ context.Context, keys []string) (map[string]int, error) {
				asked = slices.Clone(keys)
				values, failed := map[string]int{}, batch.KeyErrors[string]{}
				for _, key := range keys {
					if key == "fails" {
						failed[key] = errBroken
						continue
					}
					values[key] = 1
				}
				return values, failed.OrNil()
			})(t.Context(), given)

			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked for %v, want %v", asked, c.asked)
			}
			if !slices.Equal(given, c.keys) {
				t.Errorf("the caller's keys have become %v", given)
			}
			for _, key := range c.keys {
				failed := slices.Contains(c.refused, key)
				if _, ok := values[key]; ok == failed || (batch.ErrorOf(err, key) != nil) != failed {
					t.Errorf("%s has a value: %v, error %v", key, ok, batch.ErrorOf(err, key))
				}
			}
		})
	}
}

func TestChunks_ParallelAndIndependent(t *testing.T) {
	var (
		mu    sync.Mutex
		sizes []int
		all   sync.WaitGroup
	)
	all.Add(4)
	values, err := batch.Chunks(2, func(_ context.Context, keys []string) (map[string]int, error) {
		mu.Lock()
		sizes = append(sizes, len(keys))
		mu.Unlock()
		all.Done()
		all.Wait() // returns only if all chunks run concurrently
		switch keys[0] {
		case "c":
			return nil, errBroken
		case "e":
			panic("out of order")
		}
		return map[string]int{keys[0]: 1}, nil // the second key of a pair is unknown
	})(t.Context(), []string{"a", "b", "c", "d", "e", "f", "g"})

	slices.Sort(sizes)
	if !slices.Equal(sizes, []int{1, 2, 2, 2}) {
		t.Errorf("chunks of %v", sizes)
	}
	if !maps.Equal(values, map[string]int{"a": 1, "g": 1}) {
		t.Errorf("values %v", values)
	}
	for key, want := range map[string]bool{"a": false, "b": false, "c": true, "d": true, "e": true, "f": true, "g": false} {
		if got := batch.ErrorOf(err, key); (got != nil) != want {
			t.Errorf("%s has error %v", key, got)
		}
	}
	if fault.From(batch.ErrorOf(err, "e")).Kind != fault.Internal {
		t.Errorf("a panic is %v", batch.ErrorOf(err, "e"))
	}
}

func TestPerKey_OneCallEach(t *testing.T) {
	values, err := batch.PerKey(func(_ context.Context, key string) (int, bool, error) {
		if key == "fails" {
			return 0, false, errBroken
		}
		return 1, key == "known", nil
	})(t.Context(), []string{"known", "unknown", "fails"})
	if !maps.Equal(values, map[string]int{"known": 1}) {
		t.Errorf("values %v", values)
	}
	if batch.ErrorOf(err, "unknown") != nil || !errors.Is(batch.ErrorOf(err, "fails"), errBroken) {
		t.Errorf("errors %v", err)
	}
}
