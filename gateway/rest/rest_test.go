package rest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/internal/testkit/clienttest"
)

func TestOne_Answers(t *testing.T) {
	want := &thing{ID: "t1", Name: `Ваза "1"`, Price: "10.50", Count: ptr(int32(3)), Tags: []string{"a", "б"}, Parts: []*part{{9007199254740993}}, Parent: ptr("7")}
	replace := func(old, with string) string {
		if !strings.Contains(full, old) {
			t.Fatalf("%s is not in the answer", old)
		}
		return strings.Replace(full, old, with, 1)
	}
	without := func(f func(*thing)) *thing { v := *want; f(&v); return &v }
	for name, c := range map[string]struct {
		status int
		body   string
		want   *thing
		fail   fault.Kind // Internal for none
	}{
		"as documented":                        {200, full, want, 0},
		"unknown members":                      {200, replace(`{`, `{"x":{"y":["z",{}]},`), want, 0},
		"names that differ by case":            {200, replace(`{`, `{"ID":1,"Name":null,"PRICE":"x",`), want, 0},
		"escaped member name":                  {200, replace(`"id"`, `"\u0069d"`), want, 0},
		"white space":                          {200, " \r\n\t" + full + "\n", want, 0},
		"an optional member is null":           {200, replace(`3`, `null`), without(func(v *thing) { v.Count = nil }), 0},
		"an integer with a point":              {200, replace(`:3`, `:3.0`), want, 0},
		"lists that are empty":                 {200, replace(`["a","б"]`, `[]`), without(func(v *thing) { v.Tags = []string{} }), 0},
		"404":                                  {404, `{}`, nil, 0},
		"410":                                  {410, ``, nil, 0},
		"200 with an error":                    {200, `{"error":"not found"}`, nil, 0},
		"an empty object":                      {200, `{}`, nil, 0},
		"another id":                           {200, replace(`"t1"`, `"t2"`), nil, 0},
		"another id, and broken":               {200, strings.NewReplacer(`"t1"`, `"t2"`, `10.50`, `"x"`).Replace(full), nil, 0},
		"an id that is null":                   {200, replace(`"t1"`, `null`), nil, 0},
		"an id that is empty":                  {200, replace(`"t1"`, `""`), nil, 0},
		"an id of the wrong type":              {200, replace(`"t1"`, `1`), nil, fault.InvalidResponse},
		"a required member is missing":         {200, replace(`"price":10.50,`, ``), nil, fault.InvalidResponse},
		"a required member is null":            {200, replace(`10.50`, `null`), nil, fault.InvalidResponse},
		"a number in quotes":                   {200, replace(`10.50`, `"10.50"`), nil, fault.InvalidResponse},
		"an optional member is wrong":          {200, replace(`:3`, `:"3"`), nil, fault.InvalidResponse},
		"too large for an Int":                 {200, replace(`:3`, `:2147483648`), nil, fault.InvalidResponse},
		"too large for an Int64":               {200, replace(`9007199254740993`, `9223372036854775808`), nil, fault.InvalidResponse},
		"a null in a list":                     {200, replace(`"a"`, `null`), nil, fault.InvalidResponse},
		"an object that is a string in a list": {200, replace(`{"size":9007199254740993}`, `"x"`), nil, fault.InvalidResponse},
		"a nested required member is missing":  {200, replace(`"size"`, `"weight"`), nil, fault.InvalidResponse},
		"half a surrogate pair":                {200, replace(`Ваза`, `\ud800`), nil, fault.InvalidResponse},
		"bytes that are not UTF-8":             {200, replace(`Ваза`, "\xff"), nil, fault.InvalidResponse},
		"not UTF-8 where nothing is decoded":   {200, replace(`{`, "{\"x\":\"\xff\\ud800\","), want, 0},
		"a key that is an object":              {200, replace(`:7`, `:{}`), without(func(v *thing) { v.Parent = nil }), 0},
		"null":                                 {200, `null`, nil, fault.InvalidResponse},
		"a list":                               {200, `[` + full + `]`, nil, fault.InvalidResponse},
		"a string":                             {200, `"t1"`, nil, fault.InvalidResponse},
		"half":                                 {200, full[:60], nil, fault.InvalidResponse},
		"two values":                           {200, full + full, nil, fault.InvalidResponse},
		"a page":                               {200, `<html>`, nil, fault.InvalidResponse},
		"nothing":                              {200, ``, nil, fault.InvalidResponse},
		"a failure":                            {500, full, nil, fault.Unavailable},
		"a refusal":                            {403, `{}`, nil, fault.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			up := clienttest.NewClient(t, "things", clienttest.Answer(c.status, c.body))
			got, err := rest.One(rest.Endpoint{Up: up, Call: "GET /things/{id}", Key: []string{"id"}}, decodeThing, is).Load(t.Context(), []string{"t1"})
			clienttest.AssertKind(t, batch.ErrorOf(err, "t1"), "things", c.fail)
			if !reflect.DeepEqual(got["t1"], c.want) {
				t.Errorf("got %+v, want %+v", got["t1"], c.want)
			}
			if v, ok := got["t1"]; ok {
				stored, _ := json.Marshal(v)
				again := &thing{}
				if err := json.Unmarshal(stored, again); err != nil || !reflect.DeepEqual(again, v) {
					t.Errorf("it is %+v after a stay in the cache, %v", again, err)
				}
			}
		})
	}
}
