package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/MicahParks/jwkset"
)

// Limits of a JWK set.
const (
	maxKeys     = 100
	maxSetBytes = 1 << 20
	minRSABits  = 2048 // RFC 7518, section 3.3
)

// publicKey is a key of a set that can verify signatures.
type publicKey struct {
	kid string
	alg string // the only algorithm it may be used with; "" for every one that fits
	key any    // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// verifies reports whether the key may have signed a token with the given kid and alg. A
// token without a kid may have been signed by every key of its algorithm.
func (k publicKey) verifies(kid, alg string) bool {
	return (kid == "" || kid == k.kid) && (k.alg == "" || k.alg == alg) && fits(k.key, alg)
}

// fits reports whether an algorithm takes a key: the type and, for ECDSA, the curve.
func fits(key any, alg string) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")
	case *ecdsa.PublicKey:
		return map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Curve.Params().BitSize] == alg
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

var errNoUsableKey = errors.New("the JWK set has no key that verifies signatures")

// parseKeys reads a JWK set. Keys that are not for signatures, or cannot be read, are
// left out (RFC 7517, section 5).
func parseKeys(text []byte) (all []publicKey, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("the JWK set is not a JSON object with a list of keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the JWK set has %d keys, more than %d", len(set.Keys), maxKeys)
	}
	for _, text := range set.Keys {
		if key, ok := parseKey(text); ok {
			all = append(all, key)
		}
	}
	if len(all) == 0 {
		return nil, errNoUsableKey
	}
	return all, nil
}

func parseKey(text []byte) (publicKey, bool) {
	var jwk jwkset.JWKMarshal
	if json.Unmarshal(text, &jwk) != nil {
		return publicKey{}, false
	}
	if (jwk.USE != "" && jwk.USE != jwkset.UseSig) || (len(jwk.KEYOPS) > 0 && !slices.Contains(jwk.KEYOPS, jwkset.KeyOpsVerify)) {
		return publicKey{}, false
	}
	// Only the key's parameters are of interest: certificates are neither checked nor fetched.
	key, err := jwkset.NewJWKFromMarshal(jwkset.JWKMarshal{
		KTY: jwk.KTY, CRV: jwk.CRV, X: jwk.X, Y: jwk.Y, N: jwk.N, E: jwk.E,
	}, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return publicKey{}, false
	}
	if k, ok := key.Key().(*rsa.PublicKey); ok && k.N.BitLen() < minRSABits {
		return publicKey{}, false
	}
	known := publicKey{kid: jwk.KID, alg: string(jwk.ALG), key: key.Key()}
	return known, slices.ContainsFunc(algorithms, func(alg string) bool { return known.verifies("", alg) })
}

// sourceOf returns the source of the JWK set in a file or at a URL.
func sourceOf(location string) source {
	if !strings.Contains(location, "://") {
		return func(context.Context) ([]byte, error) {
			file, err := os.Open(location) //nolint:gosec // G304: an operator names it
			if err != nil {
				return nil, err
			}
			defer func() { _ = file.Close() }()
			return readSet(file)
		}
	}
	// Fetches are minutes apart, so connections are not kept.
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	return func(ctx context.Context) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, location, http.NoBody)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Accept", "application/jwk-set+json, application/json")
		resp, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the identity provider answered %s", resp.Status)
		}
		return readSet(resp.Body)
	}
}

func readSet(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSetBytes+1))
	if err == nil && len(text) > maxSetBytes {
		err = fmt.Errorf("the JWK set has more than %d bytes", maxSetBytes)
	}
	return text, err
}
