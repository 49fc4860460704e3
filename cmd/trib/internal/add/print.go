package add

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
)

// text returns the file.
func (p *plan) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by \"trib add %s\" from %s. It is yours from here on.\n", p.opts.Service, filepath.Base(p.opts.Document))
	if len(p.notes) > 0 {
		b.WriteString("#\n# Left out:\n")
		for _, n := range p.notes {
			b.WriteString("#   - " + strings.Join(strings.Fields(n), " ") + "\n")
		}
	}
	b.WriteString("\nextend schema " + p.service() + "\n")
	for _, root := range []*definition{p.query, p.mutation} {
		if len(root.fields) > 0 {
			root.write(&b)
		}
	}
	for _, d := range p.extensions {
		d.write(&b)
	}
	for _, d := range p.used() {
		d.write(&b)
	}
	if scalars := p.missingScalars(b.String()); scalars != "" {
		b.WriteString(scalars)
	}
	return b.String()
}

// service returns the directive @service.
func (p *plan) service() string {
	c := (&call{name: "service"}).with("name", p.opts.Service).with("url", p.url()).with("health",
		p.health()).with("openapi", filepath.ToSlash(p.opts.Document))
	if p.camel {
		c.raw("casing", "CAMEL")
	}
	return c.String()
}

// url returns the base URL of the service.
func (p *plan) url() string {
	switch {
	case p.opts.URL != "":
		return strings.TrimSuffix(p.opts.URL, "/")
	case strings.HasPrefix(p.doc.URL, "http://") || strings.HasPrefix(p.doc.URL, "https://"):
		return p.doc.URL
	case strings.HasPrefix(p.doc.URL, "//"):
		return "https:" + p.doc.URL
	}
	return "http://localhost:8080" + p.doc.URL
}

// health returns the path of the health check that the document names.
func (p *plan) health() string {
	for _, o := range p.doc.Operations {
		if o.Method != http.MethodGet {
			continue
		}
		for _, known := range []string{"/health", "/healthz", "/livez", "/actuator/health", "/api/health", "/-/healthy"} {
			if o.Path == known {
				return known
			}
		}
	}
	return ""
}

// used returns the types that fields lead to, in the order in which they were found.
func (p *plan) used() (all []*definition) {
	reached := map[*definition]bool{}
	var reach func(d *definition)
	reach = func(d *definition) {
		if d == nil || reached[d] {
			return
		}
		reached[d] = true
		for _, m := range d.members {
			reach(p.byName[m])
		}
		for _, f := range d.fields {
			reach(p.byName[strings.Trim(f.typ, "[]!")])
			for _, a := range f.args {
				reach(p.byName[strings.Trim(a.typ, "[]!")])
			}
		}
	}
	for _, d := range append([]*definition{p.query, p.mutation}, p.extensions...) {
		reach(d)
	}
	for _, d := range p.types {
		if reached[d] {
			all = append(all, d)
		}
	}
	return all
}

// missingScalars declares the scalars that the file uses and the project has not.
func (p *plan) missingScalars(text string) string {
	var b strings.Builder
	for _, s := range []string{"DateTime", "Decimal", "Int64"} {
		if !p.project.hasType(s) && (strings.Contains(text, ": "+s) || strings.Contains(text, "["+s)) {
			b.WriteString("\nscalar " + s + "\n")
		}
	}
	return b.String()
}

// summary is what the command prints.
func (p *plan) summary(file string) string {
	var b strings.Builder
	title := p.doc.Title
	if title == "" {
		title = filepath.Base(p.doc.File)
	}
	fmt.Fprintf(&b, "%s: %s, at %s\n", p.opts.Service, title, p.url())
	for _, e := range p.entities {
		line := "entity  " + e.typeName + " by " + strings.Join(e.keys, ", ")
		if e.one != nil {
			line += ": " + e.one.Call()
		}
		if e.many != nil {
			line += fmt.Sprintf(", up to %d at once: %s", e.many.max, e.many.call())
		}
		b.WriteString("  " + line + "\n")
	}
	for _, f := range p.query.fields {
		b.WriteString("  read    Query." + f.name + arguments(plain(f.args)) + ": " + f.typ + "\n")
	}
	for _, l := range p.lines {
		b.WriteString("  " + l + "\n")
	}
	for _, n := range p.notes {
		b.WriteString("  left out: " + n + "\n")
	}
	fmt.Fprintf(&b, "wrote %s\n", file)
	if !strings.Contains(p.doc.URL, "//") && p.opts.URL == "" {
		fmt.Fprintf(&b, "The document does not say where the service is: set BFF_%s_URL, or url in the file.\n", setting(p.opts.Service))
	}
	b.WriteString("next: trib generate\n")
	return b.String()
}

func plain(args []argDef) []argDef {
	all := make([]argDef, len(args))
	for i, a := range args {
		all[i] = argDef{name: a.name, typ: a.typ}
	}
	return all
}
