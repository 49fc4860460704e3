package resolvers_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"tributary/internal/testkit/upstreamtest"
	"tributary/services"
)

// Ids from a small world, so that queries and data meet: some are not known to
// any service, some cannot be ids.
var (
	userIDs    = rapid.SampledFrom([]string{"u1", "u2", "u3", "Ю/1", "nobody", ""})
	productIDs = rapid.SampledFrom([]string{"p1", "p2", "p3", "%2F", "p 5", "nothing", "a\nb"})
)

// data draws what the services know.
func data(t *rapid.T) upstreamtest.Data {
	d := upstreamtest.Data{Users: map[string]*services.User{}, Orders: map[string][]*services.Order{}, Products: map[string]*services.Product{}}
	for _, id := range []string{"u1", "u2", "u3", "Ю/1"} {
		if rapid.Bool().Draw(t, "known "+id) {
			d.Users[id] = upstreamtest.User(id)
		}
		// There may be orders of a user who is gone.
		for n := range rapid.IntRange(0, 3).Draw(t, "orders of "+id) {
			named := rapid.SliceOfN(rapid.SampledFrom([]string{"p1", "p2", "p3", "%2F", "p 5", "nothing"}), 0, 4).Draw(t, "products")
			d.Orders[id] = append(d.Orders[id], upstreamtest.Order(fmt.Sprintf("%s-o%d", id, n), id, named...))
		}
	}
	for _, id := range []string{"p1", "p2", "p3", "%2F", "p 5"} {
		if rapid.Bool().Draw(t, "known "+id) {
			d.Products[id] = upstreamtest.Product(id)
		}
	}
	return d
}

// fieldsOf the schema, by type: what they are, "" for a plain value.
var fieldsOf = map[string]map[string]string{
	"Query":     {"profile": "Profile", "user": "User", "users": "User", "orders": "Order", "product": "Product", "products": "Product"},
	"Profile":   {"user": "User", "orders": "Order", "products": "Product"},
	"User":      {"id": "", "username": "", "email": "", "fullName": "", "isActive": "", "createdAt": "", "orders": "Order"},
	"Order":     {"id": "", "userId": "", "status": "", "totalAmount": "", "createdAt": "", "items": "OrderItem", "user": "User"},
	"OrderItem": {"productId": "", "quantity": "", "price": "", "product": "Product"},
	"Product":   {"id": "", "name": "", "description": "", "price": "", "category": "", "stockQuantity": ""},
}

// names gives the fields of a type in an order that a seed can rely on.
func names(typeName string) []string {
	all := sortedKeys(fieldsOf[typeName])
	return append(all, "__typename")
}

// drawing draws one query.
type drawing struct {
	t         *rapid.T
	variables map[string]any
	declared  []string
	fragments []string
	open      int  // selections that may still be drawn, so that queries end
	defers    bool // fragments may have @defer
}

// query draws a query with aliases, fragments, directives and variables. One
// alias always stands for one field with one argument, so that whatever comes
// together can be merged.
func query(t *rapid.T) (text string, variables map[string]any) {
	return (&drawing{t: t, open: 60}).query()
}

// deferredQuery is [query] with @defer on fragments: nested, overlapping, with and without
// labels and conditions.
func deferredQuery(t *rapid.T) (text string, variables map[string]any) {
	return (&drawing{t: t, open: 60, defers: true}).query()
}

func (d *drawing) query() (text string, variables map[string]any) {
	d.variables = map[string]any{}
	root := d.set("Query", 6)
	var b strings.Builder
	b.WriteString("query")
	if len(d.declared) > 0 {
		b.WriteString("(" + strings.Join(d.declared, ", ") + ")")
	}
	b.WriteString(" " + root)
	for _, f := range d.fragments {
		b.WriteString("\n" + f)
	}
	return b.String(), d.variables
}

