package rest

// maxRequired is the number of required members that a type may have.
const maxRequired = 256

// Required records which of the required members of an object are there. The zero value
// is ready to use.
type Required [maxRequired / 64]uint64

// Add records whether required member i is there.
func (r *Required) Add(i int, there bool) {
	if there {
		r[i/64] |= 1 << (i % 64)
	}
}

// Check records the first of the members, in the order of their numbers, that is missing.
func (r *Required) Check(d *Decoder, names ...string) {
	if d.syntax != nil || d.missing != nil {
		return
	}
	for i, name := range names {
		if r[i/64]&(1<<(i%64)) == 0 {
			d.missing = &problem{d.json.StackPointer().AppendToken(name), errMissing}
			return
		}
	}
}
