// Package generation counts purges. Each tag of a purge is hashed to one of 65,536 counters,
// and the generation of an entry is the sum of the counters of its id, its kind and
// everything. An entry that was loaded in an earlier generation was purged since.
//
// The memory of a gateway and the Redis that gateways share have counters of their own, with
// the same slots. The package also has the names of entries, as a name determines the slots.
package generation
