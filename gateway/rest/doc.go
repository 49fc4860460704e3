// Package rest loads values from REST endpoints. It is the runtime of the code that
// "trib generate" writes, and may be called by hand in the same way.
//
// An [Endpoint] names a call as the schema's directives spell it. With a function that
// decodes one value it becomes a [batch.Func]:
//
//   - [One] loads a value per key, with one call per key.
//   - [Many] loads a value per key, with one call for many keys.
//   - [List] and [Values] load a list per key, with one call per key.
//   - [Lists] loads a list per key, with one call for many keys.
//
// # Keys
//
// The key of a load is a string. If a call has a single placeholder and that is an id,
// the key is the id itself; otherwise it is made by [Key] and has the values by name,
// as in "author_id=a1&limit=20". Either names an entry of the cache, for purges too.
//
// # Decoding
//
// A function that decodes a value reads it from a [Decoder], in one pass. What it finds
// wrong with a member does not stop it: the rest is still read, so that it is known whose
// value it is and where the next one begins.
package rest
