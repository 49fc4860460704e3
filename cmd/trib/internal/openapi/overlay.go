package openapi

import (
	"fmt"
	"path/filepath"
)

// overlaid returns the document that an OpenAPI Overlay extends, with its changes, and that
// document's file. A target that leads to nothing is an error: what was to be corrected is
// not.
func (d *Document) overlaid(overlay object, file string) (object, string, error) {
	extends := overlay.string("extends")
	if extends == "" {
		return nil, "", fmt.Errorf("%s: this overlay does not say what it corrects: give it extends: and the file of the document", file)
	}
	document := filepath.Join(filepath.Dir(file), filepath.FromSlash(extends))
	root, err := d.load(document)
	if err != nil {
		return nil, "", fmt.Errorf("%s extends %w", file, err)
	}
	if root.get("overlay") != nil {
		if root, document, err = d.overlaid(root, document); err != nil {
			return nil, "", err
		}
	}
	for i, a := range overlay.list("actions") {
		action, _ := a.(object)
		target := action.string("target")
		p, err := parsePath(target)
		if err != nil {
			return nil, "", fmt.Errorf("%s: the target %q of action %d is not a JSONPath that is known here: %w", file, target, i+1, err)
		}
		changed, _, n := p.change(root, func(v any) (any, bool) {
			if action.bool("remove") {
				return nil, false
			}
			return merged(v, action.get("update")), true
		})
		if n == 0 {
			return nil, "", fmt.Errorf("%s: the target %q of action %d leads to nothing in %s", file, target, i+1, document)
		}
		root, _ = changed.(object)
	}
	d.files[document] = root
	return root, document, nil
}

// merged returns a value with an update: members of objects are merged, lists get the update
// at their end, and any other value is replaced.
func merged(v, update any) any {
	switch v := v.(type) {
	case object:
		changes, ok := update.(object)
		if !ok {
			return update
		}
		all := append(object(nil), v...)
		for _, m := range changes {
			found := false
			for i := range all {
				if all[i].name == m.name {
					all[i].value, found = mergedMember(all[i].value, m.value), true
				}
			}
			if !found {
				all = append(all, m)
			}
		}
		return all
	case []any:
		return append(append([]any(nil), v...), update)
	}
	return update
}

// mergedMember is [merged] for a member of an update: a list is extended by a list.
func mergedMember(v, update any) any {
	list, ok := v.([]any)
	more, also := update.([]any)
	if ok && also {
		return append(append([]any(nil), list...), more...)
	}
	if ok {
		return update
	}
	return merged(v, update)
}
