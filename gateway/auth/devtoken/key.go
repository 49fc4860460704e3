// Package devtoken signs tokens for development, with a key that the command dev makes.
// A gateway verifies them by the same file, of which package auth reads the public part
// alone: nothing that serves requests outside of development has code for signing.
package devtoken

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Config has the settings of the key.
type Config struct {
	Key string `name:"auth-dev-key" placeholder:"FILE" help:"File of the key by which dev verifies, and token signs, tokens for development. dev makes it if it is missing. Empty: NAME/dev-key.json in the user's cache directory, where NAME is that of the binary."`
}

// File returns the path of the key of a binary. It is an error if the environment has no
// directory for it.
func (c Config) File(name string, getenv func(string) string) (string, error) {
	if c.Key != "" {
		return c.Key, nil
	}
	dir := getenv("XDG_CACHE_HOME")
	if home := getenv("HOME"); dir == "" && home != "" {
		dir = filepath.Join(home, ".cache")
	}
	if dir = cmp.Or(dir, getenv("LOCALAPPDATA")); dir == "" {
		return "", errors.New("there is no directory for the key of development tokens: set HOME, or auth-dev-key to a file")
	}
	return filepath.Join(dir, name, "dev-key.json"), nil
}

// algorithm is the JWS algorithm of all tokens.
const algorithm = "EdDSA"

// Key is a private key.
type Key struct {
	id      string
	private ed25519.PrivateKey
}

// jwk is the key as a JSON Web Key (RFC 8037).
type jwk struct {
	KTY string `json:"kty"`
	CRV string `json:"crv"`
	KID string `json:"kid"`
	ALG string `json:"alg"`
	X   string `json:"x"`
	D   string `json:"d"` // the private part
}

// set is a JWK set, the content of the file.
type set struct {
	Keys []jwk `json:"keys"`
}

// Ensure makes a key in a file, which only its owner may read, unless the file is there
// already: tokens stay valid when dev is started again.
func Ensure(file string) (*Key, error) {
	key, err := Load(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	k := jwk{KTY: "OKP", CRV: "Ed25519", KID: "dev-" + encode(public[:6]), ALG: algorithm, X: encode(public), D: encode(private.Seed())}
	text, err := json.Marshal(set{[]jwk{k}})
	if err != nil {
		return nil, err
	}
	if err := replace(file, append(text, '\n')); err != nil {
		return nil, fmt.Errorf("the key of development tokens cannot be written: %w", err)
	}
	return &Key{k.KID, private}, nil
}

// replace writes a file of mode 0600 as a whole, so that none is read by halves.
func replace(file string, text []byte) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".dev-key-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temp.Name()))
	}
	return err
}

// Load reads the key of a file. Its errors name the file and the remedy.
func Load(file string) (*Key, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s is readable by others than its owner: delete it, and dev makes another", file)
	}
	text, err := os.ReadFile(file) //nolint:gosec // G304: a developer names the file
	if err != nil {
		return nil, err
	}
	var s set
	if json.Unmarshal(text, &s) != nil || len(s.Keys) != 1 {
		return nil, noKey(file)
	}
	k := s.Keys[0]
	seed, err := base64.RawURLEncoding.DecodeString(k.D)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, noKey(file)
	}
	return &Key{k.KID, ed25519.NewKeyFromSeed(seed)}, nil
}

func noKey(file string) error {
	return fmt.Errorf("%s is not a key of development tokens: name another file, or delete it, and dev makes one", file)
}