func (d *drawing) set(typeName string, depth int) string {
	n := rapid.IntRange(1, 4).Draw(d.t, "selections")
	parts := make([]string, n)
	for i := range parts {
		d.open--
		switch kind := rapid.IntRange(0, d.kinds()).Draw(d.t, "kind"); {
		case kind == 0 && depth > 0 && d.open > 0:
			on := rapid.SampledFrom([]string{"", " on " + typeName}).Draw(d.t, "condition")
			parts[i] = "..." + on + d.directives() + d.deferral() + " " + d.set(typeName, depth-1)
		case kind == 1 && depth > 0 && d.open > 0:
			body := d.set(typeName, depth-1)
			name := fmt.Sprintf("f%d", len(d.fragments))
			d.fragments = append(d.fragments, "fragment "+name+" on "+typeName+" "+body)
			parts[i] = "..." + name + d.directives() + d.deferral()
			if rapid.Bool().Draw(d.t, "again") {
				parts[i] += " ..." + name + d.deferral()
			}
		default:
			parts[i] = d.field(typeName, depth)
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// kinds makes a fifth of the selections fragments, and with @defer half of them.
func (d *drawing) kinds() int {
	if d.defers {
		return 3
	}
	return 9
}

// deferral draws @defer, or nothing.
func (d *drawing) deferral() string {
	if !d.defers {
		return ""
	}
	var arguments []string
	if label := rapid.SampledFrom([]string{"", `label: "a"`, `label: "b"`}).Draw(d.t, "label"); label != "" {
		arguments = append(arguments, label)
	}
	holds := rapid.IntRange(0, 3).Draw(d.t, "if") > 0
	switch rapid.IntRange(0, 4).Draw(d.t, "condition") {
	case 0:
		return ""
	case 1:
		arguments = append(arguments, fmt.Sprintf("if: %t", holds))
	case 2:
		arguments = append(arguments, "if: $"+d.variable("Boolean!", holds))
	}
	if len(arguments) == 0 {
		return " @defer"
	}
	return " @defer(" + strings.Join(arguments, ", ") + ")"
}

func (d *drawing) field(typeName string, depth int) string {
	candidates := names(typeName)
	if depth <= 0 || d.open <= 0 {
		candidates = []string{"__typename"}
	}
	name := rapid.SampledFrom(candidates).Draw(d.t, "field")
	text, alias := name, ""
	if rapid.IntRange(0, 3).Draw(d.t, "aliased") == 0 {
		alias = "x_" + name
	}
	if typeName == "Query" && name != "__typename" {
		var argument string
		argument, alias = d.argument(name)
		text += argument
	}
	if alias != "" {
		text = alias + ": " + text
	}
	text += d.directives()
	if of := fieldsOf[typeName][name]; of != "" {
		text += " " + d.set(of, depth-1)
	}
	return text
}

// argument draws the argument of a root field, as a literal or a variable, and
// the alias that stands for both.
func (d *drawing) argument(field string) (text, alias string) {
	name, kind := "id", "ID!"
	var value any
	switch field {
	case "profile", "orders":
		name, value = "userId", userIDs.Draw(d.t, "id")
	case "user":
		value = userIDs.Draw(d.t, "id")
	case "product":
		value = productIDs.Draw(d.t, "id")
	case "users":
		name, kind, value = "ids", "[ID!]!", rapid.SliceOfN(userIDs, 0, 4).Draw(d.t, "ids")
	case "products":
		name, kind, value = "ids", "[ID!]!", rapid.SliceOfN(productIDs, 0, 5).Draw(d.t, "ids")
	}
	written := toJSON(value)
	if rapid.Bool().Draw(d.t, "by variable") {
		written = "$" + d.variable(kind, value)
	}
	return "(" + name + ": " + written + ")", fmt.Sprintf("%s_%x", field, written)
}

func (d *drawing) variable(kind string, value any) string {
	name := fmt.Sprintf("v%d", len(d.declared))
	d.declared = append(d.declared, "$"+name+": "+kind)
	d.variables[name] = value
	return name
}

func (d *drawing) directives() string {
	if rapid.IntRange(0, 5).Draw(d.t, "directed") > 0 {
		return ""
	}
	name := rapid.SampledFrom([]string{"skip", "include"}).Draw(d.t, "directive")
	value := rapid.Bool().Draw(d.t, "if")
	written := fmt.Sprint(value)
	if rapid.Bool().Draw(d.t, "by variable") {
		written = "$" + d.variable("Boolean!", value)
	}
	return " @" + name + "(if: " + written + ")"
}
